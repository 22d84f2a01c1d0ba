"""Prometheus alert rules and a Grafana dashboard, from the same lines as map and runbook."""

import json
import re
from collections.abc import Iterable
from typing import Any

import yaml

from sevenstops.evidence.quantities import sentence
from sevenstops.evidence.stops import HAPPENS, STOPS
from sevenstops.report.runbook import SEVERITY, Guide, anchors, entries

FOR = "1m"
"""How long a condition has to hold before it wakes somebody."""


def alert_name(failure: str) -> str:
    """What a failure's alert is called."""
    words = re.split("[^a-z0-9]+", failure)
    return "Sevenstops" + "".join(word.capitalize() for word in words)


def alert_rules(guides: Iterable[Guide]) -> str:
    """A rules file for Prometheus: an alert for each line of the runbook that has a query."""
    guides = list(guides)
    rules = []
    for (guide, diagnostic), anchor in zip(entries(guides), anchors(guides), strict=True):
        if diagnostic.get("promql"):
            rules.append(
                {
                    "alert": alert_name(guide["failure"]),
                    "expr": diagnostic["promql"],
                    "for": FOR,
                    "labels": {
                        "severity": diagnostic.get("severity", SEVERITY),
                        "stop": guide["stop"],
                        "failure": guide["failure"],
                    },
                    "annotations": {
                        "summary": sentence(guide["symptom"]),
                        "first_diagnostic": diagnostic["command"],
                        "when_it_is": diagnostic["when_it_is"],
                        "fix": guide["fix"],
                        "runbook_url": f"runbook.md#{anchor}",
                    },
                }
            )
    text: str = yaml.safe_dump(
        {"groups": [{"name": "sevenstops", "rules": rules}]},
        sort_keys=False, allow_unicode=True, width=100,
    )  # fmt: skip
    return text


def _panel(n: int, title: str, unit: str, targets: dict[str, str], column: int) -> dict[str, Any]:
    return {
        "id": n,
        "type": "timeseries",
        "title": title,
        "datasource": {"type": "prometheus", "uid": "${datasource}"},
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "gridPos": {"h": 7, "w": 8, "x": 8 * column, "y": 7 * ((n - 1) // 3)},
        "targets": [
            {"refId": chr(ord("A") + i), "expr": expression, "legendFormat": legend}
            for i, (legend, expression) in enumerate(targets.items())
        ],
    }


def dashboard() -> str:
    """A dashboard for Grafana: a row for each stop, with traffic, refusals and time."""
    panels: list[dict[str, Any]] = []
    for stop in STOPS:
        label = f'{{stop="{stop}"}}'
        name = sentence(stop)
        columns = (
            (f"{name}: {HAPPENS[stop]}", "reqps", {
                "entered": f"sum(rate(sevenstops_stop_entered_total{label}[1m]))",
            }),
            (f"{name}: refused, by reason", "reqps", {
                "{{reason}}": f"sum by (reason) (rate(sevenstops_stop_refused_total{label}[1m]))",
            }),
            (f"{name}: time", "s", {
                f"p{q}": f"histogram_quantile({q / 100:g}, sum by (le) "
                f"(rate(sevenstops_stop_duration_seconds_bucket{label}[1m])))"
                for q in (50, 99)
            }),
        )  # fmt: skip
        for column, (title, unit, targets) in enumerate(columns):
            panels.append(_panel(len(panels) + 1, title, unit, targets, column))
    return (
        json.dumps(
            {
                "title": "The seven stops",
                "uid": "sevenstops",
                "schemaVersion": 39,
                "time": {"from": "now-30m", "to": "now"},
                "refresh": "10s",
                "templating": {
                    "list": [{"name": "datasource", "type": "datasource", "query": "prometheus"}]
                },
                "panels": panels,
            },
            indent=1,
        )
        + "\n"
    )
