"""What the tests share."""

import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from support import TaggedRun, Terminal

# Tests that a shell starts in the background ignore Ctrl-C, and so do their children.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def tagged_run(tmp_path: Path) -> Iterator[type]:
    """Starts tagged runs; kills what a failed test left of them."""
    started: list[TaggedRun] = []

    def start(*arguments: str, isolated: bool = True) -> TaggedRun:
        started.append(TaggedRun(*arguments, folder=tmp_path, isolated=isolated))
        return started[-1]

    yield start  # type: ignore[misc]
    for run in started:
        for pid in run.processes():
            os.kill(pid, 9)
        run.popen.kill()
        run.popen.communicate()


@pytest.fixture
def terminal(tmp_path: Path) -> Iterator[Callable[..., Terminal]]:
    """Starts command lines on terminals; ends what a failed test left of them."""
    started: list[Terminal] = []

    def start(*arguments: str, columns: int = 80) -> Terminal:
        started.append(Terminal(*arguments, folder=tmp_path, columns=columns))
        return started[-1]

    yield start
    for one in started:
        one.close()
