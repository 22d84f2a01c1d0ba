"""Accept: bursts of connections meet a stalled acceptor."""

import re
from functools import partial

from sevenstops._core import Plan
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
    histogram_curve,
    plain_scene,
)
from sevenstops.loading.plans import burst

STALL = 0.5
BURST = 150


def plan(seed: int) -> Plan:
    """150 new connections at once, every second, three times; a client gives up after 2.5 s."""
    return Plan(
        seed=seed,
        arrivals=[burst(BURST, period=1.0, duration=3.0)],
        connections=600,
        keep_alive=False,
        connect_timeout=1.5,
        read_timeout=1.0,
    )


def run(scene: Scene, p: Plan) -> Sample:
    """The acceptor takes nothing for 0.5 s of every second, the first one when the load begins."""
    drops = scene.service.listener().drops
    result = scene.load(p)
    connect = result.phases.connect
    answered = result.all.outcomes.get("2xx", 0)
    scene.curves["connect"] = histogram_curve(connect)
    return {
        "listen_drops": scene.service.listener().drops - drops,
        "slow_connects": connect.slower_than(0.9) + result.requests - connect.total,
        "vanished_requests": result.requests - answered,
        "latency_p99_seconds": result.all.latency.quantile(0.99),
        "handled_unanswered_requests": scene.service.stops()["stops"]["handle"]["entered"]
        - answered,
    }


def drops_shown(said: str) -> bool:
    """Whether ss shows drops of the listener: the d in its skmem."""
    return any(int(n) > 0 for n in re.findall(r"skmem:\([^)]*\bd(\d+)", said))


def slow_connect_shown(said: str) -> bool:
    """Whether the slowest connect took as long as a repeated SYN makes it."""
    return any(float(word) >= 0.9 for word in said.split())


EXPERIMENT = Experiment(
    stop="accept",
    failure="accept-queue-overflow",
    symptom="connects time out, the log is empty",
    fix="a backlog that holds the burst: 4096",
    switch={"accept.backlog": ("5", "4096")},
    lesson=(
        "The kernel completes a handshake only when the listener's queue has room for it. A "
        "full queue drops the SYN, and the client tries again after 1, 2 and 3 s; the process "
        "never hears of it. A backlog that holds the burst leaves nothing to drop: clients wait "
        "for as long as the acceptor does, and no longer."
    ),
    in_the_wild=(
        "Python 3.11's http.server and socketserver listen with a backlog of 5, asyncio with 100, "
        "Node 20 with 511."
    ),
    metrics=[
        Metric("listen_drops", "1", "sock_diag", "lower", "== 0"),
        Metric("slow_connects", "1", "client", "lower", "== 0"),
        Metric("vanished_requests", "1", "client", "lower", "== 0"),
        Metric(
            "latency_p99_seconds", "seconds", "client", "lower", f"<= {STALL + 0.3:g}", guard=True,
            rule="the acceptor's stall, and 0.3 s to serve a burst",
        ),
        Metric(
            "handled_unanswered_requests", "1", "service", "lower", "== 0", guard=True,
            rule="nothing is done for clients who have given up",
        ),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, faults=(f"stalled-acceptor={STALL:g}/1.0",)),
    without_edge="an edge accepts on the service's behalf and waits in its queue for the clients",
    figures=(
        Figure(
            "connect", "histogram",
            "A dropped SYN is sent again after 1, 2 and 3 s: connect times have peaks there",
            ("time to connect", "seconds"), ("connections", "1"), peaks=(1.0, 2.0, 3.0),
        ),
    ),
    sabotages=(
        Sabotage({"parse.header_count": "1"}, ("vanished_requests",), "every request gets 431"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Empty logs under load: users see timeouts, the service has logged nothing",
            command='ss -ltnmi "sport = :$PORT"',
            when_it_is="d in skmem above 0 and growing; Recv-Q at or above Send-Q, the backlog",
            when_not="d0: what is slow is behind the accept queue, go on at Parse",
            proves=drops_shown,
            promql="increase(sevenstops_listen_drops_total[5m]) > 0",
        ),
        Diagnostic(
            symptom="Connect times of 1 s, 2 s or 3 s, and few between",
            command="seq 240 | xargs -P 60 -I{} curl -s -o /dev/null -m 4 "
            "-w '%{time_connect}\\n' http://127.0.0.1:$PORT/healthz | sort -n | tail -1",
            when_it_is="about 1.0 (or 2.0, 3.0): the SYN was dropped and sent again",
            when_not="a few milliseconds: connecting is not what takes the time",
            proves=slow_connect_shown,
            counted=True,
            # Only a client sees how long connecting took: the drops above are the service's part.
            promql="",
        ),
    ),
)  # fmt: skip
