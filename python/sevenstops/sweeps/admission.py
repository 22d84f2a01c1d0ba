"""What a limit on requests in progress does for a service that is asked for more than it can do."""

from sevenstops._core import Plan, RequestSpec
from sevenstops.evidence.metrics import Censored, Sample
from sevenstops.experiments import accept_overload
from sevenstops.experiments.accept_overload import CAPACITY, p99, worked, worked_curve
from sevenstops.lab.measurements import INTERVAL
from sevenstops.lab.scenes import Scene
from sevenstops.lab.settings import SideSettings
from sevenstops.loading.plans import constant
from sevenstops.sweeps.base import Point, Sweep, side

# What methods have to be told of this service: twice as many as work at once, and five times as
# long as the work takes. CoDel lets in as many as work; the others wait before it.
METHODS = {
    "no limit": [],
    "fixed": [f"accept.admission.limit={2 * accept_overload.WORKERS}"],
    "CoDel": [f"accept.admission.limit={accept_overload.WORKERS}"],
    "AIMD": [f"accept.admission.latency={5 * accept_overload.WORK}"],
    "gradient": [],
    "Vegas": [],
}
WORDS = {"no limit": "none"}
LOADS = (0.2, 0.5, 0.8, 1, 1.5, 2, 4, 10)
# The limit is found in the first second, and its work is watched for two.
FOUND = 1.0
WATCHED = 2.0
QUIET = 0.5
STEP = 4
NEAR = 0.15


def _settings(line: str) -> SideSettings:
    shared = {"handle.deadline": f"{accept_overload.DEADLINE:g}"}
    method = WORDS.get(line, line.lower())
    return side(shared, [f"accept.admission.method={method}", *METHODS[line]])


def _plan(seed: int, warm_up: float, *loads: tuple[float, float]) -> Plan:
    return Plan(
        seed=seed,
        arrivals=[constant(CAPACITY * load, duration) for load, duration in loads],
        warm_up=warm_up,
        connections=8192,
        requests=[RequestSpec(name="page", target="/page")],
    )


def _load_points(seed: int) -> list[Point]:
    return [
        Point(
            line,
            f"{load:g}",
            _settings(line),
            accept_overload.scene,
            _plan(seed, FOUND, (load, FOUND + WATCHED)),
        )
        for line in METHODS
        for load in LOADS
    ]


def _at_load(scene: Scene, plan: Plan) -> tuple[Sample, list[float]]:
    page = scene.load(plan).by_name["page"]
    return {
        "goodput_ratio": page.outcomes.get("2xx", 0) / (WATCHED * CAPACITY),
        "latency_p99_seconds": p99(page.successful),
        "refused_ratio": page.outcomes.get("5xx", 0) / sum(page.outcomes.values()),
    }, []


def _step_points(seed: int) -> list[Point]:
    plan = _plan(seed, 0.0, (QUIET, FOUND), (STEP, WATCHED))
    return [Point(line, "", _settings(line), accept_overload.scene, plan) for line in METHODS]


def settled_after(pages: list[float], begin: int) -> float:
    """Seconds from interval `begin` until each later one is within 15 % of the last second's mean.

    Cut off at the end where the last one is not.
    """
    last = pages[-round(1 / INTERVAL) :]
    final = sum(last) / len(last)
    off = [n for n in range(begin, len(pages)) if abs(pages[n] - final) > NEAR * final]
    if not off:
        return 0.0
    seconds = (off[-1] + 1 - begin) * INTERVAL
    return Censored(seconds) if off[-1] == len(pages) - 1 else seconds


def _after_step(scene: Scene, plan: Plan) -> tuple[Sample, list[float]]:
    result = scene.load(plan)
    end = FOUND + WATCHED
    begin = round(FOUND / INTERVAL)
    pages = [share for _, share in worked_curve(result.series)][: round(end / INTERVAL)]
    return {
        "goodput_ratio": worked(result.series, end - 1, end),
        "settled_seconds": settled_after(pages, begin),
        "latency_p99_seconds": p99(result.by_name["page"].successful),
    }, pages


UNDER_OVERLOAD = Sweep(
    name="admission-under-load",
    title="Limits on requests in progress, up to ten times the load",
    question=(
        "How much of what three workers can do is answered in time, from 0.2 to 10 times the load, "
        "without a limit and with five ways to find one?"
    ),
    line="limit",
    axis="load, of what the service can do",
    columns={
        "goodput_ratio": "1",
        "latency_p99_seconds": "seconds",
        "refused_ratio": "1",
    },
    points=_load_points,
    measure=_at_load,
    drawn="goodput_ratio",
    without_edge=True,
)

AFTER_A_STEP = Sweep(
    name="admission-after-a-step",
    title="Limits on requests in progress, when the load jumps",
    question=(
        "The load jumps from half of what three workers can do to four times that (at 1 s): how "
        "soon is each 100 ms within 15 % of what it comes to?"
    ),
    line="limit",
    axis="",
    columns={
        "goodput_ratio": "1",
        "settled_seconds": "seconds",
        "latency_p99_seconds": "seconds",
    },
    points=_step_points,
    measure=_after_step,
    drawn="settled_seconds",
    curve="answered",
    curve_of="what it can do",
    curve_step=INTERVAL,
    without_edge=True,
)
