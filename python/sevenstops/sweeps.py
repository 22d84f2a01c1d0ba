"""Measurements over a range, where before and after say too little."""

import contextlib
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from sevenstops import _core
from sevenstops.environment import Lab
from sevenstops.errors import LabError
from sevenstops.evidence import Sample
from sevenstops.experiments import (
    handle_hedging_overload,
    handle_retry_storm,
    handle_tail,
)
from sevenstops.experiments.base import (
    INTERVAL,
    Scene,
    Settings,
    extra_requests,
    goodput,
    percentile,
    recovery,
    tree_scene,
)
from sevenstops.plans import constant
from sevenstops.processes import pinned
from sevenstops.service import settings_from

SceneOf = Callable[[Lab, Settings], AbstractContextManager[Scene]]
Measure = Callable[[Scene, _core.Plan], tuple[Sample, list[float]]]

ROUNDS = 3
# The estimate of a dependency's latency takes 1,000 answers.
WARM = 1000


@dataclass(frozen=True)
class Point:
    """One of a sweep's places: a line's name, where on it, and what is measured there."""

    line: str
    at: str
    settings: Settings
    scene: SceneOf
    plan: _core.Plan
    # What theory says of a column.
    theory: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Sweep:
    """A question, the points that answer it, and the columns of the answer.

    `columns` maps a metric's name to its unit; `line` and `axis` name what a point's line and place
    are, where it has them. With `curve` every point has a course over time as well, of that name.
    """

    name: str
    title: str
    question: str
    line: str
    axis: str
    columns: Mapping[str, str]
    points: Callable[[int], list[Point]]
    measure: Measure
    # The metric that is drawn, and whether on a logarithmic axis.
    drawn: str
    logarithmic: bool = False
    curve: str = ""

    def run(
        self, lab: Lab, rounds: int, progress: Callable[[int, int], None] = lambda done, of: None
    ) -> dict[str, Any]:
        """Measures each point `rounds` times, every round in random order; gives the document."""
        points = self.points(lab.seed)
        samples: list[list[Sample]] = [[] for _ in points]
        courses: list[list[list[float]]] = [[] for _ in points]
        doubts: list[str] = []
        order = random.Random(lab.seed)
        done = 0
        with pinned(lab.load_cpus):
            for n in range(rounds):
                for place in order.sample(range(len(points)), len(points)):
                    progress(done, rounds * len(points))
                    point = points[place]
                    with point.scene(replace(lab, seed=lab.seed + 100 * n), point.settings) as made:
                        sample, course = self.measure(made, point.plan)
                    samples[place].append(sample)
                    courses[place].append(course)
                    doubts += made.doubts
                    done += 1
        rows = [
            {
                "line": point.line,
                "at": point.at,
                "median": {name: median(s[name] for s in found) for name in self.columns},
                "samples": {name: [s[name] for s in found] for name in self.columns},
                "theory": dict(point.theory),
                "plan": point.plan.fingerprint(),
                "course": [median(values) for values in zip(*course, strict=False)],
            }
            for point, found, course in zip(points, samples, courses, strict=True)
        ]
        return {
            "schema": "sevenstops.sweep/1",
            "sweep": self.name,
            "title": self.title,
            "question": self.question,
            "line": self.line,
            "axis": self.axis,
            "units": dict(self.columns),
            "drawn": self.drawn,
            "logarithmic": self.logarithmic,
            "curve": self.curve,
            "seed": lab.seed,
            "rounds": rounds,
            "environment": lab.environment(),
            "doubts": doubts,
            "rows": rows,
        }


TAIL = {
    "latency_p50_seconds": "seconds",
    "latency_p95_seconds": "seconds",
    "latency_p99_seconds": "seconds",
    "latency_p999_seconds": "seconds",
    "slow_pages_ratio": "1",
    "extra_requests_ratio": "1",
}


def _tail(scene: Scene, plan: _core.Plan) -> tuple[Sample, list[float]]:
    page = scene.load(plan).by_name["page"]
    if page.outcomes != {"2xx": page.latency.total}:
        raise LabError(f"pages failed in a sweep of the tail: {page.outcomes}")
    return {
        "latency_p50_seconds": percentile(page.latency, 0.5),
        "latency_p95_seconds": percentile(page.latency, 0.95),
        "latency_p99_seconds": percentile(page.latency, 0.99),
        "latency_p999_seconds": percentile(page.latency, 0.999),
        "slow_pages_ratio": page.latency.slower_than(handle_tail.SLOW / 2) / page.latency.total,
        "extra_requests_ratio": extra_requests(scene.service.stops()),
    }, []


def _leaves(count: int) -> SceneOf:
    @contextlib.contextmanager
    def scene(lab: Lab, settings: Settings) -> Iterator[Scene]:
        with handle_tail.scene(lab, settings, count) as made:
            yield made

    return scene


def _fan_out(seed: int) -> list[Point]:
    points = []
    for line, changes in (("not hedged", ["handle.hedges=0"]), ("hedged", [])):
        for leaves in (1, 10, 50, 100):
            # As many requests to leaves in all, up to what a page's own work allows.
            rate = min(600.0, handle_tail.RATE * 100 / leaves)
            pages = max(handle_tail.PAGES, round(10 * rate))
            plan = handle_tail.plan(seed, rate, pages, max(2.0, 1.5 * WARM / (leaves * rate)))
            share = 1 - (1 - handle_tail.SLOW_SHARE) ** leaves
            points.append(
                Point(
                    line,
                    str(leaves),
                    settings_from("hardened", changes),
                    _leaves(leaves),
                    plan,
                    {"slow_pages_ratio": share} if changes else {},
                )
            )
    return points


def _hedge_points(seed: int) -> list[Point]:
    lines = {
        "not hedged": ["handle.hedges=0"],
        "one at p95": ["handle.hedges=1", "handle.hedge_quantile=0.95", "handle.hedge_budget=10"],
        **{
            f"two at p{100 * q:g}": [f"handle.hedge_quantile={q}", "handle.hedge_budget=10"]
            for q in (0.5, 0.9, 0.95, 0.99)
        },
        "two at the point found": [],
    }
    return [
        Point("", line, settings_from("hardened", changes), _leaves(100), handle_tail.plan(seed))
        for line, changes in lines.items()
    ]


HEDGING = {
    "not hedged": ["handle.hedges=0"],
    "hedged within 5 %": [],
    "tied": ["handle.tied=true"],
    "hedged after 10 ms, without bound": ["handle.hedge_delay=0.01", "handle.hedge_budget=10"],
}
OVERLOAD = {
    "goodput_ratio": "1",
    "latency_p50_seconds": "seconds",
    "latency_p99_seconds": "seconds",
    "extra_requests_ratio": "1",
}
# What four replicas of handle_hedging_overload can do a second.
CAPACITY = handle_hedging_overload.REPLICAS * handle_hedging_overload.WORKERS / 0.0062


@contextlib.contextmanager
def _loaded(lab: Lab, settings: Settings) -> Iterator[Scene]:
    own = settings.copy()
    own.set("handle.breaker_share", "0")
    own.set("handle.retries", "0")
    faults = handle_hedging_overload.FAULTS
    replicas = [(*faults, f"seed={lab.seed + n}") for n in range(handle_hedging_overload.REPLICAS)]
    with tree_scene(lab, own, {"leaf": replicas}) as made:
        yield made


def _load_points(seed: int) -> list[Point]:
    points = []
    for line, changes in HEDGING.items():
        for share in (0.3, 0.5, 0.7, 0.9, 1.1):
            rate = share * CAPACITY
            plan = _core.Plan(
                seed=seed,
                arrivals=[constant(rate, duration=8 + WARM / rate)],
                warm_up=WARM / rate,
                connections=2048,
                requests=[_core.RequestSpec(name="page", target="/page")],
            )
            settings = settings_from("hardened", changes)
            points.append(Point(line, f"{share:g}", settings, _loaded, plan))
    return points


def _loaded_page(scene: Scene, plan: _core.Plan) -> tuple[Sample, list[float]]:
    page = scene.load(plan).by_name["page"]
    return {
        "goodput_ratio": page.outcomes.get("2xx", 0) / sum(page.outcomes.values()),
        "latency_p50_seconds": percentile(page.latency, 0.5),
        "latency_p99_seconds": percentile(page.latency, 0.99),
        "extra_requests_ratio": extra_requests(scene.service.stops()),
    }, []


AFTERWARDS = {
    "goodput_ratio": "1",
    "goodput_slow_ratio": "1",
    "recovery_seconds": "seconds",
    "extra_requests_ratio": "1",
}


def _course(series: Sequence[_core.Interval], end: float) -> list[float]:
    """Goodput in every half second."""
    width = 5 * INTERVAL
    return [goodput(series, n * width, (n + 1) * width) for n in range(round(end / width))]


def _afterwards(begin: float, end: float, whole: float) -> Measure:
    def measure(scene: Scene, plan: _core.Plan) -> tuple[Sample, list[float]]:
        series = scene.load(plan).series
        return {
            "goodput_ratio": goodput(series, end + 2, whole),
            # What is sent just before the end is answered after it.
            "goodput_slow_ratio": goodput(series, begin, end + 0.5),
            "recovery_seconds": recovery(series, end, whole),
            "extra_requests_ratio": extra_requests(scene.service.stops()),
        }, _course(series, whole)

    return measure


def _slow_points(seed: int) -> list[Point]:
    lines = {
        "not hedged": ["handle.hedges=0"],
        "hedged within 5 %": [],
        "hedged after 10 ms, without bound": HEDGING["hedged after 10 ms, without bound"],
        "the same, and losers are not called off": [
            f"{name}={value}" for name, value in handle_hedging_overload.EXPERIMENT.before.items()
        ],
    }
    plan = handle_hedging_overload.plan(seed)
    scene = handle_hedging_overload.scene
    return [
        Point(line, "", settings_from("hardened", changes), scene, plan)
        for line, changes in lines.items()
    ]


def _storm_points(seed: int) -> list[Point]:
    naive = handle_retry_storm.EXPERIMENT.before
    budget = ("handle.retry_budget",)
    leaving = ("handle.propagate_deadline", "handle.cancel")
    breaker = ("handle.breaker_share",)

    def all_but(mended: tuple[str, ...]) -> list[str]:
        return [f"{name}={value}" for name, value in naive.items() if name not in mended]

    lines = {
        "naive": all_but(()),
        "naive within a budget": all_but(budget),
        "naive with deadline and cancelling": all_but(leaving),
        "naive with a breaker": all_but(breaker),
        "hardened": [],
    }
    plan = handle_retry_storm.plan(seed)
    scene = handle_retry_storm.scene
    return [
        Point(line, "", settings_from("hardened", changes), scene, plan)
        for line, changes in lines.items()
    ]


SWEEPS = (
    Sweep(
        name="fan-out",
        title="Pages over 1 to 100 leaves",
        question=(
            "How many pages are slow when each leaf is slow for one request in a hundred? "
            "Beside what is measured stands 1 - 0.99^n."
        ),
        line="hedges",
        axis="leaves",
        columns=TAIL,
        points=_fan_out,
        measure=_tail,
        drawn="slow_pages_ratio",
    ),
    Sweep(
        name="hedge-point",
        title="When to ask another replica",
        question=(
            "What does the tail of a page over 100 leaves gain, and how many more requests does it "
            "cost, when a leaf's hedge is sent at p50, p90, p95 or p99 of its latency?"
        ),
        line="",
        axis="hedges",
        columns=TAIL,
        points=_hedge_points,
        measure=_tail,
        drawn="latency_p999_seconds",
        logarithmic=True,
    ),
    Sweep(
        name="hedging-under-load",
        title="Hedging up to overload",
        question=(
            "What do hedges do when they cost work: four replicas with a worker and a queue each, "
            "from 0.3 to 1.1 of the load that they can carry?"
        ),
        line="hedges",
        axis="load, of what the replicas can do",
        columns=OVERLOAD,
        points=_load_points,
        measure=_loaded_page,
        drawn="latency_p99_seconds",
        logarithmic=True,
    ),
    Sweep(
        name="hedging-under-slowness",
        title="Hedging when everything is slow",
        question="What do hedges do when all replicas take 3 times as long for 2 s (from 4 s on)?",
        line="settings",
        axis="",
        columns=AFTERWARDS,
        points=_slow_points,
        measure=_afterwards(
            handle_hedging_overload.BEGIN,
            handle_hedging_overload.END,
            handle_hedging_overload.END
            + handle_hedging_overload.GRACE
            + handle_hedging_overload.WATCHED,
        ),
        drawn="goodput_ratio",
        curve="goodput",
    ),
    Sweep(
        name="retry-storm",
        title="What ends a retry storm",
        question=(
            "The last of three hops takes 20 times as long for 1 s (from 2 s on): which of budget, "
            "deadline with cancelling, and breaker brings the service back?"
        ),
        line="settings",
        axis="",
        columns=AFTERWARDS,
        points=_storm_points,
        measure=_afterwards(
            handle_retry_storm.BEGIN,
            handle_retry_storm.END,
            handle_retry_storm.END + handle_retry_storm.GRACE + handle_retry_storm.WATCHED,
        ),
        drawn="goodput_ratio",
        curve="goodput",
    ),
)


def sweep_named(name: str) -> Sweep:
    """One sweep. Raises LabError naming them all."""
    for sweep in SWEEPS:
        if sweep.name == name:
            return sweep
    raise LabError(f"unknown sweep '{name}': there are {', '.join(s.name for s in SWEEPS)}")
