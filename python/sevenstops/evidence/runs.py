"""Runs of freshly started services: what each gave, sent and found."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from sevenstops.evidence.metrics import Sample

WHOLE = 0.99
"""The least share of what was due that a side must have sent."""


@dataclass(frozen=True)
class Doubt:
    """Why a run's numbers may not be the service's.

    `machine`: others took the processors; `timers`: the client was late or busy, which touches
    bounds in seconds that are not far above its lateness; `sent`: the load was not sent whole.
    """

    about: Literal["machine", "timers", "sent"]
    text: str
    # How late the timers were; endless where the client was too busy to tell.
    late: float = 0.0


@dataclass(frozen=True)
class Run:
    """One run: its sample, and what stands behind it.

    `sent` is what the client counted, `scene` what the run found, `machine` how the lab's processes
    fared, `curves` lists of points for figures, by their names, `answers` what the runbook's
    commands said.
    """

    sample: Sample
    doubts: tuple[Doubt, ...] = ()
    sent: Mapping[str, Any] = field(default_factory=dict)
    scene: Mapping[str, Any] = field(default_factory=dict)
    machine: Mapping[str, Any] = field(default_factory=dict)
    curves: Mapping[str, Sequence[Sequence[float]]] = field(default_factory=dict)
    answers: Sequence[str] = ()


@dataclass
class Runs:
    """The runs of one side, in their order."""

    runs: list[Run] = field(default_factory=list)

    def add(self, run: Run) -> None:
        """One more run."""
        self.runs.append(run)

    def of(self, metric: str) -> list[float]:
        """The samples of one metric."""
        return [run.sample[metric] for run in self.runs]

    def late(self) -> float:
        """How late the timers of the doubted runs were, at most."""
        return max((d.late for run in self.runs for d in run.doubts), default=0.0)

    def doubts(self, about: str) -> list[str]:
        """What was doubted, one text for each doubted run."""
        found = [[d.text for d in run.doubts if d.about == about] for run in self.runs]
        return [texts[0] for texts in found if texts]

    def doubtful(self, about: str) -> bool:
        """Whether more than a third of the runs are doubted."""
        return 3 * len(self.doubts(about)) > len(self.runs)


def sent_doubt(sent: Mapping[str, Any]) -> list[Doubt]:
    """What of a load was not sent, as a doubt; none when it was sent whole."""
    parts = [("requests", sent["due"], sent["sent"])]
    parts += [(f"{c['kind']} clients", c["due"], c["started"]) for c in sent.get("crowds", ())]
    return [
        Doubt("sent", f"{done:,} of {due:,} {what} were sent")
        for what, due, done in parts
        if done < WHOLE * due
    ]


FAR = 10.0
"""How many times a client's lateness a bound has to be for the lateness not to matter."""


def matters(late: float, bounds: Sequence[float]) -> bool:
    """Whether timers that were so late may have turned one of these bounds in seconds."""
    return any(bound < FAR * late for bound in bounds)
