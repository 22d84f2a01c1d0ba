"""Accept: connections that say nothing hold the process's places."""

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
    kept_connections,
)
from sevenstops.lab.measurements import INTERVAL
from sevenstops.loading.plans import constant

PLACES = 100
FLOOD = 200
END = 2.5


def plan(seed: int) -> Plan:
    """200 connections that say nothing from the start on, beside 100 requests a second on new ones;
    of 20 requests one comes 0.2 s after its connection. 20 users keep their connections: they ask,
    pause for a second, and ask again, three times in all.
    """
    return Plan(
        seed=seed,
        arrivals=[constant(100, duration=END)],
        connections=32,
        keep_alive=False,
        requests=[
            RequestSpec(name="good", target="/healthz", weight=19),
            RequestSpec(name="late", client="late", weight=1),
        ],
        crowds=[
            Crowd(kind="connection_flood", count=FLOOD),
            Crowd(
                kind="raw", name="late", count=0,
                pieces=[("", 0.2), ("GET /healthz HTTP/1.1\r\nHost: a\r\n\r\n", 0)],
            ),
            Crowd(kind="keep_alive_user", count=20, pause=1.0, depth=3),
        ],
    )  # fmt: skip


def run(scene: Scene, p: Plan) -> Sample:
    """How many good requests find no place."""
    result = scene.load(p)
    late, users = result.crowds[1], kept_connections(result.crowds[2])
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    return {
        "requests_failed_ratio": failures(result, "good") / result.by_name["good"].due,
        "late_speakers_cut": late.due - late.statuses.get(200, 0),
        "kept_requests_unanswered": users.unanswered,
        "kept_connections_closed_ratio": users.closed / users.requests,
    }


def the_silent_stay(said: str) -> bool:
    """Whether somebody was turned away while half of the places were held by silent connections."""
    found = dict(re.findall(r"^sevenstops_(\w+)(?:\{[^}]*\})? (\d+)", said, re.M))
    silent, places = int(found["connections_silent"]), int(found["connections_bound"])
    return silent > places / 2 and int(found["stop_refused_total"]) > 0


EXPERIMENT = Experiment(
    stop="accept",
    failure="silent-connections",
    symptom="newcomers get 503, and most connections are silent",
    fix="the connection that has been silent longest is closed for a new one",
    switch={"accept.close_silent": ("false", "true")},
    settings={"accept.max_connections": str(PLACES)},
    lesson=(
        "A connection that says nothing costs its maker a packet, and the service a descriptor "
        "until a timeout comes. A bound that turns newcomers away protects those who are there, "
        "whoever they are: a flood of the silent keeps everybody else out. Nobody waits for an "
        "answer on a silent connection, so that it is the one to close when places have run out. A "
        "user who pauses between two requests is silent too, and safe for as long as somebody else "
        "has been silent for longer. A flood that never stops comes to his connection as well: his "
        "library finds it closed and asks again on a new one, which is not safe for every request."
    ),
    in_the_wild=(
        "Node's server.maxConnections drops the new connection and keeps those that are there; "
        "Go's net/http has no timeouts unless they are set, and ends at 'too many open files'."
    ),
    metrics=[
        Metric("requests_failed_ratio", "1", "client", "lower", "<= 0.1",
               rule="of all good requests, each on a new connection"),
        Metric("late_speakers_cut", "1", "client", "lower", "== 0", guard=True,
               rule="who speaks 0.2 s after connecting is not taken for silent"),
        Metric("kept_requests_unanswered", "1", "client", "lower", "== 0", guard=True,
               rule="of 60 by users who keep their connections and pause for a second"),
        Metric("kept_connections_closed_ratio", "1", "client", "lower", "<= 0.1", guard=True,
               rule="of these requests, such as found their connection closed; a client's library "
               "connects anew and asks again"),
    ],
    plan=plan,
    run=run,
    order=3,
    core=False,
    without_edge="an edge has its own connections to the service, and its clients' at itself",
    figures=(
        Figure(
            "answered", "over_time",
            "Connections that say nothing keep out those who would",
            ("time", "seconds"), ("requests answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.idle_timeout": "0.03"},
            ("late_speakers_cut", "kept_requests_unanswered", "kept_connections_closed_ratio"),
            "who does not speak at once is cut", alone=True,
        ),
        Sabotage(
            {"parse.idle_timeout": "0.4"}, ("kept_connections_closed_ratio",),
            "who pauses between two requests is cut",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="503 for newcomers, and the service has nothing to do: nobody says anything",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics | grep -E "
            "'^sevenstops_(connections_(bound|silent)|stop_refused_total.*max_connections.*) '",
            when_it_is="refusals for max_connections, and most places are held by the silent",
            when_not="no refusal, or few that are silent: look at heads and bodies that do not end",
            proves=the_silent_stay,
            promql=(
                "sevenstops_connections_silent > 0.5 * sevenstops_connections_bound "
                "and on (instance) "
                'increase(sevenstops_stop_refused_total{reason="max_connections"}[5m]) > 0'
            ),
            at=1.8,
        ),
    ),
)  # fmt: skip
