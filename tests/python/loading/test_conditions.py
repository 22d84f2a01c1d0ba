"""Conditions as people write them."""

import pytest

from sevenstops import LabError, Plan, RequestSpec, Service, ServiceOptions, constant, load
from sevenstops.loading.conditions import condition


@pytest.mark.parametrize(
    ("text", "name", "symbol", "bound"),
    [
        ("p99 > 50ms", "p99", ">", 0.05),
        ("p999>=1.5s", "p999", ">=", 1.5),
        (" failed_ratio > 1% ", "failed_ratio", ">", 0.01),
        ("rate < 1e3", "rate", "<", 1000),
        ("5xx > 0", "5xx", ">", 0),
    ],
)
def test_conditions_are_read(text, name, symbol, bound):
    found = condition(text)
    assert (found.name, found.symbol) == (name, symbol)
    assert found.bound == pytest.approx(bound)


@pytest.mark.parametrize("text", ["", "p99", "p99 > ", "p99 > fast", "p98 > 1", "p99 > 5 parsecs"])
def test_conditions_that_make_no_sense_are_refused(text):
    with pytest.raises(LabError):
        condition(text)


def test_a_latency_that_was_never_measured_is_not_a_good_one():
    with Service(options=ServiceOptions(faults=("slow-dependency=9",), rows=1)) as service:
        plan = Plan(arrivals=[constant(20, 0.2)], requests=[RequestSpec(target="/page")])
        plan.read_timeout = 0.1
        report = load(service.url, plan)
    assert report.latency.total == 0
    assert condition("p99 > 50ms").met(report)
    assert not condition("p99 < 50ms").met(report)
