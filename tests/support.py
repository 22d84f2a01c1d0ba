"""What tests of several rooms need."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
import time
import uuid
from pathlib import Path

from sevenstops.evidence.documents import evidence_document
from sevenstops.evidence.runs import Run
from sevenstops.evidence.statistics import effect
from sevenstops.experiments import all_experiments
from sevenstops.lab.environment import Lab

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


class Terminal:
    """A `sevenstops` process on a terminal of its own, with so many columns."""

    def __init__(self, *arguments: str, folder: Path, columns: int = 80) -> None:
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
        environment = {**os.environ, "TERM": "xterm-256color"}
        for name in ("COLUMNS", "LINES", "NO_COLOR"):
            environment.pop(name, None)
        self.popen = subprocess.Popen(
            [*CLI, *arguments], env=environment, cwd=folder, stdin=slave, stdout=slave,
            stderr=slave, start_new_session=True,
            # Ctrl-C reaches those whose terminal it is.
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self.output = ""

    def read_until(self, text: str = "", patience: float = 60.0) -> None:
        """Reads on until `text` was shown; without one, to the end."""
        end = time.monotonic() + patience
        while not text or text not in self.shown():
            assert time.monotonic() < end, f"{text!r} was not shown: {self.output}"
            if select.select([self._master], [], [], 0.1)[0]:
                try:
                    read = os.read(self._master, 65536)
                except OSError:
                    # What a terminal says when nobody has it open any more.
                    read = b""
                if not read:
                    assert not text, f"it ended without {text!r}: {self.output}"
                    return
                self.output += read.decode(errors="replace")

    def press(self, key: str) -> None:
        os.write(self._master, key.encode())

    def end(self) -> int:
        """Reads to the end; gives the exit code."""
        self.read_until()
        return self.popen.wait(30)

    def shown(self) -> str:
        """What was written, without colours and cursor movements."""
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.output)

    def widest(self) -> int:
        """Columns of the longest line that was ever on it."""
        return max(map(len, re.split(r"[\r\n]+", self.shown())))

    def close(self) -> None:
        self.popen.kill()
        self.popen.wait()
        os.close(self._master)


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


def cli(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    """Runs the command line to its end."""
    return subprocess.run(
        [*CLI, *arguments], capture_output=True, text=True, check=False, timeout=300, **options
    )  # type: ignore[call-overload]


def made_up_metric(name, before, after, passes=True):
    """A metric as an evidence document has it."""
    return {
        "name": name, "unit": "seconds", "better": "lower", "threshold": "after < 1",
        "pass": passes, "before": {"samples": before, "median": before[1]},
        "after": {"samples": after, "median": after[1]}, "effect": effect(before, after),
    }  # fmt: skip


def made_up_evidence(**fields):
    """One failure's part of an evidence document."""
    return {
        "stop": "accept", "failure": "accept-queue-overflow", "verdict": "not fixed",
        "reason": "x_seconds after is not always < 1", "plan": {"fingerprint": "sha256:0"},
        "diagnostics": [{"command": "ss -ltnmi", "when_it_is": "d above 0"}],
        "metrics": [made_up_metric("x_seconds", [3.0, 3.1, 3.2], [2.0, 2.1, 2.2], passes=False)],
        **fields,
    }  # fmt: skip


def document_of_every_failure():
    """An evidence document of all experiments, whose numbers are made up."""
    found = []
    for e in all_experiments():
        shown = e.evidence(Lab(edge="none"), {f"{e.stop}.x": ("<1>", "2")})
        shown.edge = "nginx/1"
        for n in range(3):
            worse = {m.name: 1e9 + n if m.better == "lower" else 1e-9 for m in e.metrics}
            better = {m.name: 0.0 if m.better == "lower" else 1.0 for m in e.metrics}
            curves = [
                {f.name: [(x, (2 + x) * scale) for x in (0.2, 0.5, 0.8)] for f in e.figures}
                for scale in (5.0, 1.0)
            ]
            sides = (Run(s, curves=c) for s, c in zip((worse, better), curves, strict=True))
            shown.add_round(7 + n, "sha256:" + "0" * 64, *sides)
        found.append(shown)
    pinning = {"service": [0], "edge": [], "load": [1]}
    where = {"cores": 2, "kernel": "6", "edge": "nginx/1", "isolation": "netns", "pinning": pinning}
    return evidence_document(where, found)
