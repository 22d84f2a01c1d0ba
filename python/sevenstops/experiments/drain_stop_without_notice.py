"""Drain: a replica stops listening before the edge knows that it leaves."""

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager

from sevenstops._core import Plan
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
    replicas_scene,
)

END = 1.9
# When SIGTERM comes, and when whoever deploys has told an edge that asks nobody for his health.
TERM, TOLD = 0.4, 0.6
NOTICE = 0.9
# What an orchestrator gives a replica to end: more than its notice and its grace.
MOST = 2.5
# What a page waits for, so that some are always in progress.
WORK = 0.02


def plan(seed: int) -> Plan:
    """900 orders and 100 pages a second."""
    return orders_and_pages(seed, END)


def scene(lab: Lab, settings: SideSettings) -> AbstractContextManager[Scene]:
    """Two replicas, each with own work behind its pages."""
    return replicas_scene(lab, settings, rows=1, faults=(f"latency=constant/{WORK}",))


def stopped(scene: Scene) -> tuple[int | None, float]:
    """Stops the first replica in the middle of a load; its exit code, and after how many seconds
    it ended.
    """
    time.sleep(TERM)
    leaving = scene.service
    began = time.monotonic()
    leaving.leave()
    code = leaving.exit_code(TOLD - TERM)
    seconds = time.monotonic() - began
    time.sleep(max(0.0, TOLD - TERM - seconds))
    scene.edge.take_out(leaving.port)
    if code is None:
        code = leaving.exit_code(began + MOST - time.monotonic())
        seconds = time.monotonic() - began
    return code, seconds


def run(scene: Scene, p: Plan) -> Sample:
    """What became of the requests while one of two replicas was stopped."""
    with ThreadPoolExecutor(1) as thread:
        watched = thread.submit(stopped, scene)
        result = scene.load(p)
        code, seconds = watched.result()
    scene.curves["answered"] = goodput_curve(result.series[: round(END * 10)], 0.1)
    failed = result.due - result.all.outcomes.get("2xx", 0)
    by_the_other = scene.others["replica"].stops()["requests_total"]
    return {
        "requests_failed": failed,
        "wrong_answers": max(0, result.all.unexpected - failed),
        "latency_p99_seconds": percentile_seen(result.all.latency, 0.99),
        "answered_by_the_other_ratio": by_the_other / result.due,
        "stop_seconds": Censored(seconds) if code is None else seconds,
        "unclean_exits": int(code not in (None, 0)),
    }


EXPERIMENT = Experiment(
    stop="drain",
    failure="stop-without-notice",
    symptom="each deployment gives some users 502, and every replica ends what it has begun",
    fix="after SIGTERM the service goes on for a while, and only its health check says 503",
    switch={"drain.notice": ("0", str(NOTICE))},
    # What was begun is finished on both sides.
    settings={"drain.grace": "1", "drain.idle_grace": "0.3"},
    lesson=(
        "SIGTERM reaches a replica before the edge knows of it: the edge learns by its next health "
        "checks, or by being told, and sends requests until then. A graceful stop that begins by "
        "closing the listener ends well what it has begun, and refuses these. So the replica has "
        "to go on as before for longer than the edge needs to learn, and to say at its health "
        "check that it leaves. It costs that much time at each stop. HAProxy, Caddy and Apache ask "
        "for the replica's health here; nginx can't, and is told on both sides, 0.2 s after "
        "SIGTERM. An edge that asks the next replica where one refuses hides it: nginx does by "
        "default (proxy_next_upstream), HAProxy with option redispatch. That is off here, since "
        "not every edge can: kube-proxy passes connections on, and knows no requests."
    ),
    in_the_wild=(
        "Go's net/http (1.8 to 1.24, documented): Server.Shutdown first closes all listeners; so "
        "do uvicorn 0.28 and gunicorn at SIGTERM (gunicorn's issue 2911: the port is closed while "
        "the registry says that the service is up). Kubernetes tells the pod and those who send it "
        "requests at the same time, which is why pods sleep in a preStop hook."
    ),
    metrics=[
        Metric("requests_failed", "1", "client", "lower", "== 0",
               rule="of 1,900, whatever became of them"),
        Metric("wrong_answers", "1", "client", "lower", "== 0", guard=True),
        Metric("latency_p99_seconds", "seconds", "client", "lower", "<= 2 before", guard=True,
               slack=0.05),
        Metric("answered_by_the_other_ratio", "1", "service", "higher", ">= 0.65", guard=True,
               rule="half of the load until the edge knows, and all of it then"),
        Metric("stop_seconds", "seconds", "client", "lower", f"< {MOST}", guard=True,
               rule="from SIGTERM to the end of the process"),
        Metric("unclean_exits", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=1,
    core=False,
    needs_edge="who has one address has no other replica to ask",
    figures=(
        Figure(
            "answered", "over_time",
            "The edge goes on asking a replica that listens no more",
            ("time", "seconds"), ("requests answered", "1"),
            shade=(TERM, TOLD, "stopped, and the edge does not know"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"drain.notice": "60"}, ("stop_seconds",),
            "the replica never ends, and is killed with whatever it has in progress",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="502 for a moment whenever a replica is stopped",
            command="curl -s -o /dev/null -w '%{http_code} ' http://127.0.0.1:$PORT/healthz; "
            "echo exit code $?",
            when_it_is="after SIGTERM 000 and exit code 7: refused, the edge had no time to learn",
            when_not="after SIGTERM 503 and exit code 0: it says that it leaves, and still serves",
            proves=lambda said: said.split()[:1] == ["000"],
            at=0.8,
        ),
    ),
)  # fmt: skip
