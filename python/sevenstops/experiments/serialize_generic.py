"""Serialize: rows by way of a generic document, whose tree is built and thrown away each time."""

import csv
import io
import json
from functools import partial

from sevenstops._core import Plan, RequestSpec, Target, fetch
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
    plain_scene,
)
from sevenstops.loading.plans import constant

ROWS = 1000


def plan(seed: int) -> Plan:
    """Pages of a thousand rows at 40 a second, beside small requests."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=3)],
        connections=64,
        requests=[
            RequestSpec(name="small", target="/healthz", weight=4),
            RequestSpec(name="large", target=f"/orders?limit={ROWS}", weight=1),
        ],
    )


def wrong_rows(port: int) -> int:
    """How many rows of the JSON page are not, value by value, those of the CSV export."""
    exported = csv.DictReader(io.StringIO(fetch(Target(port), "/export.csv")[1]))
    page = json.loads(fetch(Target(port), f"/orders?limit={ROWS}")[1])["orders"]
    wanted = [{name: str(value) for name, value in row.items()} for row in exported][:ROWS]
    got = [{name: str(value) for name, value in row.items()} for row in page]
    return sum(a != b for a, b in zip(got, wanted, strict=False)) + abs(len(got) - len(wanted))


def run(scene: Scene, p: Plan) -> Sample:
    """What a row costs, and whether it is the right one."""
    result = scene.load(p)
    serialize = scene.service.stops()["stops"]["serialize"]
    large = result.by_name["large"]
    scene.curves["latency"] = percentile_curve(large.latency)
    return {
        "serialize_seconds_per_row": serialize["seconds"]
        / (ROWS * max(1, large.outcomes.get("2xx", 0))),
        "large_latency_p50_seconds": large.latency.quantile(0.5),
        "rows_wrong": wrong_rows(scene.service.port),
        "requests_failed": failures(result, "small") + failures(result, "large"),
    }


EXPERIMENT = Experiment(
    stop="serialize",
    failure="generic-serializer",
    symptom="most of the processor goes into making JSON",
    fix="a serializer compiled from the schema",
    switch={"serialize.compiled": ("false", "true")},
    settings={"serialize.page_limit": str(ROWS)},
    lesson=(
        "A generic document is a tree: an allocation for every value, and a look at its kind when "
        "it is written. Who knows the schema writes the same bytes from the row itself. It changes "
        "what a row costs, not how many there are: pages bound that."
    ),
    in_the_wild=(
        "FastAPI's default response walks every answer with jsonable_encoder before it is written; "
        "with a schema writer a row costs a tenth to a twentieth of a generic document here."
    ),
    metrics=[
        Metric("serialize_seconds_per_row", "seconds", "service", "lower", "<= 0.5 before",
               rule="half of what a row cost before on this processor"),
        Metric(
            "large_latency_p50_seconds", "seconds", "client", "lower", "<= 1.1 before", guard=True,
            rule="no client waits longer for its page than before, but for a tenth of noise",
        ),
        Metric("rows_wrong", "1", "client", "lower", "== 0", guard=True,
               rule="the page parsed and compared with the CSV export, value by value"),
        Metric("requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=ROWS * 2),
    order=1,
    core=False,
    figures=(
        Figure(
            "latency", "percentiles", "The same rows, the same bytes, less work for each",
            ("share of large answers", "1"), ("time to the answer", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage({"serialize.page_limit": "1"}, ("rows_wrong",), "a page of one row"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="The processor is busy, and no query is slow",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics | awk "
            "'/^sevenstops_stop_duration_seconds_sum.*serialize/ {s = $2} "
            "/^sevenstops_stop_duration_seconds_sum.*handle/ {h = $2} END {print h ? s / h : 0}'",
            when_it_is="serializing takes about as long as handling, or longer",
            when_not="a part of it",
            proves=lambda said: float(said) > 0.75,
            # And a two-hundredth of a processor: of next to nothing a large part is nothing.
            promql=(
                'rate(sevenstops_stop_duration_seconds_sum{stop="serialize"}[5m]) > '
                "ignoring(stop) 0.75 * "
                'rate(sevenstops_stop_duration_seconds_sum{stop="handle"}[5m]) and ignoring(stop) '
                'rate(sevenstops_stop_duration_seconds_sum{stop="serialize"}[5m]) > 0.005'
            ),
            severity="ticket",
        ),
    ),
)  # fmt: skip
