"""What the tests share."""

import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

# Tests that a shell starts in the background ignore Ctrl-C, and so do their children.
signal.signal(signal.SIGINT, signal.default_int_handler)

CLI = [sys.executable, "-m", "sevenstops"]


class TaggedRun:
    """A `sevenstops` process whose descendants can be found by a variable that they inherit."""

    def __init__(self, *arguments: str, folder: Path, isolated: bool = True) -> None:
        self.tag = f"SEVENSTOPS_TEST_TAG={uuid.uuid4().hex}"
        name, value = self.tag.split("=")
        environment = {**os.environ, name: value, "TMPDIR": str(folder)}
        environment.pop("SEVENSTOPS_ISOLATION", None)
        if not isolated:
            environment["SEVENSTOPS_ISOLATION"] = "none"
        self.popen = subprocess.Popen(
            [*CLI, *arguments], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            text=True, cwd=folder,
        )  # fmt: skip

    def processes(self) -> list[int]:
        """Every living process that inherited the tag."""
        return [pid for pid in all_pids() if self.tag in environment_of(pid)]

    def commands(self) -> list[str]:
        """What the children run, by the kernel's 15 characters."""
        children = (pid for pid in self.processes() if pid != self.popen.pid)
        return [name_of(pid) for pid in children]


def all_pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def name_of(pid: int) -> str:
    """A process's name; empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text().strip()
    except OSError:
        return ""


def environment_of(pid: int) -> list[str]:
    """A process's variables; none when it is gone, a zombie, or somebody else's."""
    try:
        return Path(f"/proc/{pid}/environ").read_bytes().decode(errors="replace").split("\0")
    except OSError:
        return []


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


def cli(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end."""
    return subprocess.run(
        [*CLI, *arguments], capture_output=True, text=True, check=False, timeout=300, **options
    )  # type: ignore[call-overload]
