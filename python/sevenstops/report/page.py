"""One self-contained HTML page of the evidence: no network, no script, readable in the dark."""

import io
from pathlib import Path
from typing import Any

import jinja2
import matplotlib as mpl

from sevenstops.evidence.files import write_whole
from sevenstops.evidence.quantities import human, sentence
from sevenstops.report.lifecycle import where
from sevenstops.report.plots import AFTER, BEFORE, INK, THRESHOLD, draw_failure
from sevenstops.report.table import COLUMNS
from sevenstops.report.table import rows as table_rows

# The figure's colours become the page's own, so that they follow its light and dark.
VARIABLES = {
    INK: "var(--ink)",
    BEFORE: "var(--before)",
    AFTER: "var(--after)",
    THRESHOLD: "var(--bad)",
    "#ffffff": "var(--card)",
    "#000000": "var(--ink)",
}


def figure_svg(evidence: dict[str, Any]) -> str:
    """The before/after figure of one failure as inline SVG."""
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": evidence["failure"]}):
        draw_failure(evidence, out)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour.lower(), variable)
    # Each figure has ids of its own; on one page they must not meet.
    for attribute in ('id="', 'href="#', "url(#"):
        svg = svg.replace(attribute, f"{attribute}{evidence['failure']}-")
    return svg


def describe(evidence: dict[str, Any]) -> str:
    """A figure in words."""
    parts = []
    for m in evidence["metrics"]:
        if not m.get("guard"):
            before, after = (
                human(m[side]["median"], m["unit"], m["name"]) for side in ("before", "after")
            )
            parts.append(f"{m['name']} {before} before and {after} after")
    return "; ".join(parts)


def html(document: dict[str, Any]) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sevenstops.report"), autoescape=True, trim_blocks=True
    )
    cards = []
    for e in document["evidence"]:
        edge = f"none ({e['without_edge']})" if e.get("without_edge") else e["edge"]
        cards.append(
            {**e, "edge": edge, "stop": sentence(e["stop"]), "figure": figure_svg(e),
             "alt": describe(e)}
        )  # fmt: skip
    counts = {len(m["before"]["samples"]) for e in document["evidence"] for m in e["metrics"]}
    return environment.get_template("page.html").render(
        where=where(document["environment"]),
        rounds=" or ".join(map(str, sorted(counts))),
        columns=COLUMNS,
        rows=list(table_rows(document)),
        cards=cards,
    )


def write_page(document: dict[str, Any], path: Path) -> None:
    """Writes the page. Raises LabError."""
    write_whole(path, html(document))
