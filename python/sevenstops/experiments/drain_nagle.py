"""Drain: an answer in two writes waits for the client to acknowledge the first."""

from functools import partial

from sevenstops._core import Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
    failures,
    percentile_curve,
    plain_scene,
)
from sevenstops.lab.measurements import percentile
from sevenstops.loading.plans import constant

ROWS = 200
CONNECTIONS = 8
RATE = 80
# The kernel acknowledges the first segments of a connection at once.
WARM_UP = 1.0
SECONDS = 2.0
# TCP_DELACK_MIN, HZ / 25 (Linux, include/net/tcp.h): how long an acknowledgement may be put off.
DELAYED = 0.04


def plan(seed: int) -> Plan:
    """Small exports at 80 a second on connections that are kept."""
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=WARM_UP + SECONDS)],
        warm_up=WARM_UP,
        connections=CONNECTIONS,
        requests=[RequestSpec(name="export", target="/export.csv", expect=f"\n{ROWS},")],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """How long an export takes whose head leaves before its rows."""
    result = scene.load(p)
    export = result.by_name["export"]
    scene.curves["latency"] = percentile_curve(export.latency)
    return {
        "latency_p50_seconds": percentile(export.latency, 0.5),
        "exports_not_whole": failures(result, "export") + export.unexpected,
        "connections_made": scene.service.stops()["stops"]["accept"]["entered"],
    }


def delayed(said: str) -> bool:
    """Whether half of the times on a connection are those of a delayed acknowledgement."""
    times = sorted(float(line) for line in said.split())
    return times[len(times) // 2] >= 0.9 * DELAYED


EXPERIMENT = Experiment(
    stop="drain",
    failure="nagle-with-delayed-ack",
    symptom="small answers take 40 ms, on connections that are kept, and nobody is busy",
    fix="TCP_NODELAY: a small piece leaves at once",
    switch={"drain.no_delay": ("false", "true")},
    lesson=(
        "Nagle's algorithm keeps a small segment back until what was sent before is acknowledged; "
        "the peer puts its acknowledgement off, in the hope of an answer to send it with. An "
        "answer in two writes, its head and then its rows, waits for both. Who hands over whole "
        "pieces anyway has no use for the algorithm, and turns it off."
    ),
    in_the_wild=(
        "Python's http.server writes head and body apart and leaves Nagle's algorithm on "
        "(socketserver, disable_nagle_algorithm = False; 3.11); Go, Node and nginx turn it off."
    ),
    metrics=[
        Metric("latency_p50_seconds", "seconds", "client", "lower", f"<= {DELAYED / 2:g}",
               rule="half of what the kernel puts an acknowledgement off (TCP_DELACK_MIN, 40 ms)"),
        Metric("exports_not_whole", "1", "client", "lower", "== 0", guard=True,
               rule="200, and its last row is there"),
        Metric("connections_made", "1", "service", "lower", f"<= {4 * CONNECTIONS}", guard=True,
               rule="new connections are acknowledged at once: they would hide it"),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=ROWS),
    order=2,
    core=False,
    figures=(
        Figure(
            "latency", "percentiles", "Two writes and a reader who answers late: 40 ms each time",
            ("share of exports", "1"), ("time to the last byte", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage({"parse.idle_timeout": "0.01"}, ("connections_made",),
                 "most exports have a connection of their own, which is acknowledged at once",
                 alone=True),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Small answers take 40 ms again and again, and the service isn't busy",
            command="curl -s -o /dev/null -w '%{time_total}\\n' "
            '"http://127.0.0.1:$PORT/export.csv?[1-40]"',
            when_it_is="most of the times are 0.04: the second write waited for an acknowledgement",
            when_not="times in proportion to the answer",
            proves=delayed,
            severity="ticket",
            at=1.5,
        ),
    ),
)  # fmt: skip
