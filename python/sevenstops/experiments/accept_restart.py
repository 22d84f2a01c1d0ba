"""Accept: a new version can start only once the old one has gone."""

import contextlib
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

from sevenstops._core import Plan
from sevenstops.errors import LabError
from sevenstops.evidence.metrics import Censored
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
    goodput_curve,
    orders_and_pages,
    percentile_seen,
    plain_scene,
)

END = 2.0
# When the new version comes.
DEPLOY = 0.4
# What an orchestrator gives the old one to end.
MOST = 2.0
# What a page waits for: the old version takes as long to end what it has begun.
WORK = 0.3
# Who waits longer for an answer has left; an edge that tries to connect again makes users wait.
LATE = 0.8


def plan(seed: int) -> Plan:
    """900 orders and 100 pages a second."""
    return orders_and_pages(seed, END)


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """A service with own work behind its pages; the new version is "next" among the others."""
    with plain_scene(lab, settings, rows=1, faults=(f"latency=constant/{WORK}",)) as made:
        try:
            yield made
        finally:
            for other in made.others.values():
                other.stop()


def deployed(scene: Scene) -> tuple[int | None, float]:
    """Replaces the service in the middle of a load; the old one's exit code, and after how many
    seconds it ended.

    The new one starts beside the old one, which is told to end then. Where it can't, the old one
    has to end first.
    """
    old = scene.service
    try:
        scene.others["next"] = old.successor()
    except LabError as error:
        if "in use" not in str(error):
            raise
    began = time.monotonic()
    old.leave()
    code = old.exit_code(MOST)
    seconds = time.monotonic() - began
    old.stop()
    if "next" not in scene.others:
        scene.others["next"] = old.successor()
    return code, seconds


def run(scene: Scene, p: Plan) -> Sample:
    """What became of the requests while the service was replaced."""
    with ThreadPoolExecutor(1) as thread:
        loaded = thread.submit(scene.load, p)
        # The new one is this thread's: a process ends with the thread that began it.
        time.sleep(DEPLOY)
        code, seconds = deployed(scene)
        result = loaded.result()
    scene.curves["answered"] = goodput_curve(result.series[: round(END * 10)], 0.1)
    failed = result.due - result.all.outcomes.get("2xx", 0)
    late = sum(n for micros, n in result.all.latency.counts() if micros > LATE * 1e6)
    by_the_next = scene.others["next"].stops()["requests_total"]
    return {
        "requests_failed_or_late": failed + late,
        "wrong_answers": max(0, result.all.unexpected - failed),
        "latency_p99_seconds": percentile_seen(result.all.latency, 0.99),
        "answered_by_the_next_ratio": by_the_next / result.due,
        "stop_seconds": Censored(seconds) if code is None else seconds,
        "unclean_exits": int(code not in (None, 0)),
    }


EXPERIMENT = Experiment(
    stop="accept",
    failure="restart-leaves-a-gap",
    symptom="each new version refuses everybody for a moment",
    fix="the new version shares the port with the old one, which ends then",
    switch={"accept.take_over": ("false", "true")},
    # What was begun is finished on both sides.
    settings={"drain.grace": "1", "drain.idle_grace": "0.3", "handle.deadline": "2"},
    lesson=(
        "Who has one address can't start the new version before the old one has given its port "
        "back, and the old one first finishes what it has begun. For that long, and for as long "
        "as a start takes, nobody listens. With SO_REUSEPORT both listen: the new one comes, and "
        "the old one goes then. What the old one has in its queue when it closes would be reset; "
        "the kernel gives it to the new one where net.ipv4.tcp_migrate_req is on (Linux 5.14), "
        "which the service turns on in its network namespace. The deployment is the same on both "
        "sides: it starts the new version, and stops the old one first only where that is refused. "
        "HAProxy tries to connect again after a second: its users wait instead of being refused."
    ),
    in_the_wild=(
        "HAProxy up to 1.7 lost the connections in the queue of the listener that closed at each "
        "reload (Yelp held SYNs back for it, 2015); 1.8 hands its sockets over. systemctl restart "
        "stops a unit before it starts it, and so does Kubernetes with the strategy Recreate."
    ),
    metrics=[
        Metric("requests_failed_or_late", "1", "client", "lower", "== 0",
               rule=f"of 2,000, those that got no 2xx, or got it after more than {LATE} s"),
        Metric("wrong_answers", "1", "client", "lower", "== 0", guard=True),
        Metric("latency_p99_seconds", "seconds", "client", "lower", "<= 2 before", guard=True,
               slack=0.05),
        Metric("answered_by_the_next_ratio", "1", "service", "higher", ">= 0.3", guard=True,
               rule="all that comes after it does, and it comes before half of the load has"),
        Metric("stop_seconds", "seconds", "client", "lower", f"< {MOST:g}", guard=True,
               rule="from SIGTERM to the end of the old process"),
        Metric("unclean_exits", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=8,
    core=False,
    figures=(
        Figure(
            "answered", "over_time",
            "Between the old version and the new one nobody listens",
            ("time", "seconds"), ("requests answered", "1"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"drain.notice": "60"}, ("stop_seconds", "answered_by_the_next_ratio"),
            "the old version never ends, and is killed with whatever it has in progress",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="502 for everybody for a moment at each new version",
            command="ss -Hltn \"sport = :$PORT\" | wc -l",
            when_it_is="while it is deployed 0: nobody listens, each handshake is refused",
            when_not="while it is deployed at least 1: somebody listens all the time",
            proves=lambda said: said.strip() == "0",
            at=0.55,
        ),
    ),
)  # fmt: skip
