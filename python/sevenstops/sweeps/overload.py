"""What hedges and repeats do to a service that has no room for them."""

from collections.abc import Sequence

from sevenstops import _core
from sevenstops.evidence.metrics import Sample
from sevenstops.experiments import handle_hedging_overload, handle_retry_storm
from sevenstops.lab.measurements import INTERVAL, extra_requests, goodput, percentile, recovery
from sevenstops.lab.scenes import Scene
from sevenstops.loading.plans import constant
from sevenstops.sweeps.base import WARM, Measure, Point, Sweep, side

HEDGING = {
    "not hedged": ["handle.hedge.most=0"],
    "hedged within 5 %": [],
    "tied": ["handle.hedge.tied=true"],
    "hedged after 10 ms, without bound": ["handle.hedge.delay=0.01", "handle.hedge.budget=10"],
}
OVERLOAD = {
    "goodput_ratio": "1",
    "latency_p50_seconds": "seconds",
    "latency_p99_seconds": "seconds",
    "extra_requests_ratio": "1",
}
# Neither breaker nor retry is to help, or to be blamed.
ALONE = {"handle.breaker.share": "0", "handle.retry.most": "0"}
# What four replicas of handle_hedging_overload can do a second.
CAPACITY = handle_hedging_overload.REPLICAS * handle_hedging_overload.WORKERS / 0.0062


def _load_points(seed: int) -> list[Point]:
    points = []
    scene = handle_hedging_overload.replicas_scene
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
            settings = side(ALONE, changes)
            points.append(Point(line, f"{share:g}", settings, scene, plan))
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
        "not hedged": ["handle.hedge.most=0"],
        "hedged within 5 %": [],
        "hedged after 10 ms, without bound": HEDGING["hedged after 10 ms, without bound"],
        "the same, and losers are not called off": [
            *HEDGING["hedged after 10 ms, without bound"],
            "handle.cancel=false",
            "handle.propagate_deadline=false",
        ],
    }
    plan = handle_hedging_overload.plan(seed)
    scene = handle_hedging_overload.scene
    return [Point(line, "", side(ALONE, changes), scene, plan) for line, changes in lines.items()]


def _storm_points(seed: int) -> list[Point]:
    experiment = handle_retry_storm.EXPERIMENT
    naive = {**experiment.settings, **{name: old for name, (old, _) in experiment.switch.items()}}
    budget = ("handle.retry.budget",)
    leaving = ("handle.propagate_deadline", "handle.cancel")
    breaker = ("handle.breaker.share",)

    def all_but(mended: tuple[str, ...]) -> list[str]:
        return [f"{name}={value}" for name, value in naive.items() if name not in mended]

    lines = {
        "naive": all_but(()),
        "naive within a budget": all_but(budget),
        "naive with deadline and cancelling": all_but(leaving),
        "naive with a breaker": all_but(breaker),
        "hardened": [f"handle.retry.attempt_timeout={handle_retry_storm.ATTEMPT}"],
    }
    plan = handle_retry_storm.plan(seed)
    scene = handle_retry_storm.scene
    return [Point(line, "", side({}, changes), scene, plan) for line, changes in lines.items()]


UNDER_LOAD = Sweep(
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
)

UNDER_SLOWNESS = Sweep(
    name="hedging-under-slowness",
    title="Hedging when everything is slow",
    question="What do hedges do when all replicas take 3 times as long for 2 s?",
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
)

RETRY_STORM = Sweep(
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
)
