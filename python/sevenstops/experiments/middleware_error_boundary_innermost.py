"""Middleware: the layer that answers exceptions stands within the layers that throw them."""

import contextlib
from collections.abc import Iterator

from sevenstops._core import LoadResult, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Lab,
    Metric,
    Sabotage,
    Sample,
    Scene,
    SideSettings,
    failures,
    plain_scene,
)
from sevenstops.lab.scenes import TOKEN
from sevenstops.loading.plans import constant

# Of the requests that bring credentials: as when the store of tokens fails now and then.
THROWN = 0.3


def plan(seed: int) -> Plan:
    """Users of an open route, beside requests with a token."""
    admin = RequestSpec(name="admin", method="POST", target="/admin/wipe")
    admin.headers = [("Authorization", f"Bearer {TOKEN}")]
    good = RequestSpec(name="good", target="/users/42", expect='"handler":"user"')
    return Plan(
        seed=seed, arrivals=[constant(300, duration=1)], connections=16, requests=[good, admin]
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """One service whose auth layer throws now and then."""
    with plain_scene(lab, settings, faults=(f"failing-layer={THROWN}",)) as made:
        yield made


def unanswered(result: LoadResult, name: str) -> int:
    """Requests of this name that the service itself gave no answer: their connection broke, or an
    edge said so with 502.
    """
    record = result.by_name[name]
    broken = sum(n for kind, n in record.outcomes.items() if not kind.endswith("xx"))
    return broken + record.statuses.get(502, 0)


def run(scene: Scene, p: Plan) -> Sample:
    """How many requests were left without an answer, and how the others fared."""
    result = scene.load(p)
    admin = result.by_name["admin"]
    return {
        "requests_unanswered": unanswered(result, "admin") + unanswered(result, "good"),
        "good_requests_failed": failures(result, "good") + result.by_name["good"].unexpected,
        "admin_failed_ratio": failures(result, "admin") / max(1, admin.due),
    }


EXPERIMENT = Experiment(
    stop="middleware",
    failure="error-boundary-innermost",
    symptom="connections break without an answer, and the edge says 502",
    fix="the error boundary is the outermost layer, so that what any other throws is answered",
    switch={"middleware.error_boundary": ("innermost", "outermost")},
    lesson=(
        "A layer catches what is thrown within it. One that stands next to the handler answers the "
        "handler's exceptions and no others: what auth throws goes past it, and all that is left "
        "is to end the connection. The client can't tell that from a lost network, and an edge "
        "makes a 502 of it. Outermost, the same exception is a 500, counted, with a line in the "
        "log, and the connection goes on."
    ),
    in_the_wild=(
        "Go's net/http (documented at Handler): what panics outside a recovering middleware loses "
        "its connection without an answer; so every layer that is registered before Recoverer in "
        "go-chi/chi v5, or wraps it."
    ),
    metrics=[
        Metric("requests_unanswered", "1", "client", "lower", "== 0"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric(
            "admin_failed_ratio", "1", "client", "lower", "<= 0.6", guard=True,
            rule="three of ten are thrown at, on both sides; the others are let in",
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=2,
    core=False,
    sabotages=(
        Sabotage(
            {"parse.header_count": "1"}, ("good_requests_failed", "admin_failed_ratio"),
            "every request gets 431, and no layer is reached",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Connections break without an answer, or the edge says 502",
            command="for n in $(seq 30); do curl -s -o /dev/null -w '%{http_code} ' -X POST "
            "-H 'Authorization: Bearer none' http://127.0.0.1:$PORT/admin/wipe; done",
            when_it_is="000 among the answers: the connection ended without one",
            when_not="401 and, where the layer throws, 500: look for it in the log",
            proves=lambda said: "000" in said.split(),
            promql="increase(sevenstops_walks_broken_total[5m]) > 0",
            at=0.5,
        ),
    ),
)  # fmt: skip
