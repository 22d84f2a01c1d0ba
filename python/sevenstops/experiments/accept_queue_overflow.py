"""Accept: bursts of connections meet a stalled acceptor."""

from sevenstops._core import Plan, Settings
from sevenstops.experiments.base import Experiment, Lab, Metric, Sample, run_plan, service
from sevenstops.plans import burst


def plan(seed: int) -> Plan:
    """150 new connections at once, every second, three times; a client gives up after 2.5 s."""
    return Plan(
        seed=seed,
        arrivals=[burst(150, period=1.0, duration=3.0)],
        connections=600,
        keep_alive=False,
        connect_timeout=1.5,
        read_timeout=1.0,
    )


def run(lab: Lab, settings: Settings, p: Plan) -> Sample:
    """One freshly started service whose acceptor takes nothing for 0.5 s of every second."""
    with service(lab, settings, faults=("stalled-acceptor=0.5/1.0",)) as s:
        drops = s.listener().drops
        result = run_plan(p, s.port)
        never_connected = result.requests - result.phases.connect.total
        return {
            "listen_drops": s.listener().drops - drops,
            "slow_connects": result.phases.connect.slower_than(0.9) + never_connected,
            "vanished_requests": result.requests - result.all.outcomes.get("2xx", 0),
        }


EXPERIMENT = Experiment(
    stop="accept",
    failure="accept-queue-overflow",
    symptom="connects time out, the log is empty",
    fix="backlog 4096, draining accepts",
    metrics=[
        Metric("listen_drops", "1", "sock_diag", "lower", "== 0"),
        Metric("slow_connects", "1", "client", "lower", "== 0"),
        Metric("vanished_requests", "1", "client", "lower", "== 0"),
    ],
    plan=plan,
    run=run,
    without_edge="an edge accepts on the service's behalf and waits in its queue for the clients",
)
