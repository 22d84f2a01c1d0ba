"""What each stop costs a request, of one build or setting beside another's."""

import statistics
from dataclasses import dataclass

from sevenstops.evidence.quantities import human
from sevenstops.evidence.statistics import bootstrap

SLOWER = 1.05
"""A stop is slower when the whole interval of its costs' ratio lies above this."""
MATERIAL = 0.003
"""Nor is less than this share of a request's whole cost told: it is the clock's, not the stop's."""


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
        found = bootstrap([1.0] * len(ratios), ratios)
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
