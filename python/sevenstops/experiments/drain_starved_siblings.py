"""Drain: on an HTTP/2 connection one answer that is not read holds the window of all of them."""

import re

from sevenstops._core import Crowd, Histogram, Http2Spec, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
    failures,
    histogram_curve,
)
from sevenstops.loading.plans import constant

CLIENTS = 10
ASKED = 4
PATIENCE = 0.5
# An answer of 1,000 rows has some 130 KB, twice what a client's windows let through.
ROWS = 1000


def plan(seed: int) -> Plan:
    """Ten clients who each leave an export unread, and go on to ask for a user; 20 who read all."""
    return Plan(
        seed=seed,
        protocol="h2",
        arrivals=[constant(20, duration=2.5)],
        connections=4,
        read_timeout=PATIENCE,
        http2=Http2Spec(streams=10),
        requests=[RequestSpec(name="long", target=f"/orders?limit={ROWS}")],
        crowds=[
            Crowd(
                kind="http2_stopped_reader", target="/export.csv", count=CLIENTS, pause=0.3,
                depth=ASKED, pieces=[("/users/42", 0.02)],
            )
        ],
    )  # fmt: skip


def run(scene: Scene, p: Plan) -> Sample:
    """What those who do not read one answer get of the others."""
    result = scene.load(p)
    siblings = result.crowds[0]
    times = sorted(c.seconds for c in siblings.clients if c.whole and c.status == 200)
    late = siblings.fetches_due - len(times)
    seen = Histogram()
    for client in siblings.clients:
        seen.record(round(client.seconds * 1e6))
    scene.curves["siblings"] = histogram_curve(seen)
    return {
        "siblings_late_ratio": late / siblings.fetches_due,
        "long_answers_failed": failures(result, "long"),
    }


def windows_shut(said: str) -> bool:
    """Whether a fifth of the connections that speak HTTP/2 have no window left."""
    found = dict(re.findall(r"^sevenstops_http2_(\w+) (\d+)", said, re.M))
    return int(found["windows_shut"]) > int(found["connections_open"]) / 5


EXPERIMENT = Experiment(
    stop="drain",
    failure="stream-starves-siblings",
    symptom="one download that stands still, and every request on its connection waits",
    fix="the last of a connection's window is left to short answers",
    switch={"drain.window_reserve": ("0", "8192")},
    lesson=(
        "HTTP/2 gives each stream a window and all of them one more, and a client that says "
        "nothing has 65,535 bytes in both. So one answer that it does not read spends the window "
        "of the whole connection: every other answer has its head sent and its content kept back, "
        "while TCP, the service and the network stand idle. Larger windows on the client's side "
        "move the point; a service helps itself where it keeps the last few KiB of a connection's "
        "window for answers that fit in them. Long ones lose an eighth of such a window, and "
        "nothing of a larger one."
    ),
    in_the_wild=(
        "golang/go #16510, 'one slow stream may block all other streams in the same connection', "
        "the same the other way round, with an upload that a handler does not read."
    ),
    metrics=[
        Metric("siblings_late_ratio", "1", "client", "lower", "<= 0.05",
               rule=f"not answered in {PATIENCE} s, of all that were asked for"),
        Metric("long_answers_failed", "1", "client", "lower", "== 0", guard=True,
               rule="answers of twice the window, to clients who read"),
    ],
    plan=plan,
    run=run,
    order=2,
    core=False,
    without_edge=(
        "an edge speaks HTTP/1.1 to the service, and its own HTTP/2 is not what is looked at"
    ),
    figures=(
        Figure(
            "siblings", "histogram",
            "Short answers come at once, or not until the long one is read",
            ("time to the answer", "seconds"), ("requests", "1"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"drain.window_reserve": "65535"}, ("long_answers_failed",),
            "the whole of a client's window is kept back, and long answers never leave",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="HTTP/2: heads come and contents do not, on a few connections only",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep -E '^sevenstops_http2_(connections_open|windows_shut) '",
            when_it_is="windows that are shut, and stay so when you look again: the client does "
            "not read one of its answers",
            when_not="none: what is late is late before Drain, or the network is slow",
            proves=windows_shut,
            promql="sevenstops_http2_windows_shut > 0.2 * sevenstops_http2_connections_open",
            at=0.7,
        ),
    ),
)  # fmt: skip
