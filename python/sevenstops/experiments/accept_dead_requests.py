"""Accept: after a stall the service works through requests whose clients have given up."""

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

STALL = 1.5
PATIENCE = 1.0
# Three workers and 4 ms of work: 750 pages a second, of which 600 are asked for.
FAULTS = (f"stalled-acceptor={STALL:g}/60", "latency=constant/0.004", "workers=3")
RATE = 600
END = 3.5


def plan(seed: int) -> Plan:
    """600 pages a second, each on a connection of its own; a client gives up after 1 s."""
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, duration=END)],
        connections=3000,
        keep_alive=False,
        connect_timeout=PATIENCE,
        read_timeout=PATIENCE,
        requests=[RequestSpec(name="page", target="/page")],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """The acceptor takes nothing for the first 1.5 s."""
    result = scene.load(p)
    answered = result.all.outcomes.get("2xx", 0)
    scene.curves["answered"] = goodput_curve(result.series[: round(END / INTERVAL)])
    return {
        "dead_requests_served": scene.service.stops()["work_completed_total"] - answered,
        "answered_ratio": answered / result.due,
    }


def waits(said: str) -> bool:
    """Whether most of some answers took more than half of the clients' patience."""
    slow = [float(seconds) > PATIENCE / 2 for seconds in said.split()]
    return sum(slow) > len(slow) / 2


EXPERIMENT = Experiment(
    stop="accept",
    failure="dead-requests-served",
    symptom="the stall is over, the service is busy, and nobody gets an answer",
    fix="a connection that waited for 0.5 s in the kernel's queue is turned away",
    switch={"accept.queue_time": ("0", "0.5")},
    # Where a handler is told that its client has left, most of the work ends early by that.
    settings={"handle.cancel": "false", "handle.deadline": "5", "handle.hop_timeout": "5"},
    lesson=(
        "A long backlog keeps what comes during a stall, and the oldest are served first: those "
        "who have waited longest and are about to give up, or have. While they are served, the "
        "others grow old. Who has waited for too long is turned away at once, and the first "
        "one that is served is one who still waits."
    ),
    in_the_wild=(
        "Facebook, Fail at Scale (2015), bounds the time in a queue for this reason; a listen "
        "backlog has no such bound in Linux, and with 4,096 places it holds seconds of traffic."
    ),
    metrics=[
        Metric("dead_requests_served", "1", "service", "lower", "<= 20",
               rule="pages that were made and reached nobody"),
        Metric("answered_ratio", "1", "client", "higher", ">= 0.6", guard=True,
               rule="of all; those of the stall's first second can't be helped"),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=1, threads=1, faults=FAULTS),
    without_edge="an edge accepts on the service's behalf and waits in its queue for the clients",
    order=2,
    figures=(
        Figure(
            "answered", "over_time",
            "The stall is over after 1.5 s; for those who come later it goes on",
            ("time", "seconds"), ("requests answered", "1"),
            shade=(0, STALL, "nothing is accepted"), end=END,
        ),
    ),
    sabotages=(
        Sabotage({"parse.header_count": "1"}, ("answered_ratio",), "every request gets 431"),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="After a pause the service is busy, and clients time out all the same",
            command=(
                "for i in $(seq 5); do curl -s -o /dev/null -m 5 -w '%{time_total}\\n' "
                "http://127.0.0.1:$PORT/page & done; wait"
            ),
            when_it_is="about as long as clients wait, or longer: work for those who have left",
            when_not="a good deal shorter than that",
            proves=waits,
            counted=True,
            # They waited, and nobody was turned away for it.
            promql=(
                'histogram_quantile(0.9, rate(sevenstops_stop_duration_seconds_bucket{'
                'stop="accept"}[5m])) > 0.5 unless on (instance) '
                'increase(sevenstops_stop_refused_total{reason="accept_queue_time"}[5m]) > 0'
            ),
            at=2.0,
        ),
    ),
)  # fmt: skip
