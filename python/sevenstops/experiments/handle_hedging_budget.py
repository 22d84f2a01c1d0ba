"""Handle: hedges without a budget, to upstreams that can't call work off, as most can't."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from sevenstops.experiments import handle_hedging_overload as losers
from sevenstops.experiments.base import (
    Diagnostic,
    Lab,
    Metric,
    Sabotage,
    Scene,
    SideSettings,
)


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """The same replicas, which work to the end for whoever has left."""
    with losers.scene(lab, settings, own={"handle.cancel": "false"}) as made:
        yield made


EXPERIMENT = replace(
    losers.EXPERIMENT,
    failure="hedging-without-budget",
    symptom="hedges bring down upstreams that work on for callers who have left",
    fix="hedges within a budget: one request in twenty",
    switch={"handle.hedge.budget": ("10", "0.05")},
    settings=losers.WITHOUT_BOUND,
    lesson=(
        "Calling off a loser helps only where the upstream notices. Most do not: what has begun is "
        "done to its end. Then the only bound is on what is sent. A budget knows a slow replica "
        "from slow replicas by volume alone: hedges that would be more than one in twenty are not "
        "sent."
    ),
    in_the_wild=(
        "Bronson et al., Metastable Failures in Distributed Systems (HotOS 2021): work that is "
        "added when things are slow keeps them slow. gRPC's and Pub/Sub's clients have token "
        "buckets against it."
    ),
    metrics=[
        Metric("goodput_ratio", "1", "client", "higher", ">= 0.95"),
        Metric("extra_requests_ratio", "1", "service", "lower", "<= 0.055"),
        Metric("goodput_before_ratio", "1", "client", "higher", ">= 0.99", guard=True),
        Metric("goodput_during_ratio", "1", "client", "higher", ">= 0.5 before", guard=True,
               rule="while all are slow, at least half of what it was before"),
    ],
    scene=scene,
    order=5,
    sabotages=(
        Sabotage(
            {"handle.hop_timeout": "0.002"},
            ("goodput_ratio", "goodput_before_ratio", "goodput_during_ratio"),
            "no page is answered",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="An upstream is overloaded although its callers get no more requests",
            command=(
                "curl -s http://127.0.0.1:$ADMIN_PORT/metrics | awk "
                "'/^sevenstops_dependency_hedges_total/ {h = $2} "
                "/^sevenstops_dependency_requests_total/ {n = $2} "
                "END {d = n - h; print d ? h / d : 0}'"
            ),
            when_it_is="hedges are a good part of the requests: turn them off, then bound them",
            when_not="hedges are one in twenty at most",
            proves=lambda said: float(said) > 0.1,
            at=losers.BEGIN + 1,
            promql=(
                "rate(sevenstops_dependency_hedges_total[5m]) > "
                "0.1 * rate(sevenstops_dependency_requests_total[5m])"
            ),
            severity="ticket",
        ),
    ),
)  # fmt: skip
