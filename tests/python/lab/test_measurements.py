"""Numbers read from a run."""

import pytest

from sevenstops import LabError
from sevenstops._core import Histogram
from sevenstops.evidence.metrics import Censored, Threshold
from sevenstops.lab.measurements import goodput, percentile, percentile_seen, recovery


def test_a_percentile_needs_its_samples():
    histogram = Histogram()
    histogram.record(1000, 99)
    with pytest.raises(LabError, match="p99 needs 100 samples, and there are 99"):
        percentile(histogram, 0.99)
    histogram.record(1000)
    assert percentile(histogram, 0.99) == pytest.approx(0.001)
    with pytest.raises(LabError, match=r"p99\.9 needs 1,000 samples"):
        percentile(histogram, 0.999)


def test_too_few_samples_are_a_percentile_that_was_cut_off():
    histogram = Histogram()
    assert isinstance(percentile_seen(histogram, 0.99), Censored)
    histogram.record(1000, 98)
    histogram.record(2000)
    seen = percentile_seen(histogram, 0.99)
    assert isinstance(seen, Censored)
    assert seen == pytest.approx(0.002, rel=0.01)
    # However low it is, no upper bound holds of it.
    assert not Threshold("<=", 1.0).holds(seen)
    histogram.record(1000)
    assert not isinstance(percentile_seen(histogram, 0.99), Censored)


class Interval:
    def __init__(self, sent, answered, errors=0):
        self.sent, self.answered, self.errors = sent, answered, errors


def test_goodput_counts_no_errors_and_recovery_looks_to_the_end():
    good, bad, failing = Interval(10, 10), Interval(10, 0), Interval(10, 10, 10)
    series = [good] * 20 + [bad] * 10 + [failing] * 10 + [good] * 40
    assert goodput(series, 0, 2) == 1
    assert goodput(series, 2, 4) == 0
    assert goodput(series, 3, 5) == 0.5
    assert recovery(series, 4, 8) == 0
    assert recovery(series, 3, 8) == 1
    assert recovery(series[:40], 2, 4) == 2
    assert recovery(series + [bad] * 10, 4, 9) == 5
