"""Processes that end with this one, however it ends."""

import os
import select
import subprocess
import time
from pathlib import Path
from types import TracebackType

from sevenstops import _core
from sevenstops.errors import LabError

EXECUTABLE = Path(_core.__file__).parent / "sevenstops-service"


class Process:
    """A child that the kernel kills when this process dies (PR_SET_PDEATHSIG).

    Start it from a thread that lives as long as the child should: the signal comes when that
    thread ends.
    """

    def __init__(self, command: list[str], cpus: set[int] | None = None, log: Path | None = None):
        """Starts `command`; `cpus` pins it, `log` takes its stderr."""
        self._cpus = cpus
        target = log.open("wb") if log else subprocess.PIPE
        before = os.sched_getaffinity(0)
        if cpus:
            # The child inherits the mask; a call after its start would miss its first threads.
            os.sched_setaffinity(0, cpus)
        try:
            self.popen = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=target
            )
        finally:
            os.sched_setaffinity(0, before)
            if log and not isinstance(target, int):
                target.close()

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self.popen.pid

    def first_line(self, timeout: float) -> bytes:
        """The child's first line of output; raises LabError with its own words when there is none."""
        assert self.popen.stdout is not None
        ready, _, _ = select.select([self.popen.stdout], [], [], timeout)
        line = self.popen.stdout.readline() if ready else b""
        if not line:
            self.stop()
            words = self.popen.stderr.read().decode() if self.popen.stderr else ""
            raise LabError(words.strip() or "the service did not start")
        return line

    def stop(self) -> None:
        """Ends the child: asks first, insists after two seconds."""
        if self.popen.poll() is None:
            self.popen.terminate()
            try:
                self.popen.wait(2)
            except subprocess.TimeoutExpired:
                self.popen.kill()
        self.popen.wait()
        if self.popen.stdout:
            self.popen.stdout.close()

    def __enter__(self) -> "Process":
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the child."""
        self.stop()


def wait_until(ready: "object", timeout: float, what: str) -> None:
    """Polls `ready()` until it is true; raises LabError naming `what` after `timeout` seconds."""
    assert callable(ready)
    end = time.monotonic() + timeout
    while not ready():
        if time.monotonic() > end:
            raise LabError(f"{what} did not get ready within {timeout:g} s")
        time.sleep(0.01)
