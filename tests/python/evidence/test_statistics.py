"""Intervals cover what they should."""

import math
import random

import pytest

from sevenstops._core import Histogram
from sevenstops.evidence.statistics import (
    LEVEL,
    Range,
    bootstrap,
    effect,
    quantile_interval,
    range_of,
)


def test_the_range_of_few_runs_is_their_extremes():
    assert range_of([3, 1, 2]) == Range(1, 3, None)
    assert range_of([3, 1, 2]).kind == "extremes"
    assert range_of([7]) == Range(7, 7, None)


def test_the_interval_of_a_median_has_the_level_that_its_method_has():
    assert range_of([5, 4, 3, 2, 1]) == Range(1, 5, 0.9375)
    assert range_of(range(8)) == Range(0, 7, 1 - 2 / 2**8)
    # Nine: 1 and 9 may be left out, which leaves 96 %.
    assert range_of(range(1, 10)) == Range(2, 8, 1 - 2 * 10 / 2**9)


@pytest.mark.parametrize("n", [5, 6, 9, 12, 20])
def test_an_interval_covers_the_median_as_often_as_it_says(n):
    draw = random.Random(n)
    found = [range_of([draw.random() for _ in range(n)]) for _ in range(4000)]
    share = sum(r.low <= 0.5 <= r.high for r in found) / len(found)
    assert abs(share - found[0].level) < 0.012
    assert found[0].level >= LEVEL


def test_an_effect_is_of_pairs():
    # Rounds differ by more than the sides do; within each round the change is the same.
    found = effect([1, 2, 4, 8, 16], [0.5, 1, 2, 4, 8])
    assert found == {
        "kind": "ratio", "low": 0.5, "high": 0.5, "kind_of_range": "interval", "level": 0.9375,
    }  # fmt: skip
    crossed = effect([1, 2, 4], [4, 2, 1])
    assert (crossed["low"], crossed["high"]) == (0.25, 4)
    few = effect([0, 0, 0], [3, 4, 3])
    assert (few["kind"], few["low"], few["high"]) == ("difference", 3, 4)
    assert (few["kind_of_range"], few["level"]) == ("extremes", None)


def test_bootstrap_is_an_interval_of_the_ratio():
    assert bootstrap([100, 100, 100], [50, 50, 50]) == {"kind": "ratio", "low": 0.5, "high": 0.5}
    wide = bootstrap([90, 100, 110], [45, 50, 55])
    assert wide["low"] < 0.5 < wide["high"]
    assert wide["low"] >= 45 / 110
    assert wide["high"] <= 55 / 90


def test_bootstrap_is_a_difference_where_no_ratio_is():
    assert bootstrap([0, 0, 0], [3, 3, 3]) == {"kind": "difference", "low": 3, "high": 3}


def test_bootstrap_of_many_samples_covers_no_change_when_there_is_none():
    samples = [float(i % 10 + 1) for i in range(40)]
    interval = bootstrap(samples, samples)
    assert interval["low"] <= 1 <= interval["high"]


def test_an_interval_of_a_quantile_covers_it():

    few, many = Histogram(), Histogram()
    for micros in range(1, 101):
        few.record(micros)
        many.record(micros, 100)
    low, high = quantile_interval(few, 0.5, 0.95)
    assert low < 50e-6 < high
    narrow_low, narrow_high = quantile_interval(many, 0.5, 0.95)
    assert low < narrow_low <= 50e-6 <= narrow_high < high
    assert quantile_interval(Histogram(), 0.5, 0.95) == (math.inf, math.inf)
