"""What a run tells while it goes: a live line on a terminal, plain lines elsewhere."""

import contextlib
import time
from collections.abc import Callable, Iterator

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from sevenstops.experiments import Experiment
from sevenstops.lab.stoppable import Stoppable

# What a run needs beside its load: a service started and stopped, counters read.
OVERHEAD_SECONDS = 0.8


# Wide enough for the table where no terminal says how wide it is.
PLAIN_WIDTH = 160


def console(stderr: bool = False) -> Console:
    """For people to read."""
    plain = Console(stderr=stderr)
    return plain if plain.is_terminal else Console(stderr=stderr, width=PLAIN_WIDTH)


class RunProgress(Stoppable):
    """Follows a run of experiments, on a terminal in a line that is live until its end."""

    def __init__(
        self,
        console: Console,
        chosen: list[Experiment],
        rounds: int,
        seed: int,
        with_runbook: bool = False,
    ) -> None:
        """`console` is where it is told."""
        self._console = console
        self._chosen = chosen
        self._rounds = rounds
        # A run more of each side, where commands of the runbook have one for themselves.
        self._runs = {
            e.failure: rounds + (with_runbook and any(e.apart(d, rounds) for d in e.diagnostics))
            for e in chosen
        }
        self._weights = {
            e.failure: 2 * self._runs[e.failure] * (e.plan(seed).duration + OVERHEAD_SECONDS)
            for e in chosen
        }
        self._start = time.monotonic()
        self._done = 0.0
        self._side: str | None = None
        self._bar = Progress(
            TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn(),
            TextColumn("{task.fields[left]}"), console=console, transient=True,
        )  # fmt: skip
        self._task = self._bar.add_task("", total=sum(self._weights.values()), left="")
        if console.is_terminal:
            self._bar.start()

    def _left(self) -> str:
        total = sum(self._weights.values())
        elapsed = time.monotonic() - self._start
        # The estimate is the plans' own until it can be held against the time gone by.
        pace = elapsed / self._done if self._done > 0.1 * total else 1.0
        return f"about {max(0.0, (total - self._done) * pace):.0f} s left"

    def side(self, experiment: Experiment, side: str, n: int) -> None:
        """One run begins."""
        before = self._chosen[: self._chosen.index(experiment)]
        start = sum(self._weights[e.failure] for e in before)
        own = self._weights[experiment.failure]
        if self._side is not None:
            # Rounds beyond the planned ones, with --max-time, take no part of the estimate.
            self._done = min(self._done + own / (2 * self._runs[experiment.failure]), start + own)
        self._side = side
        self._bar.update(
            self._task, completed=self._done, left=self._left(),
            description=f"{experiment.stop}: {experiment.failure}, {side} {n + 1}/{self._rounds}",
        )  # fmt: skip

    def ended(self, experiment: Experiment, verdict: str) -> None:
        """One experiment has its verdict."""
        before = self._chosen[: self._chosen.index(experiment) + 1]
        self._done = sum(self._weights[e.failure] for e in before)
        self._side = None
        elapsed = time.monotonic() - self._start
        self._console.print(
            f"{len(before)}/{len(self._chosen)} {experiment.stop}: {experiment.failure}: {verdict} "
            f"({elapsed:.0f} s, {self._left()})",
            highlight=False,
        )

    def _end(self) -> None:
        self._bar.stop()


@contextlib.contextmanager
def points_progress(console: Console, name: str) -> Iterator[Callable[[int, int], None]]:
    """Follows a sweep from point to point; what it gives is called with those done and all."""
    if not console.is_terminal:
        yield lambda done, of: console.print(f"{name}: {done + 1} of {of}", highlight=False)
        return
    with Progress(
        TextColumn(name), BarColumn(), MofNCompleteColumn(separator=" of "),
        TimeElapsedColumn(), console=console, transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(name, total=None)
        yield lambda done, of: bar.update(task, completed=done, total=of)
