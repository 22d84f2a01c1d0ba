"""Parse: the service closes idle connections before the edge does; requests meet the close."""

import random
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
    plain_scene,
)
from sevenstops.lab.measurements import INTERVAL
from sevenstops.loading.plans import trace

# Silence after which the service closes a connection, before; edges keep one for seconds at least.
IDLE = 0.05
# Longer than any edge keeps one: Caddy does for 120 s.
LONG = 180
ORDERS = 150
BURSTS = 28
# The service looks for silent connections every 25 ms. A burst begins 15 ms after the connections
# of the one before are due, so that most are still there; and from burst to burst it is later by
# the golden ratio of those 25 ms, so that some of any few meet the look, whenever it began.
PAUSE = IDLE + 0.025 * 0.618034
SPREAD = 0.001


def plan(seed: int) -> Plan:
    """Bursts of orders, each when connections of the one before are about to be closed."""
    wobble = random.Random(seed)
    begins = [0.02 + wobble.uniform(0, 0.025)]
    for _ in range(BURSTS - 1):
        begins.append(begins[-1] + PAUSE + wobble.uniform(-SPREAD, SPREAD))
    body = '{"item":7,"count":1}'
    return Plan(
        seed=seed,
        arrivals=[trace([at for at in begins for _ in range(ORDERS)], begins[-1] + 0.1)],
        cool_down=1,
        connections=ORDERS,
        requests=[RequestSpec(name="order", method="POST", target="/echo", body=body, expect=body)],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """How many orders met the end of their connection."""
    result = scene.load(p)
    record = result.by_name["order"]
    series = result.series[: int(p.duration / INTERVAL)]
    scene.curves["lost"] = [(n * INTERVAL, i.failed + i.errors) for n, i in enumerate(series)]
    others = sum(n for status, n in record.statuses.items() if status not in (200, 502))
    bad = record.answered - record.statuses.get(200, 0)
    return {
        "orders_unanswered": record.due - record.answered + record.statuses.get(502, 0),
        "orders_refused": others,
        "wrong_answers": max(0, record.unexpected - bad),
    }


def closes_first(said: str) -> bool:
    """Whether the service's side of connections waits out the time of who has closed first."""
    return int(said) > 10


EXPERIMENT = Experiment(
    stop="parse",
    failure="idle-race",
    symptom="a few POST requests get 502, and the service has never seen them",
    fix="the service keeps idle connections for longer than the edge does, which closes them then",
    switch={"parse.idle_timeout": (str(IDLE), str(LONG))},
    lesson=(
        "A connection that was silent for long enough is closed by whoever has less patience. "
        "Where that is the service, the edge knows it only once the close has arrived; what it "
        "sends meanwhile is answered by a reset. Was it done or not? The edge can't tell, so nginx "
        "repeats a GET and no POST (RFC 9110, 9.2.2), and the user sees 502. HAProxy and Apache "
        "end the client's connection instead, for the client to ask again. If the edge is the one "
        "that closes, it sends nothing on what it closes. Real services wait for seconds, and a "
        "request meets the close rarely; here it is 50 ms, and orders come in bursts just then, so "
        "that a run of two seconds meets it often."
    ),
    in_the_wild=(
        "Node 8 to 25: server.keepAliveTimeout is 5 s by default; nginx keeps a connection to its "
        "upstream for 60 s (keepalive_timeout), and so does AWS's Application Load Balancer. "
        "Heroku's router does for 90 s; its templates for Node and Python were set to 95 s for "
        "this race in 2025."
    ),
    metrics=[
        Metric("orders_unanswered", "1", "client", "lower", "== 0",
               rule=f"of {BURSTS * ORDERS:,}: 502, or no answer at all"),
        Metric("orders_refused", "1", "client", "lower", "== 0", guard=True,
               rule="answered with anything but 200 and 502"),
        Metric("wrong_answers", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=1, kept=2 * ORDERS),
    order=8,
    core=False,
    needs_edge="it is about the connections that an edge keeps",
    figures=(
        Figure(
            "lost", "over_time",
            "Bursts that meet the close of their connections lose orders",
            ("time", "seconds"), ("orders lost in 0.1 s", "1"),
        ),
    ),
    sabotages=(
        Sabotage({"parse.header_count": "1"}, ("orders_refused",), "every order gets 431"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="A few requests get 502, and no log of the service has them",
            command="ss -tanH \"sport = :$PORT\" | grep -cE 'TIME-WAIT|FIN-WAIT'",
            when_it_is="many: of each connection the service is the one that closed first",
            when_not="about 0: the edge closes first, look for resets elsewhere",
            proves=closes_first,
            promql="increase(sevenstops_idle_connections_closed_total[5m]) > 0",
            severity="ticket",
            at=1.5,
        ),
    ),
)  # fmt: skip
