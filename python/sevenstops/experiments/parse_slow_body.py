"""Parse: bodies that trickle hold the process's places, and those who come to ask get 503."""

import re

from sevenstops._core import Crowd, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
    failures,
    goodput_curve,
)
from sevenstops.lab.measurements import INTERVAL
from sevenstops.loading.plans import constant

KIB = 1 << 10
PLACES = 120
# Of three requests one is an attacker's: 80 a second, which hold 40 places at half a second each.
RATE = 240
END = 3.0
LOOK = 2.6
GRACE = 0.5
LEAST = 4096
# Four times as fast as it has to be, and twice as long under way as the grace.
HONEST = 16 * KIB


def plan(seed: int) -> Plan:
    """80 uploads a second that trickle at 100 bytes a second, beside 160 requests; ten uploads of
    16 KiB in a second.
    """
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=END)],
        connections=64,
        keep_alive=False,
        requests=[
            RequestSpec(name="good", target="/healthz", weight=2),
            RequestSpec(name="slow", client="slow", weight=1),
        ],
        crowds=[
            Crowd(
                kind="slow_body", name="slow", target="/echo", count=0, bytes=64 * KIB, rate=100
            ),
            Crowd(
                kind="slow_body", name="honest", target="/echo", count=10, bytes=HONEST, rate=HONEST
            ),
        ],
    )  # fmt: skip


def run(scene: Scene, p: Plan) -> Sample:
    """How many good requests find no place, and how many places unfinished bodies hold."""
    result, (seen,) = scene.load_and_look(p, (LOOK,))
    good, honest = result.by_name["good"], result.crowds[1]
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    return {
        "requests_failed_ratio": failures(result, "good") / good.due,
        "bodies_unfinished": seen["bodies_unfinished"],
        "honest_uploads_failed": honest.due - honest.statuses.get(200, 0),
    }


def bodies_hold_the_places(said: str) -> bool:
    """Whether unfinished bodies hold more than half of the places."""
    found = dict(re.findall(r"^sevenstops_(\w+) (\d+)", said, re.M))
    return int(found["bodies_unfinished"]) > int(found["connections_bound"]) / 2


EXPERIMENT = Experiment(
    stop="parse",
    failure="slow-body",
    symptom="newcomers get 503 while uploads trickle in",
    fix=f"after a grace of {GRACE:g} s a body has to have come at {LEAST // KIB} KiB/s",
    # Nothing but a byte a second is asked for where each byte renews the time, as it mostly does.
    switch={"parse.body_rate": ("1", str(LEAST))},
    settings={
        "accept.max_connections": str(PLACES),
        "parse.body_timeout": f"{GRACE:g}",
    },
    lesson=(
        "A time that every byte renews is none: a body of which something comes now and then may "
        "take for ever, and holds its connection meanwhile. One time for the whole body cuts "
        "honest people on slow lines. A least rate, after some grace, tells the two apart: it asks "
        "for what an upload on a bad line still does, and a trickle doesn't."
    ),
    in_the_wild=(
        "nginx's client_body_timeout (60 s) is for the time between two reads, not for the body, "
        "as its documentation says; Apache's mod_reqtimeout asks for 500 bytes/s by default."
    ),
    metrics=[
        Metric("requests_failed_ratio", "1", "client", "lower", "<= 0.05",
               rule="of all good requests; half of them come once every place is held"),
        Metric("bodies_unfinished", "1", "service", "lower", f"<= {2 * PLACES // 3}",
               rule="two thirds of the places; 80 a second at half a second each are 40"),
        Metric("honest_uploads_failed", "1", "client", "lower", "== 0", guard=True,
               rule="slower than the grace, and faster than the least rate"),
    ],
    plan=plan,
    run=run,
    order=6,
    core=False,
    without_edge="an edge that waits for the whole body, as nginx does by default, is held instead",
    figures=(
        Figure(
            "answered", "over_time",
            "Once bodies that trickle hold every place, nobody else gets one",
            ("time", "seconds"), ("requests answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.body_rate": str(16 * HONEST)}, ("honest_uploads_failed",),
            "uploads on a slow line get 408",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="503 for newcomers, and the service has nothing to do: bodies that trickle",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep -E '^sevenstops_(connections_bound|bodies_unfinished) '",
            when_it_is="most of the connections that there may be wait for the rest of a body",
            when_not="few: uploads come at a fair pace; look at heads, and at who is silent",
            proves=bodies_hold_the_places,
            promql="sevenstops_bodies_unfinished > 0.5 * sevenstops_connections_bound",
            at=2.4,
        ),
    ),
)  # fmt: skip
