"""Serialize: all rows in one answer, beside small requests."""

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
    failures,
    percentile_curve,
    percentile_seen,
    plain_scene,
)
from sevenstops.loading.plans import poisson

ROWS = 5000
SECONDS = 4.0


def plan(seed: int) -> Plan:
    """Small requests at 400 a second; eight clients who fetch all rows once a second each."""
    return Plan(
        seed=seed,
        arrivals=[poisson(400, duration=SECONDS)],
        connections=64,
        requests=[RequestSpec(name="small", target="/healthz")],
        crowds=[Crowd(kind="pager", target=f"/orders?limit={ROWS}", count=8, rate=1)],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """One I/O thread serves both; who wants all rows follows `next` until there is none."""
    result = scene.load(p)
    small = result.by_name["small"]
    scene.curves["latency"] = percentile_curve(small.latency)
    pager = result.crowds[0]
    # What is under way at the end may be unfinished: one fetch of each client.
    wanted = pager.fetches_due - p.crowds[0].count
    whole = [c for c in pager.clients if c.whole and c.rows == ROWS]
    serialize = scene.service.stops()["stops"]["serialize"]
    rows = sum(c.rows for c in pager.clients)
    return {
        "small_latency_p99_seconds": percentile_seen(small.latency, 0.99),
        "serialize_seconds_per_row": serialize["seconds"] / max(1, rows),
        "fetches_not_whole": max(0, wanted - len(whole)),
        "rows_repeated": sum(c.repeated for c in pager.clients),
        "small_requests_failed": failures(result, "small"),
    }


EXPERIMENT = Experiment(
    stop="serialize",
    failure="unbounded-serialization",
    symptom="p99 of small requests tracks the size of large answers",
    fix="pages of 100 rows, and where the next one is",
    switch={"serialize.page_limit": ("1000000", "100")},
    # The serializer is another experiment: both sides have the one that most services have.
    settings={"serialize.compiled": "false"},
    lesson=(
        "Whoever shares a thread with a large answer waits until it has been written. Pages "
        "bound the work of one request: a client that wants all rows gets them, in as many "
        "answers, between which others have their turn."
    ),
    in_the_wild=(
        "Kubernetes #114276: a LIST without pages answers with 50 MiB, and costs the API server "
        "1.5 GiB."
    ),
    metrics=[
        Metric("small_latency_p99_seconds", "seconds", "client", "lower", "<= 0.5 before",
               rule="half of what it was before on this processor"),
        Metric("fetches_not_whole", "1", "client", "lower", "== 0", guard=True,
               rule="every row exactly once for who wants all, whatever the size of a page"),
        Metric("rows_repeated", "1", "client", "lower", "== 0", guard=True),
        Metric("small_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric("serialize_seconds_per_row", "seconds", "service", "lower", "<= 2 before",
               guard=True, rule="a row costs at most twice as much in pages"),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=ROWS),
    figures=(
        Figure(
            "latency", "percentiles", "One answer of 5,000 rows is everybody's latency",
            ("share of small requests", "1"), ("time to the answer", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage({"serialize.page_limit": "1"}, ("fetches_not_whole", "serialize_seconds_per_row"),
                 "5,000 requests for 5,000 rows: nobody gets to the end"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="p99 spikes track the size of answers",
            command="curl -s -o /dev/null -w '%{size_download}' "
            '"http://127.0.0.1:$PORT/orders?limit=5000"',
            when_it_is="hundreds of kilobytes in one answer: nothing bounds it",
            when_not="a page, whatever was asked for",
            proves=lambda said: int(said) > 100_000,
            promql="increase(sevenstops_answers_large_total[5m]) > 0",
            severity="ticket",
        ),
    ),
)  # fmt: skip
