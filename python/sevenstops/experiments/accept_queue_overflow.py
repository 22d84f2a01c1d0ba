"""Accept: bursts of connections meet a stalled acceptor."""

import re
from functools import partial

from sevenstops._core import Plan
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    Sample,
    Scene,
    plain_scene,
)
from sevenstops.loading.plans import burst


def plan(seed: int) -> Plan:
    """150 new connections at once, every second, three times; a client gives up after 2.5 s."""
    return Plan(
        seed=seed,
        arrivals=[burst(150, period=1.0, duration=3.0)],
        connections=600,
        keep_alive=False,
        connect_timeout=1.5,
        read_timeout=1.0,
    )


def run(scene: Scene, p: Plan) -> Sample:
    """The acceptor takes nothing for 0.5 s of every second."""
    drops = scene.service.listener().drops
    result = scene.load(p)
    connect = result.phases.connect
    return {
        "listen_drops": scene.service.listener().drops - drops,
        "slow_connects": connect.slower_than(0.9) + result.requests - connect.total,
        "vanished_requests": result.requests - result.all.outcomes.get("2xx", 0),
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
    fix="backlog 4096, draining accepts",
    lesson=(
        "The kernel completes a handshake only when the listener's queue has room for it. A "
        "full queue drops the SYN, and the client tries again after 1, 2 and 3 s; the process "
        "never hears of it. A backlog that holds the burst, and an acceptor that empties the "
        "queue whenever it wakes, leave nothing to drop."
    ),
    metrics=[
        Metric("listen_drops", "1", "sock_diag", "lower", "== 0"),
        Metric("slow_connects", "1", "client", "lower", "== 0"),
        Metric("vanished_requests", "1", "client", "lower", "== 0"),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, faults=("stalled-acceptor=0.5/1.0",)),
    without_edge="an edge accepts on the service's behalf and waits in its queue for the clients",
    diagnostics=(
        Diagnostic(
            symptom="Empty logs under load: users see timeouts, the service has logged nothing",
            command='ss -ltnmi "sport = :$PORT"',
            when_it_is="d in skmem above 0 and growing; Recv-Q at or above Send-Q, the backlog",
            when_not="d0: what is slow is behind the accept queue, go on at Parse",
            proves=drops_shown,
            promql="rate(node_netstat_TcpExt_ListenDrops[5m]) > 0",
        ),
        Diagnostic(
            symptom="Connect times of 1 s, 2 s or 3 s, and few between",
            command="seq 600 | xargs -P 60 -I{} curl -s -o /dev/null -m 4 "
            "-w '%{time_connect}\\n' http://127.0.0.1:$PORT/healthz | sort -n | tail -1",
            when_it_is="about 1.0 (or 2.0, 3.0): the SYN was dropped and sent again",
            when_not="a few milliseconds: connecting is not what takes the time",
            proves=slow_connect_shown,
        ),
    ),
)
