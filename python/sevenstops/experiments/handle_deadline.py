"""Handle: three hops, each within its timeout; together they take several times the budget."""

import contextlib
from collections.abc import Iterator

from sevenstops._core import Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Lab,
    Metric,
    Sabotage,
    Sample,
    Scene,
    SideSettings,
    chain_scene,
    failures,
    percentile_curve,
    percentile_seen,
)
from sevenstops.lab.scenes import CHAIN
from sevenstops.loading.plans import constant

DEADLINE = 0.3
LATE = DEADLINE * 1.1
# Usually 5 ms; three in ten times 0.24 s more, which is still within a hop's timeout of 0.3 s.
SHARE = 0.3
SLOW = 0.24
# Two slow hops of three or more are too late: 22 % of pages.
IN_TIME = 1 - (3 * SHARE**2 * (1 - SHARE) + SHARE**3)


def plan(seed: int) -> Plan:
    """Pages at 60 a second beside /healthz at 120."""
    return Plan(
        seed=seed,
        arrivals=[constant(180, duration=4)],
        connections=128,
        requests=[
            RequestSpec(name="page", target="/page", weight=1),
            RequestSpec(name="good", target="/healthz", weight=2),
        ],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """page → catalog → pricing → inventory, each of which is slow now and then."""
    faults = {
        name: ("latency=lognormal/0.005/0.3", f"straggle={SHARE}/{SLOW}", f"seed={lab.seed + n}")
        for n, name in enumerate(CHAIN)
    }
    with chain_scene(lab, settings, faults) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """How long pages took, and how many came in time."""
    result = scene.load(p)
    page = result.by_name["page"]
    total = sum(page.outcomes.values())
    scene.curves["latency"] = percentile_curve(page.latency)
    late = page.latency.slower_than(LATE)
    return {
        "latency_p99_seconds": percentile_seen(page.latency, 0.99),
        "late_pages_ratio": late / total,
        "pages_in_time_ratio": max(0, page.outcomes.get("2xx", 0) - late) / total,
        "good_requests_failed": failures(result, "good"),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="deadline-not-propagated",
    symptom="every hop is within its timeout, and the page takes three times its budget",
    fix="one deadline of 0.3 s passed down the hops",
    switch={"handle.propagate_deadline": ("false", "true")},
    settings={
        "handle.deadline": str(DEADLINE),
        "handle.hop_timeout": str(DEADLINE),
        # What is looked at is the deadline: nothing else may end or repeat a wait.
        "handle.breaker.share": "0",
        "handle.retry.most": "0",
        "handle.hedge.most": "0",
    },
    lesson=(
        "Timeouts that each hop has of its own add up: three times a slow answer that each is "
        "still allowed, and nobody beneath knows that the time is over. One deadline that travels "
        "with the request bounds the whole, and lets every hop stop when it can't be met."
    ),
    in_the_wild=(
        "gRPC sets no deadline by default: every client of a chain chooses a timeout of its own, "
        "or none."
    ),
    metrics=[
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {LATE:g}",
               rule="the deadline and a tenth of it"),
        Metric("late_pages_ratio", "1", "client", "lower", "<= 0.01",
               rule="one page in a hundred may be later than the deadline and a tenth of it"),
        Metric(
            "pages_in_time_ratio", "1", "client", "higher", f">= {IN_TIME - 0.12:.2f}", guard=True,
            rule=f"{IN_TIME:.0%} of pages have at most one slow hop; 12 points for chance",
        ),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    figures=(
        Figure(
            "latency", "percentiles", "Each slow hop adds its time; a deadline cuts the sum",
            ("share of pages", "1"), ("time to a page", "seconds"), threshold=LATE,
        ),
    ),
    sabotages=(
        Sabotage({"handle.deadline": "0.001"}, ("pages_in_time_ratio",), "no page is answered"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="The page is slow although every service says it is healthy",
            command=(
                "for i in $(seq 30); do curl -s -o /dev/null -w '%{time_total}\\n' "
                "http://127.0.0.1:$PORT/page & done | sort -n | tail -1"
            ),
            when_it_is="a multiple of the budget: the hops' times add up",
            when_not="at most the deadline, whatever the hops do",
            proves=lambda said: float(said) > 1.5 * DEADLINE,
            # The histogram's bounds are 0.26 and 0.52 s: too far apart for the deadline.
            promql="rate(sevenstops_pages_late_total[5m]) > ignoring(stop) "
            '0.01 * rate(sevenstops_stop_entered_total{stop="handle"}[5m])',
            severity="ticket",
        ),
    ),
)  # fmt: skip
