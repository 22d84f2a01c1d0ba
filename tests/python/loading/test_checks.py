"""Assertions on a load."""

from types import SimpleNamespace

import pytest

from sevenstops import Plan, constant
from sevenstops._core import Histogram
from sevenstops.loading.checks import CheckedLoad
from sevenstops.loading.running import LoadReport


def checked(late_us, busiest):
    """A load of 1,000 good answers in 1 ms each, whose client was so late and so busy."""
    latency, lateness = Histogram(), Histogram()
    latency.record(1000, 1000)
    lateness.record(late_us, 100)
    result = SimpleNamespace(
        client=SimpleNamespace(lateness=lateness, busiest=busiest),
        all=SimpleNamespace(latency=latency, outcomes={"2xx": 1000}),
        due=1000,
        sent=1000,
    )
    return CheckedLoad(LoadReport(Plan(arrivals=[constant(100, 1)]), result))


@pytest.mark.parametrize("count", ["4xx == 0", "2xx == 1000", "failed == 0"])
def test_counts_do_not_depend_on_timers(count):
    checked(7000, 0.5).assert_that(count)
    with pytest.raises(AssertionError, match="not shown: a load thread was busy 96%"):
        checked(10, 0.96).assert_that(count)
    with pytest.raises(AssertionError, match="4xx > 0 does not hold: it is 0"):
        checked(7000, 0.5).assert_that("4xx > 0")


def test_times_do():
    checked(10, 0.5).assert_that("p99 < 50ms")
    with pytest.raises(AssertionError, match=r"not shown: its timers were 7\.0 ms late"):
        checked(7000, 0.5).assert_that("p99 < 50ms")
