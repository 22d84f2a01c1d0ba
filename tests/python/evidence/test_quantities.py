"""Numbers as people say them."""

import pytest

from sevenstops.evidence.quantities import change, each, human, middle, must


@pytest.mark.parametrize(
    ("value", "unit", "said"),
    [
        (1.9, "seconds", "1.90 s"),
        (0.0119, "seconds", "11.9 ms"),
        (0.0000317, "seconds", "31.7 µs"),
        (0.0000000581, "seconds", "58.1 ns"),
        (65536, "bytes", "64.0 KiB"),
        (134217743, "bytes", "128 MiB"),
        (12, "bytes", "12.0 B"),
        (1216, "1", "1,220"),
        (99, "1", "99"),
        (0, "seconds", "0"),
        (0.5, "1", "0.500"),
    ],
)
def test_three_digits_and_a_unit(value, unit, said):
    assert human(value, unit) == said


def test_a_ratio_is_a_percentage():
    assert human(0.25, "1", "logged_in_431_ratio") == "25.0 %"


def metric(before, after, kind, low, high):
    return {
        "name": "latency_seconds", "unit": "seconds", "threshold": "after <= 0.33",
        "before": {"median": before}, "after": {"median": after},
        "effect": {"kind": kind, "low": low, "high": high},
    }  # fmt: skip


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (metric(0.9, 0.3, "ratio", 0.3, 0.4), "3.00 × lower [2.50 to 3.33]"),
        (metric(0.9, 0.0, "ratio", 0.0, 0.0), "to 0"),
        (metric(0.9, 0.0, "ratio", 0.0, 0.01), "to 0 [0 to 0.0100 ×]"),
        (metric(0.3, 0.9, "ratio", 2.9, 3.1), "3.00 × [2.90 to 3.10]"),
        (metric(0.3, 0.3, "ratio", 0.9, 1.1), "1.00 × [0.900 to 1.10]"),
        (metric(0.0, 0.2, "difference", 0.1, 0.3), "200 ms [100 ms to 300 ms]"),
        (metric(0.0, 0.0, "difference", 0.0, 0.0), "none"),
    ],
)
def test_change_has_its_interval(given, said):
    assert change(given) == said


def test_a_threshold_in_words():
    assert must(metric(1, 1, "ratio", 1, 1)) == "at most 330 ms"


def sampled(before, after, low, high, **more):
    """A metric with its samples."""
    found = metric(sorted(before)[len(before) // 2], sorted(after)[len(after) // 2], "ratio",
                   low, high)  # fmt: skip
    found["before"]["samples"], found["after"]["samples"] = before, after
    found["effect"] |= more.pop("effect", {})
    return {**found, **more}


def test_what_all_runs_agree_on_has_no_range():
    assert change(sampled([0.9] * 5, [0.3] * 5, 1 / 3, 1 / 3)) == (
        "3.00 × lower, the same in all 5 runs"
    )
    assert change(sampled([0.9] * 5, [0.0] * 5, 0.0, 0.0)) == "to 0, the same in all 5 runs"
    assert change(sampled([0.9], [0.3], 1 / 3, 1 / 3)) == "3.00 × lower [3.00 to 3.00]"


def test_of_extremes_runs_are_counted_and_no_certainty_is_said():
    extremes = {"effect": {"kind_of_range": "extremes", "level": None}}
    said = change(sampled([1.0, 1.1, 1.2], [0.1, 0.1, 0.11], 1 / 12, 1 / 10, **extremes))
    assert said == "3 of 3 runs, 10 to 12 × lower"
    said = change(sampled([1.0, 1.1, 1.2], [0.1, 0.1, 1.18], 1 / 12, 1.18, **extremes))
    assert said == "2 of 3 runs, 0.083 to 1.2 ×"
    assert change(sampled([1.0, 1.1, 1.2], [0, 0, 0.1], 0, 0.1, **extremes)) == (
        "3 of 3 runs, at least 10 × lower"
    )


def test_a_lower_bound_is_said_as_one():
    censored = {"censored": {"before": [0, 2], "after": []}}
    storm = sampled([12.0, 11.0, 12.0], [0.5, 0.5, 0.6], 0.04, 0.05, **censored)
    assert middle(storm, "before") == "> 12.0 s"
    assert middle(storm, "after") == "500 ms"
    assert each(storm, "before") == ["> 12.0 s", "11.0 s", "> 12.0 s"]
    assert change(storm) == "at least 24.0 × lower"
    both = sampled([12.0] * 3, [12.0] * 3, 1, 1, censored={"before": [0, 1, 2], "after": [0, 1, 2]})
    assert change(both) == "unknown: both sides outlast the watch"
    seldom = {"censored": {"before": [0], "after": []}}
    assert middle(sampled([12.0, 3.0, 4.0], [1, 1, 1], 0.1, 0.3, **seldom), "before") == "4.00 s"
