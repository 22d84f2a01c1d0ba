"""Commands of the runbook, run beside a load as an engineer would paste them."""

import contextlib
import os
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from sevenstops.errors import LabError
from sevenstops.lab.processes import EXECUTABLE

PATIENCE = 30.0
"""Seconds after which a command is ended."""

TOOLS = ("curl", "ss")
"""What the runbook's commands need besides the tools that every system has."""


@dataclass(frozen=True)
class Command:
    """A line for sh, and how many seconds into the load it is run."""

    text: str
    at: float


@dataclass(frozen=True)
class Answer:
    """What a command wrote, and its exit status; None where it had to be ended."""

    stdout: str
    stderr: str
    status: int | None

    @property
    def told(self) -> bool:
        """Whether there is something to read in it: it was found, it ended, and whoever it asked
        answered (curl's %{http_code} is 000 otherwise).
        """
        words = set(self.stdout.split())
        return self.status not in (None, 126, 127) and bool(words - {"000"})


def require_tools() -> None:
    """Raises LabError for a tool of the runbook's commands that isn't installed."""
    for tool in TOOLS:
        if not shutil.which(tool):
            raise LabError(f"the runbook's commands need {tool}, which is not installed")


class _Runner:
    """Runs commands each in a process group of its own, until it is told to stop."""

    def __init__(self, variables: Mapping[str, int]) -> None:
        self._environment = {**os.environ, **{n: str(v) for n, v in variables.items()}}
        self._begun = time.monotonic()
        self._over = threading.Event()
        self._groups: set[int] = set()

    def run(self, command: Command) -> Answer:
        if self._over.wait(max(0.0, self._begun + command.at - time.monotonic())):
            return Answer("", "", None)
        guard = [str(EXECUTABLE), "--guard", str(os.getpid())]
        process = subprocess.Popen(
            [*guard, "sh", "-c", command.text],
            env=self._environment, text=True, errors="replace", start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip
        self._groups.add(process.pid)
        try:
            out, errors = process.communicate(timeout=PATIENCE)
            status: int | None = process.returncode
        except subprocess.TimeoutExpired:
            end_group(process.pid)
            out, errors = process.communicate()
            status = None
        self._groups.discard(process.pid)
        return Answer(out, errors, None if self._over.is_set() else status)

    def stop(self) -> None:
        self._over.set()
        for group in list(self._groups):
            end_group(group)


def end_group(group: int) -> None:
    """Kills all that a command has started."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(group, signal.SIGKILL)


@contextlib.contextmanager
def run_beside(commands: Iterable[Command], variables: Mapping[str, int]) -> Iterator[list[Answer]]:
    """Runs each command in its time while a block runs, and waits for them at its end; an exception
    of the block ends them.

    `variables` are those that the commands speak of. The list has their answers after the block, in
    their order.
    """
    answers: list[Answer] = []
    waiting: Sequence[Command] = list(commands)
    if not waiting:
        yield answers
        return
    runner = _Runner(variables)
    with ThreadPoolExecutor(len(waiting)) as pool:
        running = [pool.submit(runner.run, command) for command in waiting]
        try:
            yield answers
            answers += [one.result() for one in running]
        except BaseException:
            runner.stop()
            raise
