"""Processes that end with this one, however it ends."""

import contextlib
import os
import select
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.lab.stoppable import Stoppable

EXECUTABLE = Path(_core.__file__).parent / "sevenstops-service"


@contextlib.contextmanager
def pinned(cpus: frozenset[int]) -> Iterator[None]:
    """Runs the calling thread, and what it starts, on `cpus`; anywhere when there are none."""
    before = os.sched_getaffinity(0)
    if cpus:
        os.sched_setaffinity(0, cpus)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


class Process(Stoppable):
    """A child that the kernel kills when this process dies (PR_SET_PDEATHSIG).

    `command` has to arrange for the signal itself, as the service's executable does with
    `--die-with`. Start it from a thread that lives as long as the child should: the signal comes
    when that thread ends.
    """

    def __init__(
        self,
        command: list[str],
        cpus: frozenset[int] = frozenset(),
        environment: Mapping[str, str] | None = None,
        ends_by: signal.Signals = signal.SIGTERM,
    ):
        """Starts `command`, on the processors `cpus` where they are given, with `environment`
        besides this process's own. `ends_by` ends it at once.
        """
        self._ends_by = ends_by
        # A file, since a pipe that nobody reads would stop a child that complains at length.
        self._errors = tempfile.TemporaryFile()  # noqa: SIM115
        # The child inherits the mask; a call after its start would miss its first threads.
        try:
            with pinned(cpus):
                self.popen = subprocess.Popen(
                    command,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.PIPE,
                    stderr=self._errors,
                    env={**os.environ, **(environment or {})},
                )
        except OSError as error:
            self._errors.close()
            raise LabError(f"{command[0]} cannot be run: {error.strerror}") from error

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self.popen.pid

    @property
    def alive(self) -> bool:
        """Whether the child runs."""
        return self.popen.poll() is None

    def last_words(self) -> str:
        """The last line that the child wrote to stderr, without its own name before it."""
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").strip().splitlines()
        return lines[-1].removeprefix(f"{EXECUTABLE.name}: ") if lines else ""

    def first_line(self, timeout: float) -> bytes:
        """The child's first line of output, within `timeout` seconds.

        Raises LabError with the child's own words when there is none.
        """
        assert self.popen.stdout is not None
        ready, _, _ = select.select([self.popen.stdout], [], [], timeout)
        line = self.popen.stdout.readline() if ready else b""
        if not line:
            if ready:
                self.popen.wait()
            words = self.last_words()
            self.stop()
            raise LabError(words or f"the service did not start within {timeout:g} s")
        return line

    def _end(self) -> None:
        """Asks first, insists after two seconds."""
        if self.alive:
            self.popen.send_signal(self._ends_by)
            try:
                self.popen.wait(2)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()
        self._errors.close()


def wait_until(ready: Callable[[], bool], timeout: float, what: str) -> None:
    """Polls `ready()` until it is true; raises LabError naming `what` after `timeout` seconds."""
    end = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > end:
            raise LabError(f"{what} did not get ready within {timeout:g} s")
        time.sleep(0.01)
