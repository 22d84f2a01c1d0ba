"""One self-contained HTML page of the evidence: no network, no script, readable in the dark."""

import json
from itertools import groupby
from pathlib import Path
from typing import Any

import jinja2

from sevenstops.evidence.files import write_whole
from sevenstops.evidence.quantities import sentence
from sevenstops.report import sections
from sevenstops.report.figures import inline
from sevenstops.report.lifecycle import where
from sevenstops.report.table import COLUMNS
from sevenstops.report.table import rows as table_rows

BESIDE = {"map.svg": "the map", "runbook.md": "the runbook", "report.md": "every sample"}
"""What is written beside the page, and what it is called there."""


def card(evidence: dict[str, Any]) -> dict[str, Any]:
    """What the page tells of one failure."""
    metric = sections.exposing(evidence)
    scene = evidence.get("scene") or {}
    told = {line["symptom"]: line for line in sections.told(evidence)}
    content = json.dumps(scene["content"], indent=1) if scene.get("content") else ""
    return {
        **evidence,
        "stop": sentence(evidence["stop"]),
        "symptom": sentence(evidence["symptom"]),
        "edge": sections.edge_line(evidence),
        "speaks": metric["name"].removesuffix(f"_{metric['unit']}").replace("_", " "),
        "short": sections.in_short(metric),
        "diagnostics": [
            {**d, "told": told.get(d["symptom"])} for d in evidence.get("diagnostics", ())
        ],
        "figures": list(inline(evidence)),
        "rows": sections.metric_rows(evidence),
        "note": sections.range_note([evidence]),
        "guards": sections.guards(evidence),
        "sent": sections.sent_line(evidence),
        "ablation": sections.ablation(evidence),
        "seeds": sections.seeds_line(evidence),
        "scene": sections.scene_line(evidence),
        "content": content,
    }


def html(document: dict[str, Any]) -> str:
    """The whole page."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("sevenstops.report"), autoescape=True, trim_blocks=True
    )
    cards = [card(e) for e in sections.in_order(document)]
    counts = {len(m["before"]["samples"]) for e in document["evidence"] for m in e["metrics"]}
    verdicts = sections.VERDICTS[1:]
    return environment.get_template("page.html").render(
        count=sections.count(document),
        where=where(document["environment"]),
        rounds=" or ".join(map(str, sorted(counts))),
        note=sections.range_note(document["evidence"]),
        stops=[(stop, list(found)) for stop, found in groupby(cards, lambda c: c["stop"])],
        open={v: [c for c in cards if c["verdict"] == v] for v in verdicts},
        altered=[c for c in cards if c.get("altered")],
        beside=BESIDE,
        columns=COLUMNS,
        rows=list(table_rows(document)),
        cards=cards,
    )


def write_page(document: dict[str, Any], path: Path) -> None:
    """Writes the page. Raises LabError."""
    write_whole(path, html(document))
