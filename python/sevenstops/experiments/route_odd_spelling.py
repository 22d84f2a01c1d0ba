"""Route: a rule of the edge looks at the path as it was sent, the service at its normal form."""

import contextlib
from collections.abc import Iterator

from sevenstops._core import Plan, RequestSpec
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
from sevenstops.loading.plans import constant

# What any client sends besides.
USUAL = [("User-Agent", "curl/8"), ("Accept", "*/*")]

# Ways to write /admin that a rule for ^/admin does not see.
SPELLINGS = ("//admin", "/%61dmin", "/x/../admin", "/./admin", "/%2e/admin")


# What an honest link may look like, and answers that bring him who follows it on.
TAKEN = ("2xx", "3xx")
ODD_LINK = "/users//42"


def plan(seed: int) -> Plan:
    """Good traffic, beside which the denied path is asked for, plainly and in odd spellings."""
    odd = [RequestSpec(name=path, target=path, weight=0.1) for path in SPELLINGS]
    return Plan(
        seed=seed,
        arrivals=[constant(400, duration=1)],
        connections=8,
        requests=[
            RequestSpec(name="good", target="/users/42", headers=USUAL, expect='"handler":"user"'),
            RequestSpec(name="plain", target="/admin", weight=0.1),
            RequestSpec(name="odd_link", target=ODD_LINK, weight=0.1),
            *odd,
        ],
    )


@contextlib.contextmanager
def scene(lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """Behind an edge that denies /admin, as the path was sent."""
    with plain_scene(lab, settings, deny="/admin") as made:
        yield made


def run(scene: Scene, p: Plan) -> Sample:
    """What got past the edge's rule."""
    result = scene.load(p)
    plain, links = result.by_name["plain"], result.by_name["odd_link"]
    return {
        "denied_path_answered": sum(
            result.by_name[path].outcomes.get("2xx", 0) for path in SPELLINGS
        ),
        "plain_path_answered": plain.outcomes.get("2xx", 0),
        "good_requests_failed": failures(result, "good") + result.by_name["good"].unexpected,
        "odd_links_refused": links.due - sum(links.outcomes.get(kind, 0) for kind in TAKEN),
    }


EXPERIMENT = Experiment(
    stop="route",
    failure="odd-spelling",
    symptom="a path that the edge denies is answered in another spelling",
    fix="a path that is not in its normal form is sent back to it, and so past the edge's rule",
    switch={"route.odd_paths": ("match", "redirect")},
    lesson=(
        "Edge and service each have their own idea of a path. Where the edge's rules look at the "
        "bytes and the service at their meaning, there are spellings that only one of them knows. "
        "A service that answers under one spelling, and redirects all others to it, leaves the "
        "edge's rules nothing to miss."
    ),
    in_the_wild=(
        "CVE-2020-5902 (F5 BIG-IP): /tmui/login.jsp/..;/ passed the front's rule, and the Java "
        "service behind it read another path."
    ),
    metrics=[
        Metric("denied_path_answered", "1", "client", "lower", "== 0"),
        Metric(
            "plain_path_answered", "1", "client", "lower", "== 0", guard=True,
            rule="the edge's rule works on the plain path, on both sides",
        ),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric(
            "odd_links_refused", "1", "client", "lower", "== 0", guard=True,
            rule="an honest link in another spelling is answered, or sent to its own",
        ),
    ],
    plan=plan,
    run=run,
    scene=scene,
    order=1,
    needs_edge="the rule that is passed by is the edge's",
    core=False,
    sabotages=(
        Sabotage(
            {"route.odd_paths": "refuse"}, ("odd_links_refused",),
            "whoever has such a link gets 400",
        ),
        # The edge adds a field: nobody's request has one alone.
        Sabotage(
            {"parse.header_count": "1"}, ("good_requests_failed", "odd_links_refused"),
            "every request gets 431",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Somebody reads what the edge denies",
            command="for path in //users/me /users/%6De /x/../users/me; do "
            "curl -s -o /dev/null -w '%{http_code} ' --path-as-is "
            "http://127.0.0.1:$PORT$path; done",
            when_it_is="200 for odd spellings: what the edge's rules do not match is served",
            when_not="308 or 400: every path has one spelling",
            proves=lambda said: "200" in said.split(),
            promql="increase(sevenstops_paths_odd_total[5m]) > 0",
        ),
    ),
)  # fmt: skip
