"""The Markdown report with its figures."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from sevenstops.evidence.files import write_json, write_whole
from sevenstops.evidence.quantities import change, human, must, sentence
from sevenstops.report.lifecycle import draw_map, markdown_map
from sevenstops.report.observability import alert_rules, dashboard
from sevenstops.report.page import write_page
from sevenstops.report.plots import draw_stop
from sevenstops.report.runbook import Guide, markdown_runbook
from sevenstops.report.table import markdown_table


def write_report(
    document: dict[str, Any], folder: Path, guides: Iterable[Guide] | None = None
) -> Path:
    """Writes evidence.json, report.md with a figure for each stop, report.html, the lifecycle map
    (map.svg, .pdf, .md), runbook.md, alerts.yml and dashboard.json into `folder`; gives report.md.

    Runbook and alerts are made of `guides`, where failures beyond the document's belong in them.
    """
    guides = list(document["evidence"] if guides is None else guides)
    stops = list(dict.fromkeys(e["stop"] for e in document["evidence"]))
    for stop in stops:
        draw_stop(document, stop, folder / f"{stop}.png")
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


def markdown(document: dict[str, Any]) -> str:
    """The whole report's text."""
    parts = ["# Seven stops, before and after", _environment(document["environment"])]
    parts.append(markdown_table(document))
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
    lines = [
        f"### {evidence['failure']}: {evidence['verdict']}",
        "",
        f"{sentence(evidence['symptom'])}. Mended by: {evidence['fix']}.",
        *([f"Not fixed, since {evidence['reason']}."] if evidence.get("reason") else []),
        "",
        "| metric | source | before | after | change | must hold | holds |",
        "|---|---|---|---|---|---|---|",
    ]
    for m in evidence["metrics"]:
        sides = [
            ", ".join(human(value, m["unit"], m["name"]) for value in m[side]["samples"])
            for side in ("before", "after")
        ]
        guard = " (guard)" if m.get("guard") else ""
        holds = "yes" if m["pass"] else "**no**"
        lines.append(
            f"| {m['name']}{guard} | {m['source']} | {' | '.join(sides)} | {change(m)} "
            f"| {must(m)} | {holds} |"
        )
    lines += ["", "| setting | before | after |", "|---|---|---|"]
    lines += [
        f"| `{name}` | {values['before']} | {values['after']} |"
        for name, values in evidence["settings"].items()
    ]
    edge = evidence["edge"]
    if evidence.get("without_edge"):
        edge = f"none ({evidence['without_edge']})"
    plan = evidence["plan"]
    lines += ["", f"Edge: {edge}. Plan: seed {plan['seed']}, `{plan['fingerprint']}`."]
    return "\n".join(lines)
