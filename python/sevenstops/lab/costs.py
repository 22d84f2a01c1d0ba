"""Measures what each stop costs a request, of two builds or settings side by side."""

import contextlib
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.evidence.costs import StopCosts
from sevenstops.evidence.stops import STOPS
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import pinned
from sevenstops.lab.service import Service, ServiceOptions
from sevenstops.loading.plans import closed
from sevenstops.loading.running import run_plan

ROUNDS = 8
BLOCKS = 6
BLOCK_SECONDS = 0.1


@dataclass(frozen=True)
class Side:
    """What is measured: settings, and what ServiceOptions has for the rest."""

    settings: _core.Settings = field(default_factory=_core.hardened)
    options: ServiceOptions = field(default_factory=lambda: ServiceOptions(rows=2000))


def plan() -> _core.Plan:
    """One client in a closed loop, so that no request waits for another, with work for each stop:
    many header fields to parse, a body, and rows to fetch, serialize and send.
    """
    fields = [(f"X-Field-{i}", "v" * 100) for i in range(90)]
    return _core.Plan(
        arrivals=[closed(BLOCK_SECONDS)],
        connections=1,
        requests=[
            _core.RequestSpec(name="user", target="/users/123", headers=fields),
            _core.RequestSpec(name="echo", method="POST", target="/echo", body="x" * 2000),
            _core.RequestSpec(name="orders", target="/orders?limit=100", headers=fields),
        ],
    )


def block(service: Service) -> dict[str, float]:
    """Mean seconds per entry of each stop over one block of load."""
    before = service.stops()["stops"]
    result = run_plan(plan(), service.port)
    after = service.stops()["stops"]
    if result.all.outcomes != {"2xx": result.requests}:
        raise LabError(f"the costs of refused requests say nothing: {result.all.outcomes}")
    return {
        stop: (after[stop]["seconds"] - before[stop]["seconds"])
        / (after[stop]["entered"] - before[stop]["entered"])
        for stop in STOPS[1:]
    }


@contextlib.contextmanager
def started(side: Side, lab: Lab) -> Iterator[Service]:
    """The side's service on the lab's processor for it, after a block that isn't recorded."""
    options = ServiceOptions(**{**vars(side.options), "cpus": lab.service_cpus})
    with Service(side.settings, options) as service:
        block(service)
        yield service


def stop_costs(
    candidate: Side, reference: Side | None = None, rounds: int = ROUNDS, lab: Lab | None = None
) -> StopCosts:
    """Measures both sides under the same load, side by side.

    Each round starts both anew and loads them by turns in random order; its sample is the median
    over BLOCKS blocks, which leaves out what else the machine did meanwhile. Takes 1.4 s a round.
    Raises LabError.
    """
    lab = lab or Lab(edge="none")
    sides = (reference or Side(), candidate)
    order = random.Random(lab.seed)
    costs = StopCosts({s: [] for s in STOPS[1:]}, {s: [] for s in STOPS[1:]})
    with pinned(lab.load_cpus):
        for _ in range(rounds):
            with started(sides[0], lab) as old, started(sides[1], lab) as new:
                blocks: dict[int, list[dict[str, float]]] = {0: [], 1: []}
                for _ in range(BLOCKS):
                    for side in order.sample((0, 1), 2):
                        blocks[side].append(block((old, new)[side]))
            for side, samples in enumerate((costs.reference, costs.candidate)):
                for stop, kept in samples.items():
                    kept.append(statistics.median(b[stop] for b in blocks[side]))
    return costs
