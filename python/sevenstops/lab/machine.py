"""The machine as a witness: who used the processors, and who waited for one."""

import os
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from sevenstops.evidence.runs import Doubt
from sevenstops.lab.stoppable import Stoppable

OTHERS = 0.15
"""Share of the processors' time: more of it used by foreign processes makes a run doubtful."""
WAITED = 0.05
"""Share of a run that service, edge, upstreams or load may have waited for foreign processes.

In 20 quiet runs of two experiments on two cores foreign processes took at most 3.4 %, and were
waited for for at most 0.7 % of the time; `make calibrate` is to say how often the bounds are wrong.
"""

NANO = 1e-9


def waits(pid: int) -> dict[tuple[int, int], tuple[float, float]]:
    """Seconds that each thread of a process ran, and waited for a processor while it could run.

    From /proc/PID/task/TID/schedstat (Linux, Documentation/scheduler/sched-stats). Threads that end
    meanwhile are left out, and all of a process that has ended.
    """
    found: dict[tuple[int, int], tuple[float, float]] = {}
    try:
        tasks = os.listdir(f"/proc/{pid}/task")
    except OSError:
        return found
    for task in tasks:
        try:
            ran, waited, _ = Path(f"/proc/{pid}/task/{task}/schedstat").read_text().split()
        except (OSError, ValueError):
            continue
        found[pid, int(task)] = (int(ran) * NANO, int(waited) * NANO)
    return found


def unused(cpus: Sequence[int]) -> float:
    """Seconds that these processors had nothing to do, or only what runs at a lower priority (nice)
    and gives way.

    Idle time is measured where the kernel stops its tick (Linux, get_cpu_idle_time_us); the time
    in user and system is sampled by the tick, which load that wakes with the tick can double or
    hide (proc(5), /proc/stat).
    """
    total = 0
    wanted = {f"cpu{n}" for n in cpus}
    for line in Path("/proc/stat").read_text().splitlines():
        name, *fields = line.split()
        if name in wanted:
            _, nice, _, idle, waiting = map(int, fields[:5])
            total += nice + idle + waiting
    return total / os.sysconf("SC_CLK_TCK")


def pressure() -> float | None:
    """Seconds in which some process waited for a processor, where the kernel counts them (PSI)."""
    try:
        some = Path("/proc/pressure/cpu").read_text().splitlines()[0]
    except (OSError, IndexError):
        return None
    return int(some.rpartition("total=")[2]) * 1e-6


class Witness(Stoppable):
    """Watches the processors while a load runs; `report` tells what was seen once it has stopped.

    `roles` has the processes of the service, the edge, the upstreams and the load.
    """

    PERIOD = 0.05

    def __init__(self, roles: Mapping[str, Sequence[int]], cpus: Sequence[int]) -> None:
        """Begins to watch."""
        self._roles, self._cpus = roles, cpus
        self._first = self._look()
        self._last = dict(self._first)
        self._unused, self._began, self._pressure = unused(cpus), time.monotonic(), pressure()
        self.report: dict[str, Any] = {}
        self._done = threading.Event()
        # Ctrl-C may come before anybody can stop it, and Python is not to wait for it then.
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _look(self) -> dict[tuple[int, int], tuple[float, float]]:
        found = {}
        for pids in self._roles.values():
            for pid in pids:
                found.update(waits(pid))
        return found

    def _watch(self) -> None:
        # A load's threads end with it, and their counts with them.
        while not self._done.wait(self.PERIOD):
            self._last.update(self._look())

    def _end(self) -> None:
        self._done.set()
        self._thread.join()
        self._last.update(self._look())
        seconds = time.monotonic() - self._began
        processors = seconds * len(self._cpus)
        ran = self._grown(0, [pid for pids in self._roles.values() for pid in pids])
        busy = processors - (unused(self._cpus) - self._unused)
        others = max(0.0, busy - ran)
        waited = {
            # Of several processes the one that waited longest.
            role: max((self._grown(1, [pid]) for pid in pids), default=0.0) / seconds
            for role, pids in self._roles.items()
        }
        self.report = {
            "seconds": seconds,
            "ours": ran / processors,
            "others": others / processors,
            "waited": waited,
            "waited_for_others": max(waited.values()) * others / max(others + ran, 1e-9),
        }
        now = pressure()
        if self._pressure is not None and now is not None:
            self.report["pressure"] = (now - self._pressure) / seconds

    def _grown(self, which: int, pids: Sequence[int]) -> float:
        nothing = (0.0, 0.0)
        return sum(
            max(0.0, times[which] - self._first.get(task, nothing)[which])
            for task, times in self._last.items()
            if task[0] in pids
        )


def machine_doubts(report: Mapping[str, Any]) -> list[Doubt]:
    """What the witness says against a run."""
    if report["others"] > OTHERS:
        return [
            Doubt(
                "machine",
                f"other processes used {report['others']:.0%} of the processors "
                f"(bound: {OTHERS:.0%})",
            )
        ]
    if report["waited_for_others"] > WAITED:
        role = max(report["waited"], key=report["waited"].get)
        return [
            Doubt(
                "machine",
                f"{role} waited {report['waited_for_others']:.0%} of the time for other processes "
                f"(bound: {WAITED:.0%})",
            )
        ]
    return []
