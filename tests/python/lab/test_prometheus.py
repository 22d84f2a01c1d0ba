"""A Prometheus whose clock of alerts runs faster."""

import shutil

import pytest

from sevenstops import Service
from sevenstops.errors import LabError
from sevenstops.lab.prometheus import Prometheus, sped_up

RULES = """\
groups:
- name: x
  rules:
  - alert: Always
    expr: sevenstops_requests_total{le="0.5"} or rate(sevenstops_requests_total[5m]) >= 0
    for: 1m
    labels:
      failure: x
  - alert: Never
    expr: rate(sevenstops_requests_total[30s]) < 0
    for: 2h
"""


def test_every_duration_is_a_sixtieth_and_nothing_else_is_changed():
    fast = sped_up(RULES)
    assert "[5000ms]" in fast
    assert "for: 1000ms" in fast
    assert "[500ms]" in fast
    assert "for: 120000ms" in fast
    undone = fast.replace("[5000ms]", "[5m]").replace("[500ms]", "[30s]")
    assert undone.replace("for: 1000ms", "for: 1m").replace("for: 120000ms", "for: 2h") == RULES


needs_prometheus = pytest.mark.skipif(
    not shutil.which("prometheus"), reason="prometheus is not installed"
)


@needs_prometheus
def test_rules_that_make_no_sense_are_one_sentence():
    with pytest.raises(LabError, match="prometheus"):
        Prometheus(RULES.replace("rate(", "rat("), {"service": [1]})


@needs_prometheus
def test_it_scrapes_what_it_is_told_to_and_ends_with_its_folder():
    with Service() as service, Prometheus(RULES, {"service": [service.admin_port]}) as prometheus:
        folder = prometheus.folder.path
        assert prometheus.query("count(sevenstops_requests_total)") == 1
        assert prometheus.query("no_such_thing") is None
        with pytest.raises(LabError, match="parse error"):
            prometheus.query("rate(")
        assert folder.exists()
    assert not folder.exists()
    assert prometheus.process is not None
    assert not prometheus.process.alive
