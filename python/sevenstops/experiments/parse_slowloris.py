"""Parse: heads that never end hold the process's places, and those who come to ask get 503."""

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

PLACES = 120
# Of three requests one is an attacker's: 80 a second, which hold 40 places at half a second each.
RATE = 240
END = 3.0
LOOK = 2.6
# Between two pieces of an honest head: one that is lost comes again after 0.2 s, Linux's least
# (TCP_RTO_MIN), and a round trip.
GAP = 0.3


def plan(seed: int) -> Plan:
    """80 heads a second that never end, beside 160 requests; ten who send a head in two pieces."""
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
            Crowd(kind="slow_header", name="slow", target="/healthz", count=0, rate=40),
            Crowd(
                kind="raw", name="in-two-pieces", count=10,
                pieces=[("GET /healthz HTTP/1.1\r\nHost: a\r\n", GAP), ("\r\n", 0)],
            ),
        ],
    )  # fmt: skip


def run(scene: Scene, p: Plan) -> Sample:
    """How many good requests find no place, and how many places unfinished heads hold."""
    result, (seen,) = scene.load_and_look(p, (LOOK,))
    good, pieces = result.by_name["good"], result.crowds[1]
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    return {
        "requests_failed_ratio": failures(result, "good") / good.due,
        "heads_unfinished": seen["heads_unfinished"],
        "honest_heads_refused": pieces.due - pieces.statuses.get(200, 0),
    }


def heads_hold_the_places(said: str) -> bool:
    """Whether unfinished heads hold more than half of the places."""
    found = dict(re.findall(r"^sevenstops_(\w+) (\d+)", said, re.M))
    return int(found["heads_unfinished"]) > int(found["connections_bound"]) / 2


EXPERIMENT = Experiment(
    stop="parse",
    failure="slowloris",
    symptom="newcomers get 503 from an idle service",
    fix="a head has half a second to come whole, however steadily its bytes come",
    switch={"parse.head_timeout": ("60", "0.5")},
    settings={"accept.max_connections": str(PLACES)},
    lesson=(
        "A client that sends a field of its head now and then is never silent, and never done. It "
        "holds a connection for the price of a few bytes, and who holds all of them shuts "
        "everybody else out. What such clients can hold is how many come in a second times how "
        "long each may take: a time for the whole head, which no byte renews, bounds it."
    ),
    in_the_wild=(
        "CVE-2007-6750: Apache 1.x and 2.x without mod_reqtimeout (before 2.2.15), as Slowloris "
        "showed. Go's net/http has no ReadHeaderTimeout unless a program sets one."
    ),
    metrics=[
        Metric("requests_failed_ratio", "1", "client", "lower", "<= 0.05",
               rule="of all good requests; half of them come once every place is held"),
        Metric("heads_unfinished", "1", "service", "lower", f"<= {2 * PLACES // 3}",
               rule="two thirds of the places; 80 a second at half a second each are 40"),
        Metric("honest_heads_refused", "1", "client", "lower", "== 0", guard=True,
               rule=f"a head in two pieces, {GAP} s apart"),
    ],
    plan=plan,
    run=run,
    order=5,
    core=False,
    without_edge=(
        "nginx keeps a head until it is whole, so that its own places are held instead"
    ),
    figures=(
        Figure(
            "answered", "over_time",
            "Once unfinished heads hold every place, nobody else gets one",
            ("time", "seconds"), ("requests answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.head_timeout": "0.05"}, ("honest_heads_refused",),
            "who needs two packets for his head gets 408",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="503 for newcomers, and the service has nothing to do: heads that do not end",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep -E '^sevenstops_(connections_bound|heads_unfinished) '",
            when_it_is="most of the connections that there may be wait for the rest of a head",
            when_not="few: a head is one packet nearly always; look at bodies and at the silent",
            proves=heads_hold_the_places,
            promql="sevenstops_heads_unfinished > 0.5 * sevenstops_connections_bound",
            at=2.4,
        ),
    ),
)  # fmt: skip
