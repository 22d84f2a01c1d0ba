"""What each stop costs a request, of one build or setting beside another's."""

import contextlib
import random
import statistics
from collections.abc import Iterator
from dataclasses import dataclass, field

from sevenstops import _core
from sevenstops.environment import Lab
from sevenstops.errors import LabError
from sevenstops.evidence import effect
from sevenstops.loading import run_plan
from sevenstops.plans import closed
from sevenstops.processes import pinned
from sevenstops.report.quantities import human
from sevenstops.service import STOPS, Service, ServiceOptions

SLOWER = 1.05
"""A stop is slower when the whole interval of its costs' ratio lies above this."""
MATERIAL = 0.003
"""Nor is less than this share of a request's whole cost told: it is the clock's, not the stop's."""
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


@dataclass(frozen=True)
class StopCosts:
    """Seconds that a request spends in each stop, a sample for each round and side.

    Accept is not among the stops: it is paid per connection, and waiting is all it does.
    """

    reference: dict[str, list[float]]
    candidate: dict[str, list[float]]

    def ratios(self, stop: str) -> list[float]:
        """Candidate to reference, round by round."""
        pairs = zip(self.reference[stop], self.candidate[stop], strict=True)
        return [new / old for old, new in pairs]

    def interval(self, stop: str) -> tuple[float, float]:
        """The 95 % interval of the ratio's median."""
        ratios = self.ratios(stop)
        found = effect([1.0] * len(ratios), ratios)
        return found["low"], found["high"]

    def slower(self) -> list[str]:
        """The stops that got slower, the one that a request pays most for first."""
        whole = sum(statistics.median(samples) for samples in self.reference.values())
        grown = {}
        for stop in self.reference:
            before, after = map(statistics.median, (self.reference[stop], self.candidate[stop]))
            if self.interval(stop)[0] > SLOWER and after - before > MATERIAL * whole:
                grown[stop] = after - before
        return sorted(grown, key=lambda stop: -grown[stop])

    def line(self, stop: str) -> str:
        """One stop's costs in words."""
        before, after = (
            human(statistics.median(side[stop]), "seconds")
            for side in (self.reference, self.candidate)
        )
        low, high = self.interval(stop)
        return f"{stop}: {before} before, {after} now, x {low:.2f} to {high:.2f}"

    def assert_no_stop_slower(self) -> None:
        """Asserts that no stop got slower; the message names those that did, with intervals."""
        slower = self.slower()
        if slower:
            lines = [f"slower: {', '.join(slower)}", *(self.line(stop) for stop in slower)]
            lines.append("the others: " + "; ".join(
                self.line(stop) for stop in self.reference if stop not in slower
            ))  # fmt: skip
            raise AssertionError("\n  ".join(lines))


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
