"""The verdict can fail."""

import pytest

from sevenstops import LabError
from sevenstops.evidence.metrics import Censored, Metric
from sevenstops.evidence.runs import Doubt, Run, sent_doubt
from sevenstops.evidence.verdict import Evidence

DROPS = Metric("listen_drops", "1", "sock_diag", "lower", "== 0")
LATENCY = Metric("latency_p99_seconds", "seconds", "client", "lower", "<= 0.3")
GOOD = Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True)
HALF = Metric("cost_seconds", "seconds", "service", "lower", "<= 0.5 before")
NEARLY = Metric(
    "goodput_during_ratio", "1", "client", "higher", ">= 0.5 before", guard=True, slack=0.02
)
OF_QUERY = Metric("wait_seconds", "seconds", "client", "lower", "<= 0.5 query_seconds")

BUSY = Doubt("machine", "other processes used 40% of the processors")
LATE = Doubt("timers", "its timers were 40.0 ms late", 0.04)
LITTLE = Doubt("timers", "its timers were 9.0 ms late", 0.009)


def scene(**settings):
    """What a run finds, with these settings."""
    service = {"settings": {"accept.backlog": "16", **settings}, "faults": [], "rows": 1}
    return {"services": {"service": service}, "edge": {"version": "none", "configuration": ""}}


def evidence(metric, before, after, failed=0, doubts=((), ()), **more):
    """Evidence of one metric and a guard; `doubts` are those of each run's sides."""
    found = Evidence(
        stop="accept", failure="x", symptom="x", fix="x", metrics=[metric, GOOD], edge="none",
        settings={"accept.backlog": {"before": "5", "after": "4096"}},
    )  # fmt: skip
    for n, (old, new) in enumerate(zip(before, after, strict=True)):
        others = [{k: v[side][n] for k, v in more.items()} for side in (0, 1)]
        runs = [
            Run({metric.name: value, GOOD.name: bad, **other}, tuple(d[n] if d else ()))
            for value, bad, other, d in zip((old, new), (0, failed), others, doubts, strict=True)
        ]
        found.add_round(n, "sha256:" + "0" * 64, *runs)
    return found


@pytest.mark.parametrize(
    ("before", "after", "held"),
    [
        ([0.012], [0.004], True),
        ([0.0], [0.0], True),
        ([0.9, 0.9], [0.44, 0.431], True),
        ([0.9, 0.9], [0.44, 0.429], False),
        ([0.05], [0.0], False),
    ],
)
def test_the_slack_of_a_guard_is_given_besides_its_share(before, after, held):
    assert evidence(NEARLY, before, after).holds(NEARLY) is held


def test_a_time_cut_off_is_not_less_than_half_of_before():
    assert evidence(HALF, [9.0], [4.0]).holds(HALF)
    assert not evidence(HALF, [9.0], [Censored(4.0)]).holds(HALF)


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
        (LATENCY, [0.9, 0.9, 0.9, 0.9, 0.9], [0.2, 0.2, 0.2, 0.2, 0.31], 0, "not fixed"),
    ],
)
def test_verdict(metric, before, after, failed, verdict):
    assert evidence(metric, before, after, failed).verdict() == verdict


def test_an_interval_of_many_runs_bears_an_odd_one():
    # The interval of the median of nine runs lies between the second and the eighth.
    assert evidence(LATENCY, [0.9] * 9, [0.2] * 8 + [0.31]).verdict() == "fixed"
    assert evidence(LATENCY, [0.9] * 9, [0.2] * 7 + [0.31] * 2).verdict() == "not fixed"


def test_higher_can_be_better():
    goodput = Metric("goodput_ratio", "1", "client", "higher", ">= 0.95")
    assert evidence(goodput, [0.3, 0.4, 0.3], [0.99, 0.98, 0.99]).verdict() == "fixed"
    assert evidence(goodput, [0.99, 0.98, 0.99], [0.3, 0.4, 0.3]).verdict() == "not fixed"


def test_a_threshold_can_be_relative_to_what_the_machine_measured():
    assert evidence(HALF, [0.8, 1.0, 0.9], [0.4, 0.41, 0.44]).verdict() == "fixed"
    assert evidence(HALF, [0.8, 1.0, 0.9], [0.4, 0.41, 0.46]).verdict() == "not fixed"
    # In pairs: the machine got slower from round to round, and the fix as good as before.
    assert evidence(HALF, [0.4, 0.8, 1.6], [0.19, 0.39, 0.79]).verdict() == "fixed"
    queries = ([0.05, 0.04, 0.05], [0.05, 0.06, 0.05])
    slow = evidence(OF_QUERY, [0.04] * 3, [0.02] * 3, query_seconds=queries)
    assert slow.verdict() == "fixed"
    assert slow.as_dict()["metrics"][0]["threshold"] == "after <= 0.025"
    # The same numbers on a processor that does the query in half the time.
    queries = ([0.025, 0.02, 0.025], [0.025, 0.03, 0.025])
    quick = evidence(OF_QUERY, [0.04] * 3, [0.02] * 3, query_seconds=queries)
    assert quick.verdict() == "not fixed"


def test_a_value_that_was_cut_off_holds_no_upper_bound():
    recovery = Metric("recovery_seconds", "seconds", "client", "lower", "<= 20")
    cut = [Censored(12.0)] * 3
    assert evidence(recovery, [30, 31, 32], cut).verdict() == "not fixed"
    shown = evidence(recovery, cut, [1, 2, 1]).as_dict()["metrics"][0]
    assert shown["censored"] == {"before": [0, 1, 2], "after": []}
    assert evidence(recovery, cut, [1, 2, 1]).verdict() == "fixed"


def test_a_client_that_was_late_shows_nothing_of_what_rests_on_its_clock():
    late = ((), ((LATE,), (LATE,), ()))
    verdict, reason = evidence(LATENCY, [0.9] * 3, [0.2] * 3, doubts=late).judge()
    assert verdict == "inconclusive"
    assert reason == "the client was the bottleneck in 2 runs after: its timers were 40.0 ms late"
    # A count is one whenever it is taken.
    assert evidence(DROPS, [685, 655, 701], [0, 0, 0], doubts=late).judge() == ("fixed", "")
    # What is a hundredth of the bound turns nothing.
    little = ((), ((LITTLE,), (LITTLE,), ()))
    assert evidence(LATENCY, [0.9] * 3, [0.2] * 3, doubts=little).judge() == ("fixed", "")
    once = ((), ((LATE,), (), ()))
    assert evidence(LATENCY, [0.9] * 3, [0.2] * 3, doubts=once).judge() == ("fixed", "")


def test_what_a_busy_machine_may_have_spoilt_is_never_not_fixed():
    busy = ((), ((), (BUSY,), ()))
    verdict, reason = evidence(DROPS, [685, 655, 701], [0, 3, 0], doubts=busy).judge()
    assert verdict == "inconclusive"
    assert reason == (
        "listen_drops after is not always == 0, but a run after is doubtful: " + BUSY.text
    )
    assert evidence(DROPS, [685, 655, 701], [0, 3, 0]).judge()[0] == "not fixed"
    always = ((), ((BUSY,), (BUSY,), ()))
    assert evidence(LATENCY, [0.9] * 3, [0.2] * 3, doubts=always).verdict() == "inconclusive"
    # A neighbour can't make a count come out right.
    assert evidence(DROPS, [685, 655, 701], [0, 0, 0], doubts=always).verdict() == "fixed"


def test_a_load_that_was_not_sent_whole_shows_nothing():
    assert sent_doubt({"due": 1000, "sent": 990}) == []
    (less,) = sent_doubt({"due": 1000, "sent": 980})
    assert less.text == "980 of 1,000 requests were sent"
    crowds = [{"kind": "slow_reader", "due": 10, "started": 4}]
    (fewer,) = sent_doubt({"due": 1, "sent": 1, "crowds": crowds})
    assert fewer.text == "4 of 10 slow_reader clients were sent"
    doubts = (((less,), (), ()), ())
    verdict, reason = evidence(DROPS, [685, 655, 701], [0, 0, 0], doubts=doubts).judge()
    assert verdict == "inconclusive"
    assert reason == f"the load was not sent whole before: {less.text}"


def test_scenes_that_differ_in_more_than_the_fix_are_refused():
    found = evidence(DROPS, [], [])
    sample = {DROPS.name: 0, GOOD.name: 0}
    pair = [Run(sample, scene=scene(**{"accept.backlog": n})) for n in ("5", "4096")]
    found.add_round(7, "sha256:0", *pair)
    other = Run(sample, scene=scene(**{"accept.backlog": "4096", "accept.drain_queue": "true"}))
    said = "fix's settings: services service settings accept.drain_queue is missing before"
    with pytest.raises(LabError, match=said):
        found.add_round(8, "sha256:0", pair[0], other)
    more = scene()
    more["services"]["service"]["faults"] = ["stalled-acceptor=1/2"]
    with pytest.raises(LabError, match="faults is"):
        found.add_round(8, "sha256:0", pair[0], Run(sample, scene=more))
    assert len(found.before.runs) == len(found.after.runs) == len(found.seeds) == 1
    prints = found.as_dict()["scene"]["fingerprint"]
    assert len(set(prints.values())) == 3


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


def test_a_range_is_narrow_when_its_samples_agree():
    assert evidence(LATENCY, [0.9, 0.9, 0.91], [0.29, 0.29, 0.3]).narrow()
    assert not evidence(LATENCY, [0.4, 0.9, 1.9], [0.1, 0.2, 0.3]).narrow()
