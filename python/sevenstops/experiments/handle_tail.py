"""Handle: a page that waits for a hundred leaves, of which one in a hundred is slow.

After Dean and Barroso, *The Tail at Scale* (CACM 56(2), 2013).
"""

import contextlib
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
    extra_requests,
    percentile_curve,
    percentile_seen,
    slowest_curve,
    tree_scene,
)
from sevenstops.loading.plans import constant

LEAVES = 100
# Each leaf's replicas are one in each of these.
PROCESSES = 4
SLOW_SHARE = 0.01
SLOW = 1.0
RATE = 60
PAGES = 800
# A leaf is estimated after 1,000 answers: 10 pages.
WARM_UP = 2.0


def plan(seed: int, rate: float = RATE, pages: int = PAGES, warm_up: float = WARM_UP) -> Plan:
    """Pages at a constant rate; the first ones, while the estimate warms up, aren't recorded."""
    return Plan(
        seed=seed,
        arrivals=[constant(rate, duration=warm_up + pages / rate)],
        warm_up=warm_up,
        connections=256,
        requests=[RequestSpec(name="page", target="/page")],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings, leaves: int = LEAVES) -> Iterator[Scene]:
    """A page over `leaves` leaves; each leaf has replicas in different processes."""
    replicas = [
        ("latency=lognormal/0.01/0.3", f"straggle={SLOW_SHARE}/{SLOW}", f"seed={lab.seed + n}")
        for n in range(PROCESSES)
    ]
    with tree_scene(lab, settings, {f"leaf*{leaves}": replicas}) as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """The tail of pages, the share that a slow leaf held up, and what hedges cost."""
    result = scene.load(p)
    page = result.by_name["page"]
    scene.curves["latency"] = percentile_curve(page.latency)
    scene.curves["cold"] = slowest_curve(result.series, WARM_UP + 4)
    return {
        "latency_p50_seconds": percentile_seen(page.latency, 0.5),
        "latency_p99_seconds": percentile_seen(page.latency, 0.99),
        "latency_p995_seconds": percentile_seen(page.latency, 0.995),
        "slow_pages_ratio": page.latency.slower_than(SLOW / 2) / max(1, page.latency.total),
        "extra_requests_ratio": extra_requests(scene.service.stops()),
        "pages_failed": sum(n for kind, n in page.outcomes.items() if kind != "2xx"),
    }


EXPERIMENT = Experiment(
    stop="handle",
    failure="tail-without-hedging",
    symptom="most pages are slow although every service answers 99 of 100 requests fast",
    fix="up to two hedges to other replicas, at a point the service finds",
    switch={"handle.hedge.most": ("0", "2")},
    settings={
        # Neither side may cut the tail by giving up: it is looked at whole.
        "handle.propagate_deadline": "false",
        "handle.hop_timeout": "5",
    },
    lesson=(
        "A page that waits for a hundred answers is as slow as the slowest of them: with 1 % slow "
        "ones, 1 - 0.99^100 = 63 % of pages wait for one. A second and a third request to other "
        "replicas, sent once an answer is later than nearly all, leave the slow ones behind. One "
        "hedge isn't enough for 100 leaves: 1 % of 1 % is still one page in a hundred. What is "
        "late has to be learnt first: the first pages after a start are as slow as without."
    ),
    in_the_wild=(
        "Dean and Barroso, The Tail at Scale (2013): 63 % of requests over 100 servers wait for "
        "the slowest hundredth; hedging cut a BigTable read's p99.9 from 1,800 to 74 ms."
    ),
    metrics=[
        Metric(
            "latency_p995_seconds",
            "seconds",
            "client",
            "lower",
            f"<= {SLOW / 5:g}",
            rule="a fifth of a slow answer; of 800 pages it is the fifth slowest: with two hedges "
            "one page in 10,000 is slow, with one it is one in a hundred; a pause of the machine "
            "makes all answers late and spends the budget of hedges, which cost three pages where "
            "it was seen",
        ),
        Metric("slow_pages_ratio", "1", "client", "lower", "<= 0.01"),
        Metric("latency_p99_seconds", "seconds", "client", "lower", f"<= {SLOW / 10:g}"),
        Metric("latency_p50_seconds", "seconds", "client", "lower", f"<= {SLOW / 10:g}"),
        Metric("extra_requests_ratio", "1", "service", "lower", "<= 0.03", guard=True),
        Metric("pages_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=1,
    figures=(
        Figure(
            "latency",
            "percentiles",
            "A page of 100 leaves waits for the slowest of them",
            ("share of pages", "1"),
            ("time to a page", "seconds"),
            threshold=SLOW / 5,
        ),
        Figure(
            "cold",
            "over_time",
            "What is late has to be learnt: the first pages are not helped",
            ("time since the start", "seconds"),
            ("slowest page in each 0.1 s", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"handle.propagate_deadline": "true", "handle.deadline": "0.05"},
            ("pages_failed",),
            "every slow page is an error",
            alone=True,
        ),
    ),
    core=False,
    diagnostics=(
        Diagnostic(
            symptom="Most pages are slow although 99 of 100 answers of each service are fast",
            command=(
                "for i in 1 2 3 4 5 6 7 8; do curl -s -o /dev/null -w '%{time_total}\\n' "
                "http://127.0.0.1:$PORT/page; done | sort -n | tail -2 | head -1"
            ),
            when_it_is="two of eight take as long as a slow answer of one leaf",
            when_not="all but one take a few times what a leaf usually does",
            proves=lambda said: float(said) > SLOW / 2,
            at=WARM_UP + 3,
            # Far above what half of its parts take: where all are slow it is something else.
            promql=(
                "histogram_quantile(0.5, rate("
                'sevenstops_stop_duration_seconds_bucket{stop="handle"}[5m])) > ignoring(stop) '
                "10 * histogram_quantile(0.5, rate("
                f"sevenstops_dependency_duration_seconds_bucket[5m])) > {SLOW / 2:g}"
            ),
            severity="ticket",
        ),
    ),
)
