"""Intervals cover what they should."""

import math

from sevenstops._core import Histogram
from sevenstops.evidence.statistics import effect, quantile_interval


def test_effect_is_an_interval_of_the_ratio():
    assert effect([100, 100, 100], [50, 50, 50]) == {"kind": "ratio", "low": 0.5, "high": 0.5}
    wide = effect([90, 100, 110], [45, 50, 55])
    assert wide["low"] < 0.5 < wide["high"]
    assert wide["low"] >= 45 / 110
    assert wide["high"] <= 55 / 90


def test_effect_is_a_difference_where_no_ratio_is():
    assert effect([0, 0, 0], [3, 3, 3]) == {"kind": "difference", "low": 3, "high": 3}


def test_effect_of_many_samples_covers_no_change_when_there_is_none():
    samples = [float(i % 10 + 1) for i in range(40)]
    interval = effect(samples, samples)
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
