"""Route: a parameter shadows a static path, and odd spellings slip past."""

from sevenstops._core import Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    Sample,
    Scene,
    failures,
)
from sevenstops.loading.plans import constant

# Spelling and the handler that has to answer it.
SPELLINGS = (
    ("/users/me", "user_me"),
    ("//users/me", "user_me"),
    ("/users//me", "user_me"),
    ("/users/%6De", "user_me"),
    ("/./users/me", "user_me"),
    ("/users/me/", "user_me"),
    ("/users/42", "user"),
    ("/users/%34%32", "user"),
)


def plan(seed: int) -> Plan:
    """Good traffic, beside which each spelling is asked for."""
    odd = [
        RequestSpec(name=target, target=target, weight=0.05, expect=f'"handler":"{handler}"')
        for target, handler in SPELLINGS
    ]
    return Plan(
        seed=seed,
        arrivals=[constant(500, duration=1)],
        connections=8,
        requests=[RequestSpec(name="good", target="/users/42"), *odd],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """Behind an edge that passes paths on as they are."""
    result = scene.load(p)
    return {
        "misrouted_requests": sum(result.by_name[target].unexpected for target, _ in SPELLINGS),
        "good_requests_failed": failures(result, "good"),
    }


EXPERIMENT = Experiment(
    stop="route",
    failure="shadowed-route",
    symptom="the wrong handler answers",
    fix="radix tree, static before parameter; one normal form for paths",
    lesson=(
        "Where the first pattern that fits wins, the order of registration is part of the "
        "program, and a path that is spelled otherwise is another path. A tree that prefers "
        "the static name, ambiguity refused at start-up, and one normal form before anything "
        "is compared."
    ),
    metrics=[
        Metric("misrouted_requests", "1", "client", "lower", "== 0"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    diagnostics=(
        Diagnostic(
            symptom="The wrong handler answers, or a path is a 404 in one spelling only",
            command="for path in /users/me //users/me /users/%6De; do "
            "curl -s --path-as-is http://127.0.0.1:$PORT$path; echo; done",
            when_it_is="answers of different handlers, or a refusal, for spellings of one path",
            when_not="one handler for all of them",
            proves=lambda said: said.count('"handler":"user_me"') < 3,
            promql='rate(sevenstops_stop_refused_total{stop="route",reason="no_route"}[5m]) > 0',
        ),
    ),
)
