"""Middleware: a client's rate is asked for once the work has been done."""

import contextlib
import re
from collections.abc import Iterator

from sevenstops._core import Plan, RequestSpec
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
    failures,
    percentile_curve,
    plain_scene,
)
from sevenstops.loading.plans import constant

SECONDS = 2.0
# What each client may send a second, and at once.
RATE, BURST = 20, 8
# A page takes so long, and two are made at once: 100 a second, on any processor.
WORK = ("slow-dependency=0.02", "workers=2")
# Addresses for documentation (RFC 5737), as an edge would write them.
GREEDY, POLITE = "192.0.2.1", "192.0.2.2"


def page(name: str, client: str, weight: float) -> RequestSpec:
    """A page that takes work, for one client."""
    spec = RequestSpec(name=name, target="/page", weight=weight, expect='"page":"ok"')
    spec.headers = [("X-Forwarded-For", client)]
    return spec


def plan(seed: int) -> Plan:
    """190 pages a second for one client, 10 for another; 100 can be made, 20 are each one's own."""
    greedy = page("greedy", GREEDY, 19)
    polite = page("polite", POLITE, 1)
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=SECONDS)],
        connections=256,
        requests=[greedy, polite],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """One service that can make 100 pages a second."""
    with plain_scene(lab, settings, rows=1, faults=WORK) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """How long either of them waited, and what they got."""
    result = scene.load(p)
    greedy, polite = result.by_name["greedy"], result.by_name["polite"]
    scene.curves["latency"] = percentile_curve(polite.latency)
    quota = RATE * SECONDS + BURST
    return {
        "polite_latency_p50_seconds": polite.latency.quantile(0.5),
        "greedy_answer_p50_seconds": greedy.latency.quantile(0.5),
        "polite_requests_failed": max(failures(result, "polite"), polite.unexpected),
        "greedy_quota_ratio": greedy.outcomes.get("2xx", 0) / quota,
        "greedy_pages_beyond_quota": max(0.0, greedy.outcomes.get("2xx", 0) - quota),
    }


def worked_in_vain(said: str) -> bool:
    """Whether the counter shows refusals after the work."""
    found = re.search(r"^sevenstops_rate_limited_after_work_total (\d+)", said, re.M)
    return found is not None and int(found[1]) > 0


EXPERIMENT = Experiment(
    stop="middleware",
    failure="rate-limit-after-work",
    symptom="one client slows all others down although his requests get 429",
    fix="the rate is asked for before the work",
    switch={"middleware.rate_limit_first": ("false", "true")},
    settings={
        "middleware.rate_limit": str(RATE),
        "middleware.rate_burst": str(BURST),
        "middleware.client_by": "x_forwarded_for",
    },
    lesson=(
        "A limit is there to spare the work. Asked for afterwards it changes what the greedy "
        "client is told and nothing of what he costs: his pages are made, one after the other, and "
        "everybody waits behind them. A refusal has to be cheaper than what it refuses."
    ),
    in_the_wild=(
        "Django REST framework: APIView.initial() authenticates, which hashes a password for "
        "BasicAuthentication (PBKDF2, made to be slow), and looks at its throttles after that."
    ),
    metrics=[
        Metric(
            "polite_latency_p50_seconds", "seconds", "client", "lower", "<= 0.3 before",
            rule="a page behind the few that are the greedy client's, instead of behind all",
        ),
        Metric(
            "greedy_answer_p50_seconds", "seconds", "client", "lower", "<= 0.3 before",
            rule="of the greedy client, who is refused nine times of ten",
        ),
        Metric("polite_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric(
            "greedy_quota_ratio", "1", "client", "higher", ">= 0.8", guard=True,
            rule="the greedy client gets what is his: the burst and the rate",
        ),
        Metric(
            "greedy_pages_beyond_quota", "1", "client", "lower", "<= 8", guard=True,
            rule="and next to nothing besides: what his rate gives him while his last pages wait",
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=3,
    core=False,
    without_edge="to an edge all clients of the lab have one address; the load says who asks, as "
    "an edge would",
    figures=(
        Figure(
            "latency",
            "percentiles",
            "A polite client waits behind work that is done to be refused",
            ("share of the polite client's pages", "1"),
            ("latency", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"middleware.rate_limit": "0.5", "middleware.rate_burst": "1"},
            ("polite_requests_failed", "greedy_quota_ratio"),
            "a rate so low that polite clients are refused",
        ),
        Sabotage(
            {"middleware.rate_limit": "60"}, ("greedy_pages_beyond_quota",),
            "a rate so high that it limits nobody",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="429 climbs, and so does everybody's latency",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
            "| grep '^sevenstops_rate_limited_after_work_total'",
            when_it_is="above 0: requests get 429 once their work has been done",
            when_not="0: who is refused costs next to nothing, look at Handle",
            proves=worked_in_vain,
            promql="increase(sevenstops_rate_limited_after_work_total[5m]) > 0",
            at=1.5,
        ),
    ),
)  # fmt: skip
