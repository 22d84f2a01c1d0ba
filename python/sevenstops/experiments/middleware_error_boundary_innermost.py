"""Middleware: the layer that answers exceptions stands within the layers that throw them."""

import contextlib
import hashlib
from collections.abc import Iterator

from sevenstops._core import Crowd, CrowdRecord, LoadResult, Plan, RequestSpec
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
# Of some 160 requests the share that fails lies within four standard deviations of that.
LEAST, MOST = 0.15, 0.45
PATH = "/admin/wipe"
# What a request with credentials may be answered with: status, and digest of the whole content.
ANSWERS = {
    (200, hashlib.sha256(b"wiped\n").hexdigest()),
    (500, hashlib.sha256(b"exception\n").hexdigest()),
}


def plan(seed: int) -> Plan:
    """Users of an open route, beside requests with a token; of these one of six comes on a
    connection of its own, and its answer is looked at as a whole.
    """
    admin = RequestSpec(name="admin", method="POST", target=PATH, weight=5)
    admin.headers = [("Authorization", f"Bearer {TOKEN}")]
    looked = RequestSpec(name="looked", client="looked", weight=1)
    good = RequestSpec(name="good", target="/users/42", expect='"handler":"user"', weight=6)
    said = f"POST {PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer {TOKEN}\r\n"
    return Plan(
        seed=seed,
        arrivals=[constant(300, duration=1)],
        connections=16,
        requests=[good, admin, looked],
        crowds=[
            Crowd(
                kind="raw", name="looked", count=0,
                pieces=[(said + "Content-Length: 0\r\n\r\n", 0)],
            )
        ],
    )  # fmt: skip


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


def unanswered_of(looked: CrowdRecord) -> int:
    """The same of the crowd."""
    return looked.due - sum(n for status, n in looked.statuses.items() if status not in (0, 502))


def of_another_kind(result: LoadResult) -> int:
    """Requests with credentials whose answer is neither what the route says nor the error that was
    thrown: another status, or of those looked at another content.
    """
    statuses = result.by_name["admin"].statuses
    others = sum(n for status, n in statuses.items() if status not in (200, 500))
    looked = result.crowds[0].clients
    return others + sum(1 for a in looked if not a.whole or (a.status, a.sha256) not in ANSWERS)


def run(scene: Scene, p: Plan) -> Sample:
    """How many requests were left without an answer, and how the others fared."""
    result = scene.load(p)
    admin, looked = result.by_name["admin"], result.crowds[0]
    let_in = admin.statuses.get(200, 0) + looked.statuses.get(200, 0)
    let_in_ratio = let_in / (admin.due + looked.due)
    return {
        "requests_unanswered": (
            unanswered(result, "admin") + unanswered(result, "good") + unanswered_of(looked)
        ),
        "good_requests_failed": failures(result, "good") + result.by_name["good"].unexpected,
        "answers_of_another_kind": of_another_kind(result),
        "admin_failed_ratio": 1 - let_in_ratio,
        "admin_let_in_ratio": let_in_ratio,
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
            "answers_of_another_kind", "1", "client", "lower", "== 0", guard=True,
            rule="with credentials, neither the route's own 200 nor the error's 500",
        ),
        Metric(
            "admin_failed_ratio", "1", "client", "lower", f"<= {MOST}", guard=True,
            rule="three of ten are thrown at, on both sides; the others are let in",
        ),
        Metric(
            "admin_let_in_ratio", "1", "client", "lower", f"<= {1 - LEAST}", guard=True,
            rule="who is thrown at is not let in",
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=2,
    core=False,
    sabotages=(
        Sabotage(
            {"parse.header_count": "1"},
            ("good_requests_failed", "answers_of_another_kind", "admin_failed_ratio"),
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
