"""The runbook: symptom → stop → first diagnostic → what it says → fix."""

from collections import Counter
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


SEVERITY = "page"
"""Of an alert whose line of the runbook names none, as old documents have it."""


def entries(guides: Iterable[Guide]) -> Iterator[tuple[Guide, dict[str, str]]]:
    """Every line of the runbook: a failure and one of its diagnostics."""
    for guide in guides:
        for diagnostic in guide.get("diagnostics", ()):
            yield guide, diagnostic


def anchors(guides: Iterable[Guide]) -> list[str]:
    """Where each line of the runbook stands in it, after `#`: the failure, and from its second line
    on a number.
    """
    seen: Counter[str] = Counter()
    found = []
    for guide, _ in entries(guides):
        seen[guide["failure"]] += 1
        number = seen[guide["failure"]]
        found.append(guide["failure"] + (f"-{number}" if number > 1 else ""))
    return found


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
    guides = list(guides)
    found = list(zip(entries(guides), anchors(guides), strict=True))
    for number, ((guide, diagnostic), anchor) in enumerate(found, 1):
        tool = diagnostic["command"].split()[0]
        tool = {"seq": "curl", "for": "curl"}.get(tool, tool)
        stop = sentence(guide["stop"])
        lines.append(f"| {diagnostic['symptom']} | {stop} | [{number}, {tool}](#{anchor}) |")
    for number, ((guide, diagnostic), anchor) in enumerate(found, 1):
        lines += [
            "", f'## <a id="{anchor}"></a>{number}. {diagnostic["symptom"]}', "",
            f"**Stop:** {sentence(guide['stop'])} (`{guide['failure']}`)", "",
            "```sh", diagnostic["command"], "```", "",
            f"- When it is this: {diagnostic['when_it_is']}.",
            f"- When it isn't: {diagnostic['when_not']}.",
        ]  # fmt: skip
        if diagnostic.get("promql"):
            severity = diagnostic.get("severity", SEVERITY)
            lines.append(f"- Prometheus, a {severity}: `{diagnostic['promql']}`")
        lines += ["", f"**Fix:** {guide['fix']}. {guide.get('lesson', '')}".rstrip()]
    return "\n".join(lines) + "\n"
