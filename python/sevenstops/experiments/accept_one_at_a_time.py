"""Accept: a busy loop takes one connection in each of its rounds."""

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
    plain_scene,
)
from sevenstops.lab.measurements import INTERVAL
from sevenstops.loading.plans import constant

RATE = 300
END = 2.0
PATIENCE = 0.5
# More than there are newcomers in a round, and less than stand in the queue without the fix.
MANY = 60


def plan(seed: int) -> Plan:
    """64 clients who pipeline 4,000 requests each, again and again; 300 newcomers a second, who
    give up after 0.5 s.
    """
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=END)],
        cool_down=2,
        connections=2000,
        keep_alive=False,
        connect_timeout=1.0,
        read_timeout=PATIENCE,
        requests=[RequestSpec(name="new", target="/healthz")],
        crowds=[Crowd(kind="pipeliner", target="/users/42", count=64, depth=4000, repeat=True)],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """How many newcomers get an answer in time beside those who are there."""
    result = scene.load(p)
    new, others = result.by_name["new"], result.crowds[0]
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    return {
        "newcomers_unanswered_ratio": 1 - new.answered / new.due,
        "wrong_answers": new.answered - new.outcomes.get("2xx", 0),
        "pipeliners_bytes": others.bytes_read,
        "pipeliners_refused": others.answered - others.statuses.get(200, 0),
    }


def many_wait(said: str) -> bool:
    """Whether Recv-Q, the listener's queue, is long."""
    return int(said.split()[1]) > MANY


EXPERIMENT = Experiment(
    stop="accept",
    failure="one-accept-per-wake-up",
    symptom="newcomers time out while others are served",
    fix="every waiting connection is taken on each wake-up",
    switch={"accept.drain_queue": ("false", "true")},
    # Neither side turns away who has waited for long.
    settings={"accept.queue_time": "0"},
    lesson=(
        "A loop that takes one connection whenever the listener is readable takes one in each "
        "round, however many wait. A round is as long as the work of those who are there, so that "
        "the busier the loop, the fewer get in: it looks well from within, and nobody new reaches "
        "it. Taking all that wait costs microseconds and gives newcomers their turn in the next "
        "round."
    ),
    in_the_wild=(
        "nginx: multi_accept is off by default, and a worker 'will accept one new connection at a "
        "time'."
    ),
    metrics=[
        Metric("newcomers_unanswered_ratio", "1", "client", "lower", "<= 0.1",
               rule="of all newcomers, each on a connection of its own"),
        Metric("wrong_answers", "1", "client", "lower", "== 0", guard=True),
        Metric("pipeliners_bytes", "bytes", "client", "higher", ">= 0.5 before", guard=True,
               rule="answers to those who were there already: half of what it was, at the least"),
        Metric("pipeliners_refused", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=1),
    order=6,
    core=False,
    without_edge="an edge keeps its connections to the service, so that hardly any is new",
    figures=(
        Figure(
            "answered", "over_time",
            "A busy loop that takes one connection a round keeps newcomers waiting",
            ("time", "seconds"), ("newcomers answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage({"parse.header_count": "1"}, ("wrong_answers",), "every newcomer gets 431"),
        Sabotage(
            {"middleware.rate_limit": "100"}, ("pipeliners_refused",),
            "those who were there get 429 in favour of newcomers, who ask for what has no limit",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Newcomers wait in the kernel's queue while the service answers others",
            command='ss -ltnH "sport = :$PORT"',
            when_it_is="Recv-Q stays in the dozens or hundreds: more come than one a round",
            when_not="Recv-Q near 0: who connects is taken at once",
            proves=many_wait,
            promql=(
                'histogram_quantile(0.5, rate(sevenstops_stop_duration_seconds_bucket{'
                'stop="accept"}[5m])) > 0.25'
            ),
            at=1.4,
        ),
    ),
)  # fmt: skip
