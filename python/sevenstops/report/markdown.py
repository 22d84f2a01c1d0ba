"""The Markdown report with its figures."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from sevenstops.evidence.files import write_json, write_whole
from sevenstops.evidence.quantities import change, each, sentence
from sevenstops.report import sections
from sevenstops.report.figures import mechanisms, picture, write_pictures
from sevenstops.report.lifecycle import draw_map, markdown_map
from sevenstops.report.mechanism import described
from sevenstops.report.observability import alert_rules, dashboard
from sevenstops.report.page import write_page
from sevenstops.report.plots import draw_stop
from sevenstops.report.runbook import Guide, markdown_runbook
from sevenstops.report.table import markdown_table


def write_report(
    document: dict[str, Any], folder: Path, guides: Iterable[Guide] | None = None
) -> Path:
    """Writes evidence.json, report.md with a figure for each stop (STOP.png) and those of each
    failure (FAILURE-1.png …), report.html, the lifecycle map (map.svg, .pdf, .md), runbook.md,
    alerts.yml and dashboard.json into `folder`; gives report.md.

    Runbook and alerts are made of `guides`, where failures beyond the document's belong in them.
    """
    guides = list(document["evidence"] if guides is None else guides)
    stops = list(dict.fromkeys(e["stop"] for e in document["evidence"]))
    for stop in stops:
        draw_stop(document, stop, folder / f"{stop}.png")
    for evidence in document["evidence"]:
        write_pictures(evidence, folder)
    write_json(folder / "evidence.json", document)
    write_page(document, folder / "report.html")
    draw_map(document, folder / "map.svg", folder / "map.pdf")
    write_whole(folder / "map.md", markdown_map(document))
    write_whole(folder / "runbook.md", markdown_runbook(guides))
    write_whole(folder / "alerts.yml", alert_rules(guides))
    write_whole(folder / "dashboard.json", dashboard())
    report = folder / "report.md"
    write_whole(report, markdown(document))
    return report


ALTERED = "What is shown is not the lab's own before and after, and says nothing of its fixes."


def markdown(document: dict[str, Any]) -> str:
    """The whole report's text."""
    parts = ["# Seven stops, before and after", f"**{sections.count(document)}**"]
    changed = sections.altered(document)
    if changed:
        names = ", ".join(f"`{e['failure']}`" for e in changed)
        parts.append(f"> **Settings were changed by hand for a look: {names}.** {ALTERED}")
    parts += [_environment(document["environment"]), markdown_table(document)]
    note = sections.range_note(document["evidence"])
    parts += [f"{note}."] if note else []
    stops = dict.fromkeys(e["stop"] for e in document["evidence"])
    for stop in stops:
        found = [e for e in document["evidence"] if e["stop"] == stop]
        symptoms = "; ".join(e["symptom"] for e in found)
        parts.append(f"## {sentence(stop)}\n\n![{stop}, before and after: {symptoms}]({stop}.png)")
        parts += [_failure(e) for e in found]
    return "\n\n".join(parts) + "\n"


def _environment(environment: dict[str, Any]) -> str:
    pinning = environment["pinning"]
    where = ", ".join(
        f"{who} on {', '.join(map(str, cpus)) if cpus else 'any'}" for who, cpus in pinning.items()
    )
    return (
        f"Measured on {environment['cores']} cores of {environment.get('machine', 'a machine')}, "
        f"Linux {environment['kernel']}, behind {environment['edge']}, "
        f"isolation: {environment['isolation']}; processors: {where}."
    )


def _failure(evidence: dict[str, Any]) -> str:
    reason = evidence.get("reason")
    settings = [
        (f"`{name}`", values["before"], values["after"])
        for name, values in evidence["settings"].items()
    ]
    parts = [
        f"### {evidence['failure']}: {evidence['verdict']}",
        f"> **Settings were changed by hand for a look.** {ALTERED}"
        if evidence.get("altered") else "",
        f"{sentence(evidence['symptom'])}. Mended by: {evidence['fix']}."
        + (f"\n{sentence(evidence['verdict'])}, since {reason}." if reason else ""),
        *(f"![{described(item)}]({picture(evidence, n)})"
          for n, item in enumerate(mechanisms(evidence), 1)),
        _metrics(evidence),
        *(_told(line) for line in sections.told(evidence)),
        _said("In the wild", evidence.get("in_the_wild", "")),
        _table(("guard", "margin", "source", "held"), sections.guards(evidence)),
        _said("Sent, medians of the runs, before → after", sections.sent_line(evidence)),
        _table(("setting", "before", "after"), settings),
        _table(("setting", "change", "taken back alone: mended?", "applied alone: mended?"),
               [(f"`{r['setting']}`", r["change"], r["taken_back"], r["alone"])
                for r in sections.ablation(evidence)]),
        f"Edge: {sections.edge_line(evidence)}. Plan: {sections.seeds_line(evidence)}.",
        _said("Scene", sections.scene_line(evidence)),
    ]  # fmt: skip
    return "\n\n".join(part for part in parts if part)


def _metrics(evidence: dict[str, Any]) -> str:
    """Every sample of every metric."""
    rows = [
        (
            m["name"] + (" (guard)" if m.get("guard") else ""), m["source"],
            ", ".join(each(m, "before")), ", ".join(each(m, "after")), change(m),
            sections.held_to(m), "yes" if m["pass"] else "**no**",
        )
        for m in evidence["metrics"]
    ]  # fmt: skip
    head = ("metric", "source", "before", "after", "change", "must hold", "holds")
    return _table(head, rows)


def _told(line: dict[str, str]) -> str:
    """A command of the runbook, and what it said under load."""
    said = "\n".join((f"$ {line['command']}", "# before", line["before"], "# after", line["after"]))
    return f"**Under load the runbook's command said:**\n\n```sh-session\n{said}\n```"


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """A table; nothing where it has no rows."""
    if not rows:
        return ""
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _said(what: str, text: str) -> str:
    """A paragraph that says what it tells; nothing where there is nothing to tell."""
    return f"**{what}:** {text.rstrip('.')}." if text else ""
