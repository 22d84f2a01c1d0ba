"""Handle: three hops with a timeout each, the last one slow."""

import contextlib
import time
from collections.abc import Iterator

from sevenstops._core import Plan, RequestSpec, Settings
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Lab,
    Metric,
    Sample,
    Scene,
    chain_scene,
    failures,
    orphaned_work,
    percentile,
)
from sevenstops.loading.plans import constant

SLOW = 2.0
DEADLINE = 0.3


def plan(seed: int) -> Plan:
    """Pages at 50 a second beside /healthz at 100."""
    return Plan(
        seed=seed,
        arrivals=[constant(150, duration=3)],
        connections=128,
        requests=[
            RequestSpec(name="page", target="/page", weight=1),
            RequestSpec(name="good", target="/healthz", weight=2),
        ],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: Settings) -> Iterator[Scene]:
    """The chain of three hops; inventory needs 2 s, and no breaker spares it."""
    own = settings.copy()
    # A breaker would end the wait as well: what is looked at is the deadline.
    own.set("handle.breaker.share", "0")
    with chain_scene(lab, own, f"slow-dependency={SLOW}") as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """How long pages took, and what inventory did for callers who had left."""
    result = scene.load(p)
    # Work that was begun is let come to its end before it is counted.
    time.sleep(SLOW + 0.2)
    inventory = scene.others["inventory"].stops()
    return {
        "latency_p99_seconds": percentile(result.by_name["page"].latency, 0.99),
        "orphaned_work": inventory["work_orphaned_total"],
        "orphaned_work_ratio": orphaned_work(inventory),
        "good_requests_failed": failures(result, "good"),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="deadline-not-propagated",
    symptom="a slow dependency sets the tail, and works on for callers who have left",
    fix="one deadline of 0.3 s passed down the hops",
    lesson=(
        "Timeouts that each hop has of its own add up, and nobody beneath knows that the "
        "caller has gone. One deadline that travels with the request bounds the whole, and "
        "lets every hop stop when there is nobody to answer."
    ),
    metrics=[
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {DEADLINE * 1.1:g}"),
        Metric("orphaned_work", "1", "service", "lower", "== 0"),
        Metric("orphaned_work_ratio", "1", "service", "lower", "<= 0.01"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    diagnostics=(
        Diagnostic(
            symptom="The page is slow although every service says it is healthy",
            command="curl -s -o /dev/null -w '%{time_total}' http://127.0.0.1:$PORT/page",
            when_it_is="a multiple of the hop timeout: the hops wait one after the other",
            when_not="at most the deadline, whatever the dependency does",
            proves=lambda said: float(said) > 1.5 * DEADLINE,
            promql="histogram_quantile(0.99, rate("
            f'sevenstops_stop_duration_seconds_bucket{{stop="handle"}}[5m])) > {DEADLINE * 1.1:g}',
        ),
    ),
)
