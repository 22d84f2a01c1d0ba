"""Parse: proxy and service frame a request in two ways; somebody gets another one's answer."""

import contextlib
from collections.abc import Iterator
from dataclasses import replace

from sevenstops._core import Crowd, Plan, RequestSpec
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
from sevenstops.lab.edges.base import Edge
from sevenstops.lab.lenient_front import LenientFront, Reading
from sevenstops.loading.plans import constant

ATTACKS = 10

# It has no Host and no end: the next request on the connection brings both.
BEGUN = "GET /users/666 HTTP/1.1\r\nX-Rest: "
WITHIN = f"0\r\n\r\n{BEGUN}"
ATTACK = (
    f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(WITHIN)}\r\n"
    f"Transfer-Encoding: chunked\r\n\r\n{WITHIN}"
)

# Whole, with the end of the chunks for its body: its answer is left over.
FOLLOWING = "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 7\r\n\r\n"
CHUNK = f"{len(FOLLOWING):x}\r\n"
ATTACK_BY_CHUNKS = (
    f"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: {len(CHUNK)}\r\n"
    f"Transfer-Encoding: chunked\r\n\r\n{CHUNK}{FOLLOWING}\r\n0\r\n\r\n"
)


def plan_with(attack: str, seed: int) -> Plan:
    """Ten attacks beside users who ask for their own page, and honest uploads."""
    return Plan(
        seed=seed,
        arrivals=[constant(200, duration=1.5)],
        connections=8,
        requests=[
            RequestSpec(name="victim", target="/users/42", weight=9, expect='"id":"42"'),
            RequestSpec(name="upload", method="POST", target="/echo", body_size=1000),
        ],
        crowds=[Crowd(kind="raw", count=ATTACKS, pieces=[(attack, 0)])],
    )


@contextlib.contextmanager
def scene_with(reading: Reading, lab: Lab, settings: SideSettings) -> Iterator[Scene]:
    """The service behind the lenient front, whatever the lab's edge is."""
    with plain_scene(replace(lab, edge="none"), settings, rows=1) as made:
        front: Edge = LenientFront(made.service.port, reading, lab.edge_cpus)
        with front:
            made.edge = front
            made.content["edge"] = {
                "version": front.version(),
                "configuration": front.configuration,
            }
            yield made


def run(scene: Scene, p: Plan) -> Sample:
    """What the users got who asked for their own page."""
    result = scene.load(p)
    victim = result.by_name["victim"]
    return {
        "answers_of_another": victim.unexpected,
        "good_requests_failed": failures(result, "victim"),
        "honest_uploads_failed": failures(result, "upload"),
    }


def smuggled(
    failure: str, symptom: str, reading: Reading, attack: str, fragile: str, order: int
) -> Experiment:
    """The experiment for a front that frames by `reading` and a service that does not."""
    return Experiment(
        stop="parse",
        failure=failure,
        symptom=symptom,
        fix="a request with two framings is refused, and its connection closed",
        switch={"parse.both_framings": (fragile, "refuse")},
        lesson=(
            "A request that says its length twice has two ends. The proxy stops at one of them, "
            "the service at the other, and what lies between becomes a request that nobody sent, "
            "on a connection that the next user gets. No limit and no timeout helps; only a "
            "refusal on one of the two sides does, with the connection closed behind it (RFC 9112, "
            "6.3)."
        ),
        in_the_wild=(
            "CVE-2019-18277: HAProxy before 2.0.6 framed such requests by their length and passed "
            "both fields on. CVE-2024-1135: Gunicorn before 22.0.0 passed over codings and took "
            "the length."
        ),
        metrics=[
            Metric("answers_of_another", "1", "client", "lower", "== 0"),
            Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
            Metric("honest_uploads_failed", "1", "client", "lower", "== 0", guard=True),
        ],
        plan=lambda seed: plan_with(attack, seed),
        run=run,
        scene=lambda lab, settings: scene_with(reading, lab, settings),
        order=order,
        core=False,
        without_edge=(
            "a lenient front of the lab's own is its edge: nginx, HAProxy, Caddy and Apache httpd "
            "refuse or repair such requests in their present versions"
        ),
        sabotages=(
            Sabotage(
                {"parse.body_limit": "0"}, ("honest_uploads_failed",), "nobody may upload anything"
            ),
        ),
        diagnostics=(
            Diagnostic(
                symptom="Somebody got another one's answer",
                command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics "
                "| grep '^sevenstops_requests_with_both_framings_total'",
                when_it_is="more than 0: requests with two framings are taken",
                when_not="0: they are refused, look at a cache in front",
                proves=lambda said: said.split()[-1:] not in ([], ["0"]),
                promql="increase(sevenstops_requests_with_both_framings_total[5m]) > 0",
            ),
        ),
    )  # fmt: skip


EXPERIMENT = smuggled(
    "smuggled-request",
    "a user gets the answer to a request that somebody else hid in his own (CL.TE)",
    "length",
    ATTACK,
    "chunked",
    2,
)
