"""Middleware: bodies are read and held before anybody asks who sent them."""

from sevenstops._core import Crowd, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    PeakMemory,
    Sabotage,
    Sample,
    Scene,
    failures,
    warm_up,
)
from sevenstops.lab.scenes import TOKEN
from sevenstops.loading.plans import constant

KIB = 1 << 10
MIB = 1 << 20
UPLOAD = 128 * KIB
# What a stranger declares, within parse.body_limit, and sends in about a second.
STRANGERS = 48
BODY = 512 * KIB


def upload() -> RequestSpec:
    """An upload to the protected route by somebody who may."""
    return RequestSpec(
        name="admin", method="POST", target="/admin/wipe", body_size=UPLOAD,
        headers=[("Authorization", f"Bearer {TOKEN}")], expect="wiped",
    )  # fmt: skip


def plan(seed: int) -> Plan:
    """48 callers without a token who upload 512 KiB each, beside uploads of those who have one."""
    return Plan(
        seed=seed,
        arrivals=[constant(40, duration=1.6)],
        connections=8,
        requests=[upload()],
        crowds=[
            Crowd(kind="slow_body", target="/admin/wipe", count=STRANGERS, bytes=BODY, rate=BODY)
        ],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """What strangers got rid of before their answer, and the service's memory meanwhile."""
    warm_up(scene.port, p.requests, connections=8)
    with PeakMemory(scene.service) as memory:
        result = scene.load(p)
    scene.curves["memory"] = memory.course
    admin, strangers = result.by_name["admin"], result.crowds[0]
    return {
        "bytes_taken_from_strangers": strangers.bytes_sent,
        "rss_growth_bytes": memory.growth,
        "strangers_without_401": STRANGERS - strangers.statuses.get(401, 0),
        "admin_uploads_failed": failures(result, "admin") + admin.unexpected,
        "admin_bytes_missing": max(0, admin.due * UPLOAD - admin.bytes_sent),
    }


EXPERIMENT = Experiment(
    stop="middleware",
    failure="body-before-auth",
    symptom="callers without a token fill the memory with their uploads",
    fix="a body is read only for those who were admitted",
    switch={"middleware.body_after_auth": ("false", "true")},
    lesson=(
        "A layer that reads the body stands before the one that asks who sends it, so that every "
        "stranger's bytes are taken, and held until they are whole, for the sake of a 401. The "
        "head says all that auth needs: asked first, it refuses for the price of a head."
    ),
    in_the_wild=(
        "CVE-2026-42294: Argo Workflows before 3.7.14 and 4.0.5 read a webhook's whole body into "
        "memory before it authenticated the request."
    ),
    metrics=[
        Metric(
            "bytes_taken_from_strangers", "bytes", "client", "lower", f"< {6 * MIB}",
            rule="of 24 MiB: the first piece of each, which is under way when the 401 comes",
        ),
        Metric(
            "rss_growth_bytes", "bytes", "smaps_rollup", "lower", f"< {8 * MIB}",
            rule="room for the honest uploads under way",
        ),
        Metric("strangers_without_401", "1", "client", "lower", "== 0", guard=True),
        Metric("admin_uploads_failed", "1", "client", "lower", "== 0", guard=True),
        Metric("admin_bytes_missing", "bytes", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    order=1,
    core=False,
    without_edge="nginx takes a body whole itself before it asks the service",
    figures=(
        Figure(
            "memory",
            "over_time",
            "Strangers' uploads are held until they are whole",
            ("time", "seconds"),
            ("memory above the start", "bytes"),
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.body_limit": "0"},
            ("strangers_without_401", "admin_uploads_failed", "admin_bytes_missing"),
            "nobody may upload anything",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Memory and incoming traffic climb with 401",
            command="head -c 100000 /dev/zero | curl -s -o /dev/null -w '%{size_upload}' "
            "-H 'Expect: 100-continue' --expect100-timeout 5 --data-binary @- "
            "http://127.0.0.1:$PORT/admin/wipe",
            when_it_is="100000: a stranger was asked to go on, and all of his body was taken",
            when_not="0: he had his 401 before he sent any of it",
            proves=lambda said: said.strip() == "100000",
            promql="increase(sevenstops_unauthenticated_body_bytes_total[5m]) > 0",
            at=1.0,
        ),
    ),
)  # fmt: skip
