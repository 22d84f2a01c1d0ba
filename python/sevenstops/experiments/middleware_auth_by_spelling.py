"""Middleware: auth looks at the path as it was sent, the route was matched by its normal form."""

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
from sevenstops.lab.scenes import TOKEN
from sevenstops.loading.plans import constant

# Ways to write /admin/wipe that do not begin with /admin/.
SPELLINGS = ("//admin/wipe", "/%61dmin/wipe", "/./admin/wipe", "/x/../admin/wipe")

# What an honest link may look like, to a route that is open.
ODD_LINK = "/users//42"


def wipe(name: str, target: str, token: str = "") -> RequestSpec:
    """A request to the protected route, in some spelling."""
    spec = RequestSpec(name=name, method="POST", target=target)
    spec.headers = [("Authorization", f"Bearer {token}")] if token else []
    return spec


def plan(seed: int) -> Plan:
    """Strangers at the protected route, in its own and in odd spellings, beside honest users."""
    return Plan(
        seed=seed,
        arrivals=[constant(300, duration=1)],
        connections=16,
        requests=[
            *(wipe(path, path) for path in SPELLINGS),
            wipe("plain", "/admin/wipe"),
            wipe("admin", "/admin/wipe", TOKEN),
            RequestSpec(name="odd_link", target=ODD_LINK, expect='"handler":"user"'),
        ],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """What strangers got in which spelling, and whether honest users got theirs."""
    result = scene.load(p)
    answered = {name: record.outcomes.get("2xx", 0) for name, record in result.by_name.items()}
    return {
        "unauthenticated_2xx": sum(answered[path] for path in SPELLINGS),
        "plain_path_2xx": answered["plain"],
        "admin_requests_failed": failures(result, "admin"),
        "odd_links_failed": failures(result, "odd_link") + result.by_name["odd_link"].unexpected,
    }


EXPERIMENT = Experiment(
    stop="middleware",
    failure="auth-by-spelling",
    symptom="a protected route answers without auth in another spelling of its path",
    fix="auth asks by the route that was matched, not by how its path was written",
    switch={"middleware.auth_by": ("path_prefix", "route")},
    # Route brings a path to its normal form and matches it, as most frameworks do.
    settings={"route.odd_paths": "match"},
    lesson=(
        "Two readers of one path, each with its own idea of it: the layer compares the bytes that "
        "were sent, the router what they mean. Whatever spelling only the router knows passes by "
        "the layer. Auth that asks by the matched route has nothing to read a second time."
    ),
    in_the_wild=(
        "CVE-2010-3863: Apache Shiro before 1.1.0 compared paths with its rules as they were sent, "
        "and /./account/index.jsp passed by the rule for /account/. CVE-2020-1957 (before 1.5.2, "
        "with Spring's controllers) is the same with /x/..;/."
    ),
    metrics=[
        Metric("unauthenticated_2xx", "1", "client", "lower", "== 0"),
        Metric(
            "plain_path_2xx", "1", "client", "lower", "== 0", guard=True,
            rule="the plain path is guarded on both sides",
        ),
        Metric("admin_requests_failed", "1", "client", "lower", "== 0", guard=True),
        Metric(
            "odd_links_failed", "1", "client", "lower", "== 0", guard=True,
            rule="who follows an odd link to an open page gets it",
        ),
    ],
    plan=plan,
    run=run,
    order=4,
    core=False,
    sabotages=(
        Sabotage(
            {"route.odd_paths": "refuse"}, ("odd_links_failed",),
            "who follows an odd link to an open page gets 400",
        ),
        Sabotage(
            {"parse.header_count": "1"}, ("admin_requests_failed", "odd_links_failed"),
            "every request gets 431",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="A protected route answers without auth in another spelling of its path",
            command="for path in //admin/wipe /%61dmin/wipe /./admin/wipe; do "
            "curl -s -o /dev/null -w '%{http_code} ' --path-as-is -X POST "
            "http://127.0.0.1:$PORT$path; done",
            when_it_is="200 for a spelling, while /admin/wipe itself says 401",
            when_not="401 for each: auth goes by the route; or 308 or 400",
            proves=lambda said: "200" in said.split(),
            promql="increase(sevenstops_unauthenticated_admitted_total[5m]) > 0 "
            "and increase(sevenstops_paths_odd_total[5m]) > 0",
            at=0.5,
        ),
    ),
)  # fmt: skip
