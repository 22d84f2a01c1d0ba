"""The verdict can fail."""

from collections.abc import Iterable

import pytest

from sevenstops.evidence.metrics import Metric, Sample
from sevenstops.evidence.verdict import Evidence, Runs

DROPS = Metric("listen_drops", "1", "sock_diag", "lower", "== 0")
LATENCY = Metric("latency_p99_seconds", "seconds", "client", "lower", "<= 0.3")
GOOD = Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True)


def runs(samples: Iterable[Sample]) -> Runs:
    made = Runs()
    for sample in samples:
        made.add(sample)
    return made


def evidence(
    metric: Metric, before: list[float], after: list[float], failed: float = 0
) -> Evidence:
    return Evidence(
        stop="accept", failure="x", symptom="x", fix="x", fingerprint="x", seed=7,
        metrics=[metric, GOOD], edge="none", settings={},
        before=runs({metric.name: value, GOOD.name: 0} for value in before),
        after=runs({metric.name: value, GOOD.name: failed} for value in after),
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


def test_a_client_that_was_the_bottleneck_shows_nothing():
    found = evidence(DROPS, [685, 655, 701], [0, 0, 0])
    found.after.doubts = ["", "", "its timers were 9.0 ms late"]
    assert found.judge() == ("fixed", "")
    found.after.doubts = ["its timers were 9.0 ms late"] * 2 + [""]
    verdict, reason = found.judge()
    assert verdict == "inconclusive"
    assert reason == "the client was the bottleneck in 2 runs after: its timers were 9.0 ms late"
    assert found.as_dict()["reason"] == reason


def test_a_drift_shows_nothing():
    steady = [0.9, 0.92, 0.9, 0.91, 0.93, 0.9, 0.92, 0.91]
    rising = [0.5, 0.55, 0.6, 0.7, 0.8, 0.9, 1.0, 1.1]
    assert evidence(LATENCY, steady, [0.2] * 8).verdict() == "fixed"
    verdict, reason = evidence(LATENCY, rising, [0.2] * 8).judge()
    assert verdict == "inconclusive"
    assert reason == "latency_p99_seconds drifts before: early runs and late ones differ"
    # Too few to tell a drift from chance.
    assert evidence(LATENCY, rising[:5], [0.2] * 5).verdict() == "fixed"


def test_a_verdict_says_why():
    assert evidence(DROPS, [685, 655, 701], [0, 1, 0]).judge()[1] == (
        "listen_drops after is not always == 0"
    )
    assert evidence(DROPS, [685, 0, 701], [0, 0, 0]).judge()[1] == (
        "listen_drops was == 0 before as well"
    )


def test_an_interval_is_narrow_when_its_samples_agree():
    assert evidence(LATENCY, [0.9, 0.9, 0.91], [0.29, 0.29, 0.3]).narrow()
    assert not evidence(LATENCY, [0.4, 0.9, 1.9], [0.1, 0.2, 0.3]).narrow()
