"""The tail of pages over many leaves."""

import contextlib
from collections.abc import Iterator

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.evidence.metrics import Sample
from sevenstops.experiments import handle_tail
from sevenstops.lab.environment import Lab
from sevenstops.lab.measurements import extra_requests, percentile
from sevenstops.lab.scenes import Scene
from sevenstops.lab.settings import SideSettings
from sevenstops.sweeps.base import WARM, Point, SceneOf, Sweep, side

# p99.9 needs 1,000 of them.
PAGES = 1080

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
    def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
        with handle_tail.scene(lab, settings, count) as made:
            yield made

    return scene


def _fan_out(seed: int) -> list[Point]:
    points = []
    for line, changes in (("not hedged", ["handle.hedge.most=0"]), ("hedged", [])):
        for leaves in (1, 10, 50, 100):
            # As many requests to leaves in all, up to what a page's own work allows.
            rate = min(600.0, handle_tail.RATE * 100 / leaves)
            pages = max(PAGES, round(10 * rate))
            plan = handle_tail.plan(seed, rate, pages, max(2.0, 1.5 * WARM / (leaves * rate)))
            share = 1 - (1 - handle_tail.SLOW_SHARE) ** leaves
            points.append(
                Point(
                    line,
                    str(leaves),
                    side(handle_tail.EXPERIMENT.settings, changes),
                    _leaves(leaves),
                    plan,
                    {"slow_pages_ratio": share} if changes else {},
                )
            )
    return points


def _hedge_points(seed: int) -> list[Point]:
    lines = {
        "not hedged": ["handle.hedge.most=0"],
        "one at p95": [
            "handle.hedge.most=1",
            "handle.hedge.quantile=0.95",
            "handle.hedge.budget=10",
        ],
        **{
            f"two at p{100 * q:g}": [f"handle.hedge.quantile={q}", "handle.hedge.budget=10"]
            for q in (0.5, 0.9, 0.95, 0.99)
        },
        "two at the point found": [],
    }
    return [
        Point(
            "",
            line,
            side(handle_tail.EXPERIMENT.settings, changes),
            _leaves(100),
            handle_tail.plan(seed, pages=PAGES),
        )
        for line, changes in lines.items()
    ]


FAN_OUT = Sweep(
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
)

HEDGE_POINT = Sweep(
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
)
