"""The runbook: symptom → stop → first diagnostic → what it says → fix."""

from collections.abc import Iterable, Iterator
from typing import Any

from sevenstops.evidence.quantities import sentence

Guide = dict[str, Any]
"""What there is to say of a failure: stop, failure, symptom, fix, lesson and diagnostics.

Each failure's part of an evidence document is one.
"""

VARIABLES = {
    "PORT": (8080, "the service's port"),
    "ADMIN_PORT": (9090, "its admin listener's port"),
    "PID": (4242, "its process"),
}
"""What commands speak of: a number in its place, and what it is."""


def entries(guides: Iterable[Guide]) -> Iterator[tuple[Guide, dict[str, str]]]:
    """Every line of the runbook: a failure and one of its diagnostics."""
    for guide in guides:
        for diagnostic in guide.get("diagnostics", ()):
            yield guide, diagnostic


def markdown_runbook(guides: Iterable[Guide]) -> str:
    """The whole runbook. Its commands are for sh, and run as they are printed."""
    lines = [
        "# Runbook", "",
        "Say where the service is, with your own numbers:", "",
        "```sh",
        *(f"export {name}={number}  # {what}" for name, (number, what) in VARIABLES.items()),
        "```", "",
        "Find the symptom, run the command beside it, read what it says.", "",
        "| symptom | stop | first |", "|---|---|---|",
    ]  # fmt: skip
    found = list(entries(guides))
    for number, (guide, diagnostic) in enumerate(found, 1):
        tool = diagnostic["command"].split()[0]
        tool = {"seq": "curl", "for": "curl"}.get(tool, tool)
        stop = sentence(guide["stop"])
        lines.append(f"| {diagnostic['symptom']} | {stop} | [{number}, {tool}](#{number}) |")
    for number, (guide, diagnostic) in enumerate(found, 1):
        lines += [
            "", f'## <a id="{number}"></a>{number}. {diagnostic["symptom"]}', "",
            f"**Stop:** {sentence(guide['stop'])} (`{guide['failure']}`)", "",
            "```sh", diagnostic["command"], "```", "",
            f"- When it is this: {diagnostic['when_it_is']}.",
            f"- When it isn't: {diagnostic['when_not']}.",
        ]  # fmt: skip
        if diagnostic.get("promql"):
            lines.append(f"- Prometheus: `{diagnostic['promql']}`")
        lines += ["", f"**Fix:** {guide['fix']}. {guide.get('lesson', '')}".rstrip()]
    return "\n".join(lines) + "\n"
