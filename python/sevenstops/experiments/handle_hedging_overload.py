"""Handle: hedges whose losers run on, when every replica is slow at once."""

import contextlib
import time
from collections.abc import Iterator, Mapping

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
    extra_requests,
    goodput,
    goodput_curve,
    orphaned_work,
    tree_scene,
)
from sevenstops.loading.plans import constant

REPLICAS = 4
WORKERS = 4
# With 1 % stragglers of 200 ms some 6.2 ms on average: 4 times 4 workers can do 2,580 a second.
FAULTS = ("latency=lognormal/0.004/0.3", "straggle=0.01/0.2", f"workers={WORKERS}")
RATE = 1000
SLOWDOWN = 3
BEGIN = 2.0
SLOW_FOR = 2.0
END = BEGIN + SLOW_FOR
# By then the tokens that were saved up are spent.
SPENT = 0.5
GRACE = 2.0
# Work that was begun is let come to its end before it is counted.
SETTLE = 0.3
WATCHED = 3.0


def plan(seed: int) -> Plan:
    """Pages at four tenths of what the replicas can do, before, during and after the slowness."""
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=END + GRACE + WATCHED)],
        connections=2048,
        requests=[RequestSpec(name="page", target="/page")],
    )


@contextlib.contextmanager
def replicas_scene(
    lab: Lab, settings: SideSettings, *faults: str, own: Mapping[str, str] | None = None
) -> Iterator[Scene]:
    """A page of one leaf with four replicas that have these faults, and settings of their own."""
    replicas = [(*FAULTS, *faults, f"seed={lab.seed + n}") for n in range(REPLICAS)]
    with tree_scene(lab, settings, {"leaf": replicas}, own) as made:
        yield made


@contextlib.contextmanager
def scene(
    lab: Lab, settings: SideSettings, own: Mapping[str, str] | None = None
) -> Iterator[Scene]:
    """All four replicas are slow for 2 s."""
    slowdown = f"slowdown={SLOWDOWN}/{BEGIN}/{SLOW_FOR}"
    with replicas_scene(lab, settings, slowdown, own=own) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """Goodput before and after the slowness, and the share of hedges while it lasts."""
    result, (early, late) = scene.load_and_look(p, (BEGIN + SPENT, END))
    series = result.series
    scene.curves["goodput"] = goodput_curve(series)
    return {
        "goodput_ratio": goodput(series, END + GRACE, END + GRACE + WATCHED),
        "extra_requests_ratio": extra_requests(late, early),
        "goodput_before_ratio": goodput(series, 1, BEGIN),
        "goodput_during_ratio": goodput(series, BEGIN, END),
        "orphaned_work_ratio": orphaned(scene),
    }


def orphaned(scene: Scene) -> float:
    """The share of the replicas' work that they did to the end for nobody."""
    time.sleep(SETTLE)
    counters = [replica.stops() for replica in scene.others.values()]
    return sum(map(orphaned_work, counters)) / len(counters)


def timed_out(said: str) -> bool:
    """Whether more than a few pages timed out: lines of a count and a status."""
    counts = {status: int(count) for count, status in map(str.split, said.splitlines())}
    return counts.get("504", 0) >= 3


# Hedges as somebody sends them who knows no budget, and nothing else that could help or be blamed.
WITHOUT_BOUND = {
    "handle.hedge.delay": "0.01",
    "handle.hedge.budget": "10",
    "handle.propagate_deadline": "false",
    "handle.breaker.share": "0",
    "handle.retry.most": "0",
}

FIGURE = Figure(
    "goodput", "over_time", "The slowness ends after 2 s; what hedges make of it goes on",
    ("time", "seconds"), ("pages answered", "1"),
    shade=(BEGIN, END, "all replicas are slow"), end=END + GRACE + WATCHED,
)  # fmt: skip

EXPERIMENT = Experiment(
    stop="handle",
    failure="hedging-under-overload",
    symptom="hedges that cut the tail on a good day bring the service down on a slow one",
    fix="the losers of a hedge are called off",
    switch={"handle.cancel": ("false", "true")},
    settings=WITHOUT_BOUND,
    lesson=(
        "When one replica is slow, another one is quick, and a hedge costs next to nothing. When "
        "all are slow, every request is hedged, which makes a load that none of them can carry, "
        "for as long as it lasts and beyond, if each works to its end. Where the one that comes "
        "late is called off, a hedge costs little more than its place in a queue."
    ),
    in_the_wild=(
        "Future.cancel() of Python's concurrent.futures leaves a call that has begun to run on; "
        "so does every HTTP client whose server does not look whether its caller is there."
    ),
    metrics=[
        Metric("goodput_ratio", "1", "client", "higher", ">= 0.9"),
        Metric("orphaned_work_ratio", "1", "service", "lower", "<= 0.05",
               rule="as the upstreams count it: one piece of work in twenty"),
        Metric("goodput_during_ratio", "1", "client", "higher", ">= 0.5 before", guard=True,
               rule="while all are slow, at least half of what it was before"),
        Metric("goodput_before_ratio", "1", "client", "higher", ">= 0.99", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=4,
    figures=(FIGURE,),
    sabotages=(
        Sabotage(
            {"handle.hop_timeout": "0.002"},
            ("goodput_ratio", "goodput_before_ratio", "goodput_during_ratio"),
            "no page is answered",
        ),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="The slowness is over, the load is as usual, and pages still time out",
            command=(
                "for i in $(seq 20); do curl -s -o /dev/null -w '%{http_code}\\n' "
                "http://127.0.0.1:$PORT/page; done | sort | uniq -c"
            ),
            when_it_is=(
                "504 among them: upstreams work for callers who have left (work_orphaned_total "
                "there); turn hedges off to end it"
            ),
            when_not="200 for all",
            proves=timed_out,
            at=END + GRACE + 1,
            # Of the upstreams, which are to be scraped as well.
            promql=(
                "rate(sevenstops_work_orphaned_total[5m]) > "
                "0.1 * rate(sevenstops_work_completed_total[5m])"
            ),
        ),
    ),
)  # fmt: skip
