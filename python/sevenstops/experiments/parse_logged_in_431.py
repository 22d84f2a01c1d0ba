"""Parse: users whose cookies have grown meet a limit below the edge's."""

from sevenstops import _core
from sevenstops.evidence import Metric
from sevenstops.experiments.base import Experiment, Lab, Sample, failures, request, service


def plan(seed: int) -> _core.Plan:
    """One request in four carries 12 KiB of cookies."""
    cookies = "; ".join(f"c{i}={'v' * 1000}" for i in range(12))
    p = _core.Plan()
    p.seed, p.arrivals, p.rate, p.duration, p.connections = seed, _core.Arrivals.constant, 400, 2, 16
    p.requests = [
        request("/users/me", "anonymous", weight=3),
        request("/users/me", "logged_in", weight=1, headers=[("Cookie", cookies)]),
    ]
    return p


def run(lab: Lab, settings: _core.Settings, p: _core.Plan) -> Sample:
    """One freshly started service behind an edge that takes lines of 16 KiB."""
    with service(lab, settings) as s, lab.front(s) as port:
        result = _core.run_load(p, port)
        users = result.by_name["logged_in"]
        total = sum(users.outcomes.values())
        return {
            "logged_in_431_ratio": users.statuses.get(431, 0) / total,
            "requests_failed_beside_431": failures(result, "anonymous")
            + failures(result, "logged_in")
            - users.statuses.get(431, 0),
        }


EXPERIMENT = Experiment(
    stop="parse",
    failure="logged-in-431",
    symptom="431 for logged-in users only",
    fix="one header limit, 16 KiB, shared by edge and service",
    metrics=[
        Metric("logged_in_431_ratio", "1", "client", "lower", "== 0"),
        Metric("requests_failed_beside_431", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    order=1,
    before={"parse.header_limit": "8192"},
)
