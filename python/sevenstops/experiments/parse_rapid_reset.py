"""Parse: on HTTP/2 a client begins requests and resets them at once, which costs it nothing."""

import re

from sevenstops._core import Crowd, Http2Spec, Plan, RequestSpec
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
from sevenstops.loading.frames import as_text, cancel, get
from sevenstops.loading.plans import constant

ATTACKERS = 4
# Requests that each begins and resets in a second, in 0.03 of a processor for all of them.
RESETS = 8000
# Who leaves a page has a browser that resets what it has asked for, all at once.
LEFT = 40
USERS = 2
END = 2.5
TARGET = "/orders?limit=20"


def plan(seed: int) -> Plan:
    """32,000 resets a second on four connections, 200 good requests, two who leave pages."""
    one = as_text(get(TARGET), cancel())
    streams = range(1, 2 * LEFT, 2)
    page = as_text(*(get(TARGET, n) for n in streams), *(cancel(n) for n in streams))
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=END)],
        protocol="h2",
        connections=4,
        http2=Http2Spec(streams=16),
        requests=[RequestSpec(name="good", target=TARGET, expect='"id":20')],
        crowds=[
            Crowd(kind="http2_flood", name="attackers", count=ATTACKERS, rate=RESETS, pause=1.0,
                  repeat=True, pieces=[(one, 0)]),
            Crowd(kind="http2_flood", name="users", count=USERS, rate=1, repeat=True,
                  pieces=[(page, 0)]),
        ],
    )  # fmt: skip


def run(scene: Scene, p: Plan) -> Sample:
    """How many good requests fail, and for how many requests the service worked in all."""
    result = scene.load(p)
    good, users = result.by_name["good"], result.crowds[1]
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    handled = scene.service.stops()["stops"]["handle"]["entered"]
    return {
        "requests_failed_ratio": max(failures(result, "good"), good.unexpected) / good.due,
        "requests_begun": handled,
        "users_connections_cut": users.started - USERS,
    }


def many_resets(said: str) -> bool:
    """Whether more streams were reset in a second than ten connections may reset."""
    first, second = (
        int(n) for n in re.findall(r"^sevenstops_http2_streams_reset_total (\d+)", said, re.M)
    )
    return second - first > 1000


EXPERIMENT = Experiment(
    stop="parse",
    failure="rapid-reset",
    symptom="503 for good requests, while a few HTTP/2 connections keep every worker busy",
    fix="a connection that goes on resetting more than 100 streams a second ends with GOAWAY",
    switch={"parse.http2.resets": ("0", "100")},
    lesson=(
        "A bound on the streams that are open says nothing about those that were: a client that "
        "resets each request as soon as it has begun it has none open, and has begun thousands. "
        "It pays for two small frames, the service for a request that was routed and queued. So "
        "resets are counted, and a connection that has too many of them in a second is ended. "
        "The attacker may come again: here each does, a second later. That costs it a handshake "
        "for a hundred requests, and is what a limit on connections is for."
    ),
    in_the_wild=(
        "CVE-2023-44487: in August 2023 Google saw 398 million requests a second made so. nginx "
        "was spared in part by keepalive_requests (1,000 a connection); Go's net/http2 needed "
        "1.21.3 and 1.20.10, nghttp2 1.57.0."
    ),
    metrics=[
        Metric("requests_failed_ratio", "1", "client", "lower", "<= 0.1",
               rule="of all good requests; a new connection's first hundred may fill the queue"),
        Metric("requests_begun", "1", "service", "lower", f"<= {ATTACKERS * RESETS // 4}",
               rule="what the attackers send in a quarter of a second"),
        Metric("users_connections_cut", "1", "client", "lower", "== 0", guard=True,
               rule=f"of those who reset {LEFT} requests at once each second, as a page is left"),
    ],
    plan=plan,
    run=run,
    order=9,
    core=False,
    without_edge=(
        "an edge speaks HTTP/1.1 to the service; what it makes of resets is its own affair"
    ),
    figures=(
        Figure(
            "answered", "over_time",
            "Requests that nobody waits for take the places of those that somebody does",
            ("time", "seconds"), ("requests answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.http2.resets": "20"}, ("users_connections_cut",),
            "who leaves a page has all of its connection's other requests cut",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="workers are busy, good requests get 503, and few answers leave",
            command="for i in 1 2; do curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep '^sevenstops_http2_streams_reset_total '; sleep 1; done",
            when_it_is="thousands of streams reset in a second",
            when_not="some: users who leave pages do that; look at what the workers do",
            proves=many_resets,
            promql="rate(sevenstops_http2_streams_reset_total[1m]) > 1000",
            at=0.5,
        ),
    ),
)  # fmt: skip
