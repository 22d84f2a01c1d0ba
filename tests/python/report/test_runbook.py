"""The runbook has a line for every failure and every symptom."""

import re

from sevenstops.evidence.stops import STOPS
from sevenstops.experiments import all_experiments, guides
from sevenstops.report.runbook import anchors, entries, markdown_runbook

SYMPTOMS = (
    "empty logs", "connect times of 1 s", "431 for logged-in", "413 or 431", "wrong handler",
    "without auth", "track the size", "rss climbs", "page is slow",
)  # fmt: skip


def test_every_failure_has_a_line_and_every_symptom_is_there():
    lines = list(entries(guides()))
    assert {guide["failure"] for guide, _ in lines} == {e.failure for e in all_experiments()}
    text = markdown_runbook(guides())
    for symptom in SYMPTOMS:
        assert symptom in text.lower(), symptom
    for guide, diagnostic in lines:
        assert guide["lesson"]
        assert diagnostic["when_it_is"]
        assert diagnostic["when_not"]
    assert not re.search(r"\{(port|admin_port|pid)\}|\{\{", text)
    stops = [guide["stop"] for guide, _ in lines]
    assert stops == sorted(stops, key=STOPS.index)


def test_the_overview_leads_to_every_line():
    text = markdown_runbook(guides())
    links = re.findall(r"\]\(#([^)]+)\)", text)
    assert links == re.findall(r'^## <a id="([^"]+)"></a>', text, re.M) == anchors(guides())
    assert {"accept-queue-overflow", "accept-queue-overflow-2"} <= set(links)


def test_a_failure_without_diagnostics_has_no_line():
    old = [{"stop": "accept", "failure": "x", "symptom": "x", "fix": "x"}]
    assert list(entries(old)) == []
    assert "# Runbook" in markdown_runbook(old)
