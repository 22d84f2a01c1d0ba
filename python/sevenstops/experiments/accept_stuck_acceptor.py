"""Accept: one of several acceptors is stuck, and keeps the connections that it was dealt."""

from functools import partial

from sevenstops._core import Crowd, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
    goodput_curve,
    kept_connections,
    plain_scene,
)
from sevenstops.lab.measurements import INTERVAL
from sevenstops.loading.plans import constant

RATE = 100
END = 2.0
PATIENCE = 0.5


def plan(seed: int) -> Plan:
    """100 newcomers a second, who give up after 0.5 s, beside 20 users who keep their connections
    and ask four times each.
    """
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=END)],
        cool_down=1,
        connections=300,
        keep_alive=False,
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        requests=[RequestSpec(name="new", target="/users/42", expect='"handler":"user"')],
        crowds=[Crowd(kind="keep_alive_user", target="/users/42", count=20, pause=0.4, depth=4)],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """How many newcomers wait for an acceptor that takes nothing, and how those fare who came."""
    result = scene.load(p)
    waiting = scene.service.listener().queue_depth
    new = result.by_name["new"]
    users = kept_connections(result.crowds[0])
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    return {
        "newcomers_unanswered_ratio": 1 - new.answered / new.due,
        "connections_waiting": waiting,
        "wrong_answers": max(new.unexpected, new.answered - new.outcomes.get("2xx", 0)),
        "kept_requests_unanswered": users.unanswered,
        "kept_connections_closed": users.closed,
    }


def one_queue_stands(said: str) -> bool:
    """Whether one of several listeners has a long queue, and another next to none."""
    queues = sorted(int(line.split()[1]) for line in said.splitlines() if "LISTEN" in line)
    return len(queues) > 1 and queues[-1] >= 10 and queues[0] <= queues[-1] / 4


EXPERIMENT = Experiment(
    stop="accept",
    failure="stuck-acceptor",
    symptom="a fixed share of connections gets no answer, the others are quick",
    fix="all threads take connections from one listener that they share",
    switch={"accept.share_listener": ("false", "true")},
    lesson=(
        "With SO_REUSEPORT each thread has a listener and a queue of its own, and the kernel deals "
        "connections out by a hash, whether or not anybody takes them. Those dealt to a thread "
        "that is stuck wait for it while others are idle, and a health check that is dealt to "
        "another says that all is well. From one queue whoever is free takes the next connection. "
        "It costs a wake-up of every waiting thread, and the load is less even: the quickest takes "
        "most. What a stuck thread has taken waits for it either way; here its acceptor alone is "
        "stuck, on both sides."
    ),
    in_the_wild=(
        "nginx's `listen … reuseport` gives each worker a listener of its own. Cloudflare, Why "
        "does one NGINX worker take all the load? (2017): the load is even then, and the longest "
        "times and their spread are far worse. On Kong's pull request 12359 (2024), which would "
        "make it the default: what was dealt to a blocked worker is blocked with it."
    ),
    metrics=[
        Metric("newcomers_unanswered_ratio", "1", "client", "lower", "<= 0.05",
               rule="of all newcomers; one of two listeners is dealt about half of them"),
        Metric("connections_waiting", "1", "sock_diag", "lower", "<= 5",
               rule="in the kernel's queues when the load is over"),
        Metric("wrong_answers", "1", "client", "lower", "== 0", guard=True),
        Metric("kept_requests_unanswered", "1", "client", "lower", "== 0", guard=True,
               rule="of 80 by users who keep their connections"),
        Metric("kept_connections_closed", "1", "client", "lower", "== 0", guard=True,
               rule="times that one of them had to connect anew"),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=1, threads=2, faults=("stuck-acceptor=2/60",)),
    order=7,
    core=False,
    without_edge="an edge keeps its connections to the service, and deals its clients out itself",
    figures=(
        Figure(
            "answered", "over_time",
            "Half of the connections are dealt to the listener that takes none",
            ("time", "seconds"), ("newcomers answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.header_count": "1"}, ("wrong_answers",), "every newcomer gets 431",
        ),
        Sabotage(
            {"parse.idle_timeout": "0.1"}, ("kept_connections_closed",),
            "who pauses between two requests is cut",
        ),
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
