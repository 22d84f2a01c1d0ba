"""Accept: more requests than the service can do, and nothing that turns any away."""

import contextlib
from collections.abc import Iterator, Sequence

from sevenstops._core import Histogram, Interval, Plan, RequestSpec
from sevenstops.evidence.metrics import Censored
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
    plain_scene,
)
from sevenstops.lab.measurements import INTERVAL, Points, percentile
from sevenstops.loading.plans import constant

WORKERS = 3
# The mean of lognormal(1.43 ms, 0.3): three workers do 2,000 pages a second.
WORK = 0.0015
CAPACITY = WORKERS / WORK
FAULTS = ("latency=lognormal/0.00143/0.3", f"workers={WORKERS}")
DEADLINE = 0.3
QUIET = 0.5
QUIET_FOR = 1.0
OVERLOAD = 3
OVERLOAD_FOR = 2.0
# Until the queue is as long as it gets, and until a limit has been found.
SETTLED = QUIET_FOR + 0.5
END = QUIET_FOR + OVERLOAD_FOR
# Of the quiet second, what comes after the limit has first been measured.
KNOWN = 0.3
LIMIT = 0.05


def plan(seed: int) -> Plan:
    """Pages at half of what the service can do, and then at three times that."""
    return Plan(
        seed=seed,
        arrivals=[
            constant(QUIET * CAPACITY, duration=QUIET_FOR),
            constant(OVERLOAD * CAPACITY, duration=OVERLOAD_FOR),
        ],
        connections=4096,
        requests=[RequestSpec(name="page", target="/page")],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """A service whose pages are work for three workers."""
    faults = (*FAULTS, f"seed={lab.seed}")
    with plain_scene(lab, settings, rows=1, threads=1, faults=faults) as made:
        yield made


def worked(series: Sequence[Interval], begin: float, end: float) -> float:
    """Pages answered between two times of a load, as a share of what three workers can do."""
    part = series[round(begin / INTERVAL) : round(end / INTERVAL)]
    return sum(i.answered - i.errors for i in part) / ((end - begin) * CAPACITY)


def worked_curve(series: Sequence[Interval]) -> Points:
    """The same in each interval, and its middle."""
    begins = [n * INTERVAL for n in range(len(series))]
    return [(at + INTERVAL / 2, worked(series, at, at + INTERVAL)) for at in begins]


def p99(answered: Histogram) -> float:
    """Of pages; where hardly any was answered in time, the others waited until the deadline."""
    return percentile(answered, 0.99) if answered.total >= 100 else Censored(DEADLINE)


def run(scene: Scene, p: Plan) -> Sample:
    """Pages answered while there are too many, how late, and those refused while there are not."""
    result = scene.load(p)
    series, page = result.series, result.by_name["page"]
    scene.curves["worked"] = worked_curve(series[: round(END / INTERVAL)])
    quiet = series[round(KNOWN / INTERVAL) : round(QUIET_FOR / INTERVAL)]
    return {
        "goodput_ratio": worked(series, SETTLED, END),
        "latency_p99_seconds": p99(page.successful),
        "quiet_refused_ratio": sum(i.errors for i in quiet) / max(1, sum(i.sent for i in quiet)),
    }


def late(said: str) -> bool:
    """Whether an answer took most of the time there is: seconds, one on each line."""
    return any(float(seconds) > DEADLINE / 2 for seconds in said.split())


EXPERIMENT = Experiment(
    stop="accept",
    failure="overload-without-limit",
    symptom="a little more load than it can carry, and hardly anybody is answered in time",
    fix="a limit on requests in progress that is found by their latency",
    switch={"accept.admission.method": ("none", "gradient")},
    settings={"handle.deadline": f"{DEADLINE:g}"},
    lesson=(
        "Beyond its capacity a service that takes everything has a queue that only grows. Each "
        "request waits until its deadline is near, is begun, and comes too late: all workers are "
        "busy with work that is thrown away. Who is turned away at once costs next to nothing, "
        "and leaves the workers to those who can be answered in time."
    ),
    in_the_wild=(
        "Node, Go's net/http and asyncio take any number of requests at once; Amazon's Builders' "
        "Library, Using load shedding to avoid overload, describes what becomes of goodput then."
    ),
    metrics=[
        Metric(
            "goodput_ratio", "1", "client", "higher", ">= 0.8",
            rule="pages answered, of what three workers can do in that time",
        ),
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {LIMIT:g}",
               rule="of the pages that were answered"),
        Metric(
            "quiet_refused_ratio", "1", "client", "lower", "<= 0.01", guard=True,
            rule="at half of what the service can do, once the limit has been measured",
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    without_edge="an edge would have to carry the overload as well, and is measured with it then",
    order=1,
    figures=(
        Figure(
            "worked", "over_time", "Three times the load: all of it late, or as much as there is "
            "room for", ("time", "seconds"), ("answered, of what it can do", "1"),
            shade=(QUIET_FOR, END, "three times what it can do"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"accept.admission.method": "fixed", "accept.admission.limit": "1"},
            ("goodput_ratio", "quiet_refused_ratio"),
            "one page at a time, and the others are refused while workers are idle",
        ),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="Traffic has grown, and everything times out, though the processor is not busy",
            command=(
                "for i in $(seq 5); do curl -s -o /dev/null -w '%{time_total}\\n' "
                "http://127.0.0.1:$PORT/page; done"
            ),
            when_it_is="answers take about as long as the deadline: all wait in one long queue",
            when_not="each is quick, a page or a 503 with Retry-After",
            proves=late,
            promql=(
                'rate(sevenstops_stop_refused_total{stop="handle",reason="deadline"}[5m]) > '
                "ignoring(stop, reason) 0.1 * rate(sevenstops_requests_total[5m])"
            ),
            at=2.0,
        ),
    ),
)  # fmt: skip
