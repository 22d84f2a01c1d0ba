"""The verdict can fail."""

import pytest

from sevenstops.evidence import Evidence, Metric, effect

DROPS = Metric("listen_drops", "1", "sock_diag", "lower", "== 0")
LATENCY = Metric("latency_p99_seconds", "seconds", "client", "lower", "<= 0.3")
GOOD = Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True)


def evidence(
    metric: Metric, before: list[float], after: list[float], failed: float = 0
) -> Evidence:
    return Evidence(
        stop="accept", failure="x", symptom="x", fix="x", fingerprint="x", seed=7,
        metrics=[metric, GOOD], edge="none", settings={},
        before=[{metric.name: value, GOOD.name: 0} for value in before],
        after=[{metric.name: value, GOOD.name: failed} for value in after],
    )  # fmt: skip


@pytest.mark.parametrize(
    ("metric", "before", "after", "failed", "verdict"),
    [
        (DROPS, [685, 655, 701], [0, 0, 0], 0, "fixed"),
        (DROPS, [685, 655, 701], [0, 1, 0], 0, "not fixed"),
        (DROPS, [685, 655, 701], [0, 0, 0], 1, "not fixed"),
        (DROPS, [0, 0, 0], [685, 655, 701], 0, "not fixed"),
        (DROPS, [0, 0, 0], [0, 0, 0], 0, "inconclusive"),
        (DROPS, [685, 0, 701], [0, 0, 0], 0, "inconclusive"),
        (LATENCY, [0.9, 0.91, 0.9], [0.29, 0.3, 0.29], 0, "fixed"),
        (LATENCY, [0.31, 0.32, 0.31], [0.3, 0.3, 0.29], 0, "fixed"),
        (LATENCY, [0.25, 0.9, 0.9], [0.29, 0.3, 0.29], 0, "inconclusive"),
        (LATENCY, [0.9, 0.9, 0.9], [0.29, 0.31, 0.29], 0, "not fixed"),
    ],
)
def test_verdict(metric, before, after, failed, verdict):
    assert evidence(metric, before, after, failed).verdict() == verdict


def test_higher_can_be_better():
    goodput = Metric("goodput_ratio", "1", "client", "higher", ">= 0.95")
    assert evidence(goodput, [0.3, 0.4, 0.3], [0.99, 0.98, 0.99]).verdict() == "fixed"
    assert evidence(goodput, [0.99, 0.98, 0.99], [0.3, 0.4, 0.3]).verdict() == "not fixed"


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
