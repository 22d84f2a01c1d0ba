"""Accept: bursts of connections meet a stalled acceptor."""

from sevenstops import _core
from sevenstops.evidence import Metric
from sevenstops.experiments.base import Experiment, Lab, Sample, service


def plan(seed: int) -> _core.Plan:
    """150 new connections at once, every second, three times; a client gives up after 2.5 s."""
    p = _core.Plan()
    p.seed = seed
    p.arrivals = _core.Arrivals.burst
    p.burst_size, p.burst_period, p.duration = 150, 1.0, 3.0
    p.connections, p.keep_alive = 600, False
    p.connect_timeout, p.read_timeout = 1.5, 1.0
    return p


def run(lab: Lab, settings: _core.Settings, p: _core.Plan) -> Sample:
    """One freshly started service whose acceptor takes nothing for 0.5 s of every second."""
    with service(lab, settings, faults=("stalled-acceptor=0.5/1.0",)) as s:
        drops = s.listener().drops
        result = _core.run_load(p, s.port)
        answered = result.all.outcomes.get("2xx", 0)
        return {
            "listen_drops": s.listener().drops - drops,
            "slow_connects": result.connect.slower_than(0.9) + result.requests - result.connect.total,
            "vanished_requests": result.requests - answered,
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
