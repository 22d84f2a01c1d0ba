"""Accept: the kernel gives a listener less of a backlog than it asks for, and says nothing."""

import contextlib
from collections.abc import Iterator

from sevenstops._core import Plan
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Lab,
    Metric,
    Sabotage,
    Sample,
    Scene,
    SideSettings,
    histogram_curve,
    plain_scene,
)
from sevenstops.lab.network import own_network
from sevenstops.loading.plans import burst

STALL = 0.5
BURST = 300
# Linux's own before 5.4.
SOMAXCONN = 128
BACKLOG = 4096


def plan(seed: int) -> Plan:
    """300 new connections at once; a client gives up after 2.5 s."""
    return Plan(
        seed=seed,
        arrivals=[burst(BURST, period=1.0, duration=1.0)],
        connections=2 * BURST,
        keep_alive=False,
        connect_timeout=1.5,
        read_timeout=1.0,
    )


@contextlib.contextmanager
def cut_scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """A service in a network namespace whose somaxconn is 128; its acceptor stalls for 0.5 s."""
    faults = (f"stalled-acceptor={STALL:g}/60",)
    with own_network(SOMAXCONN), plain_scene(lab, settings, rows=1, faults=faults) as scene:
        scene.content["somaxconn"] = SOMAXCONN
        yield scene


def run(scene: Scene, p: Plan) -> Sample:
    """The acceptor takes nothing for the first 0.5 s."""
    drops = scene.service.listener().drops
    result = scene.load(p)
    connect = result.phases.connect
    scene.curves["connect"] = histogram_curve(connect)
    return {
        "listen_drops": scene.service.listener().drops - drops,
        "slow_connects": connect.slower_than(0.9) + result.requests - connect.total,
        "requests_failed": result.requests - result.all.outcomes.get("2xx", 0),
    }


def cut(said: str) -> bool:
    """Whether Send-Q of the listener, its backlog, is no more than an old kernel's somaxconn."""
    return int(said.split()[2]) <= SOMAXCONN


EXPERIMENT = Experiment(
    stop="accept",
    failure="backlog-cut-by-somaxconn",
    symptom="connects take a second although the backlog is long",
    fix=f"net.core.somaxconn is raised to the backlog that is asked for: {BACKLOG}",
    switch={"accept.somaxconn": ("0", str(BACKLOG))},
    lesson=(
        "listen() takes any backlog and keeps what net.core.somaxconn allows, without an error. "
        "The limit belongs to the network namespace, so that a container has its own, and a number "
        "in a configuration says nothing of the queue that there is: only the kernel does."
    ),
    in_the_wild=(
        "net.core.somaxconn was 128 before Linux 5.4. Redis says so at its start: 'The TCP backlog "
        "setting of 511 cannot be enforced because /proc/sys/net/core/somaxconn is set to the "
        "lower value of 128'; most services don't."
    ),
    metrics=[
        Metric("listen_drops", "1", "sock_diag", "lower", "== 0"),
        Metric("slow_connects", "1", "client", "lower", "== 0"),
        Metric("requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=cut_scene,
    order=5,
    core=False,
    needs_network="net.core.somaxconn is lowered for it, which belongs to a network namespace",
    without_edge="an edge accepts on the service's behalf and waits in its queue for the clients",
    figures=(
        Figure(
            "connect", "histogram",
            f"Of a backlog of {BACKLOG:,} the kernel keeps {SOMAXCONN}: others come a second later",
            ("time to connect", "seconds"), ("connections", "1"), peaks=(1.0,),
        ),
    ),
    sabotages=(
        Sabotage({"parse.header_count": "1"}, ("requests_failed",), "every request gets 431"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Drops in bursts, although the configured backlog would hold them",
            command='ss -ltnH "sport = :$PORT"',
            when_it_is="Send-Q, the backlog, is somaxconn (128), not what the service asked for",
            when_not="Send-Q is what was asked for: then that is too small, or nobody takes them",
            proves=cut,
            promql=(
                "increase(sevenstops_listen_drops_total[5m]) > 0 and on (instance) "
                f"sevenstops_listen_backlog_connections <= {SOMAXCONN}"
            ),
            at=0.3,
        ),
    ),
)  # fmt: skip
