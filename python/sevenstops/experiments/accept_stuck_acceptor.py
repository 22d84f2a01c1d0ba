"""Accept: one of several listeners is stuck, and keeps the connections that it was dealt."""

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
    goodput_curve,
    plain_scene,
)
from sevenstops.lab.measurements import INTERVAL
from sevenstops.loading.plans import constant

END = 2.0
PATIENCE = 0.8


def plan(seed: int) -> Plan:
    """100 requests a second, each on a connection of its own; a client gives up after 0.8 s."""
    return Plan(
        seed=seed,
        arrivals=[constant(100, duration=END)],
        connections=300,
        keep_alive=False,
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        requests=[RequestSpec(name="good", target="/healthz")],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """The second of two threads' listeners takes nothing."""
    result = scene.load(p)
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    good = result.by_name["good"]
    return {
        "unanswered_ratio": 1 - good.answered / good.due,
        "connections_waiting": scene.service.listener().queue_depth,
        "wrong_answers": good.answered - good.outcomes.get("2xx", 0),
    }


def one_queue_stands(said: str) -> bool:
    """Whether one of several listeners has a long queue, and another next to none."""
    queues = sorted(int(line.split()[1]) for line in said.splitlines() if "LISTEN" in line)
    return len(queues) > 1 and queues[-1] >= 10 and queues[0] <= queues[-1] / 4


EXPERIMENT = Experiment(
    stop="accept",
    failure="stuck-acceptor",
    symptom="a fixed share of connections gets no answer",
    fix="one acceptor takes connections and hands them to the threads",
    switch={"accept.reuse_port": ("true", "false")},
    lesson=(
        "With SO_REUSEPORT each thread has a listener and a queue of its own, and the kernel deals "
        "connections out by a hash, whether or not anybody takes them. Those dealt to a listener "
        "that is stuck wait for it, and a health check that is dealt to another says that all is "
        "well. With one queue and one acceptor for all there is no such share: should that one "
        "stick, everybody waits, and every check sees it."
    ),
    in_the_wild=(
        "Cloudflare, Why does one NGINX worker take all the load? (2017): with nginx's `reuseport` "
        "the load is even, and connections wait behind a busy worker while others are idle."
    ),
    metrics=[
        Metric("unanswered_ratio", "1", "client", "lower", "<= 0.02",
               rule="of all requests; one of two listeners gets about half of them"),
        Metric("connections_waiting", "1", "sock_diag", "lower", "<= 2",
               rule="in the kernel's queues when the load is over"),
        Metric("wrong_answers", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=1, threads=2, faults=("stuck-acceptor=2/60",)),
    order=4,
    core=False,
    without_edge="an edge keeps its connections to the service, and deals its clients out itself",
    figures=(
        Figure(
            "answered", "over_time",
            "Half of the connections are dealt to the listener that takes none",
            ("time", "seconds"), ("requests answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage({"parse.header_count": "1"}, ("wrong_answers",), "every request gets 431"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="A fixed share of connections times out, and the others are quick",
            command='ss -ltnH "sport = :$PORT"',
            when_it_is="several listeners, Recv-Q high and growing at one, about 0 at another",
            when_not="one listener, or queues of the same length: the load is too much for all",
            proves=one_queue_stands,
            promql="min_over_time(sevenstops_listen_queue_connections[1m]) > 0",
            at=1.6,
        ),
    ),
)  # fmt: skip
