"""Alert rules and dashboard speak of metrics that there are."""

import json
import re
import shutil
import subprocess

import pytest
import yaml

from sevenstops import Service, _core, load
from sevenstops.evidence.stops import STOPS
from sevenstops.experiments import guides
from sevenstops.report.observability import alert_name, alert_rules, dashboard
from sevenstops.report.runbook import entries, markdown_runbook


@pytest.fixture(scope="module")
def exported():
    with Service() as service:
        load(f"{service.url}/nowhere", rate=50, duration=0.2)
        target = _core.Target(service.admin_port)
        _, text = _core.fetch(target, "/metrics")
    return set(re.findall(r"^(sevenstops_\w+)", text, re.M))


def test_every_query_asks_for_what_is_exported(exported):
    rules = yaml.safe_load(alert_rules(guides()))["groups"][0]["rules"]
    assert len(rules) == sum(bool(d["promql"]) for _, d in entries(guides())) >= 7
    queries = [r["expr"] for r in rules]
    board = json.loads(dashboard())
    queries += [t["expr"] for panel in board["panels"] for t in panel["targets"]]
    asked = {name for q in queries for name in re.findall(r"sevenstops_\w+", q)}
    # No second exporter is needed.
    assert all("sevenstops_" in q for q in queries)
    assert asked <= exported
    assert len(board["panels"]) == 3 * len(STOPS)
    assert {r["labels"]["stop"] for r in rules} == set(STOPS)


def test_every_rule_says_how_urgent_it_is_and_where_its_runbook_is():
    rules = yaml.safe_load(alert_rules(guides()))["groups"][0]["rules"]
    headings = re.findall(r'^## <a id="([^"]+)"></a>', markdown_runbook(guides()), re.M)
    assert len(set(headings)) == len(headings) == len(list(entries(guides())))
    for rule in rules:
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert (page, anchor) == ("runbook.md", rule["labels"]["failure"])
        assert anchor in headings
    assert {rule["labels"]["severity"] for rule in rules} == {"page", "ticket"}
    assert len({rule["alert"] for rule in rules}) == len(rules)
    assert {rule["alert"] for rule in rules} == {alert_name(r["labels"]["failure"]) for r in rules}
    assert alert_name("logged-in-431") == "SevenstopsLoggedIn431"


def test_a_line_of_an_old_document_is_a_page():
    diagnostic = {"symptom": "x", "command": "x", "when_it_is": "x", "when_not": "x", "promql": "x"}
    guide = {"stop": "accept", "failure": "x", "symptom": "x", "fix": "x"}
    old = [{**guide, "diagnostics": [diagnostic]}]
    (rule,) = yaml.safe_load(alert_rules(old))["groups"][0]["rules"]
    assert rule["labels"]["severity"] == "page"
    assert "Prometheus, a page: `x`" in markdown_runbook(old)


@pytest.mark.skipif(not shutil.which("promtool"), reason="promtool is not installed")
def test_promtool_accepts_rules_and_metrics(tmp_path):
    rules = tmp_path / "rules.yml"
    rules.write_text(alert_rules(guides()))
    checked = subprocess.run(
        ["promtool", "check", "rules", str(rules)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
    with Service() as service:
        load(f"{service.url}/nowhere", rate=50, duration=0.2)
        _, text = _core.fetch(_core.Target(service.admin_port), "/metrics")
    checked = subprocess.run(
        ["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_waits_and_work_of_workers_are_exported():
    with Service() as service:
        load(f"{service.url}/orders?limit=5", rate=50, duration=0.4)
        _, text = _core.fetch(_core.Target(service.admin_port), "/metrics")
    for name in ("wait", "busy"):
        assert f"sevenstops_worker_{name}_duration_seconds_count 20\n" in text
    assert "sevenstops_pool_wait_duration_seconds_count 0\n" in text
