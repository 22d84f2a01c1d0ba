"""Route: a parameter registered first shadows a static path."""

from sevenstops._core import Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    Sabotage,
    Sample,
    Scene,
    failures,
)
from sevenstops.loading.plans import constant

# What any client sends besides.
USUAL = [("User-Agent", "curl/8"), ("Accept", "*/*")]

# Path and the handler that has to answer it.
PATHS = (("/users/me", "user_me"), ("/users/42", "user"), ("/users/7", "user"))


def plan(seed: int) -> Plan:
    """Users ask for themselves and for each other."""
    return Plan(
        seed=seed,
        arrivals=[constant(500, duration=1)],
        connections=8,
        requests=[
            RequestSpec(name=path, target=path, headers=USUAL, expect=f'"handler":"{handler}"')
            for path, handler in PATHS
        ],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """Behind an edge that passes paths on as they are."""
    result = scene.load(p)
    refused = sum(failures(result, path) for path, _ in PATHS)
    # A refusal has no handler's name either, and is no wrong handler.
    without = sum(result.by_name[path].unexpected for path, _ in PATHS)
    return {
        "misrouted_requests": max(0, without - refused),
        "requests_failed": refused,
    }


EXPERIMENT = Experiment(
    stop="route",
    failure="shadowed-route",
    symptom="the wrong handler answers",
    fix="a radix tree: static before parameter, whatever was registered first",
    switch={"route.tree": ("false", "true")},
    lesson=(
        "Where the first pattern that fits wins, the order of registration is part of the "
        "program. A tree that prefers the static name, and ambiguity refused at start-up, leave "
        "nothing to the order."
    ),
    in_the_wild=(
        "FastAPI's documentation warns of just this: /users/{user_id} declared before /users/me "
        "answers for it."
    ),
    metrics=[
        Metric("misrouted_requests", "1", "client", "lower", "== 0"),
        Metric("requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    sabotages=(
        Sabotage({"parse.header_count": "1"}, ("requests_failed",), "every request gets 431"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="The wrong handler answers",
            command="curl -s http://127.0.0.1:$PORT/users/me",
            when_it_is="the handler of /users/{id} answers for /users/me",
            when_not="/users/me has a handler of its own",
            proves=lambda said: '"handler":"user_me"' not in said,
            # A wrong handler's 200 is counted like a right one's: no counter can tell.
            promql="",
        ),
    ),
)
