"""Parse: users whose cookies have grown meet a limit below what the edge lets through."""

from functools import partial

from sevenstops._core import Crowd, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Metric,
    PeakMemory,
    Sabotage,
    Sample,
    Scene,
    failures,
    plain_scene,
)
from sevenstops.loading.plans import constant


def plan(seed: int) -> Plan:
    """One request in four carries two large fields: a cookie and a token of 5,000 bytes each."""
    fields = [("Cookie", "c=" + "v" * 5000), ("Authorization", "Bearer " + "t" * 5000)]
    return Plan(
        seed=seed,
        arrivals=[constant(400, duration=1)],
        connections=16,
        requests=[
            RequestSpec(name="anonymous", target="/users/me", weight=3),
            RequestSpec(name="logged_in", target="/users/me", headers=fields),
        ],
    )


def oversized(seed: int) -> Plan:
    """Heads of 8 MiB, past the edge: what a limit that is raised for ever costs."""
    heads = Crowd(kind="endless_header", target="/users/me", count=4, bytes=8 << 20)
    one = RequestSpec(name="good", target="/healthz")
    return Plan(seed=seed, arrivals=[constant(50, 0.6)], requests=[one], crowds=[heads])


def run(scene: Scene, p: Plan) -> Sample:
    """Behind an edge whose limits follow from the hardened service's."""
    result = scene.load(p)
    with PeakMemory(scene.service) as memory:
        scene.past_the_edge(oversized(p.seed))
    users = result.by_name["logged_in"]
    total = max(1, sum(users.outcomes.values()))
    return {
        "logged_in_431_ratio": users.statuses.get(431, 0) / total,
        "requests_failed_beside_431": failures(result, "anonymous")
        + failures(result, "logged_in")
        - users.statuses.get(431, 0),
        "oversized_heads_rss_bytes": memory.growth,
    }


EXPERIMENT = Experiment(
    stop="parse",
    failure="logged-in-431",
    symptom="431 for logged-in users only",
    fix="the service takes what its edge lets through: 16 KiB of head on both",
    switch={"parse.header_limit": ("8192", "16384")},
    lesson=(
        "Cookies grow with every feature that sets one, and who is logged in has the most. A "
        "service that takes less than its edge refuses what the edge has let through. One "
        "limit for both, counted over the whole head, and an alarm on 431 long before it is "
        "reached, not a limit that is raised for ever: that is paid for in memory."
    ),
    in_the_wild=(
        "Tomcat takes 8 KiB of head (maxHttpHeaderSize), nginx before it four lines of 8 KiB "
        "(large_client_header_buffers), both by default."
    ),
    metrics=[
        Metric("logged_in_431_ratio", "1", "client", "lower", "== 0"),
        Metric("requests_failed_beside_431", "1", "client", "lower", "== 0", guard=True),
        Metric(
            "oversized_heads_rss_bytes",
            "bytes",
            "smaps_rollup",
            "lower",
            f"< {4 << 20}",
            guard=True,
            rule="a tenth of what four endless heads send",
        ),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, limits_agree=False),
    order=1,
    sabotages=(
        Sabotage(
            {
                "parse.header_limit": "1073741824",
                "parse.header_count": "1000000",
                "parse.head_timeout": "2",
            },
            ("oversized_heads_rss_bytes",),
            "whoever sends an endless head fills the memory",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="431 for logged-in users, nobody else can reproduce it",
            command="curl -s -o /dev/null -w '%{http_code}' -H \"Cookie: c=$(printf 'v%.0s' "
            '$(seq 10000))" http://127.0.0.1:$PORT/users/me',
            when_it_is="431 with 10 KB of cookies, 200 without",
            when_not="200: the limit is not what refuses them",
            proves=lambda said: said.strip() == "431",
            # One in a hundred: whoever tries out endless heads is no user with large cookies.
            promql='rate(sevenstops_stop_refused_total{stop="parse",reason="header_limit"}[5m]) '
            "> ignoring(stop, reason) 0.01 * rate(sevenstops_requests_total[5m])",
        ),
    ),
)
