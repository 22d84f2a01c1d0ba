"""The HTTP service under study, as a process of its own."""

import json
import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Any

from sevenstops import _core
from sevenstops.processes import EXECUTABLE, Process

STOPS = ("accept", "parse", "route", "middleware", "handle", "serialize", "drain")


def settings_with(base: _core.Settings, stop: str, other: _core.Settings) -> _core.Settings:
    """A copy of `base` with one stop's settings taken from `other`."""
    mixed = base.copy()
    for info in _core.field_infos():
        if info.name.startswith(stop + "."):
            mixed.set(info.name, other.get(info.name))
    return mixed


@dataclass(frozen=True)
class ServiceOptions:
    """What a service needs besides its settings; see the executable's --help."""

    port: int = 0
    admin_port: int = 0
    threads: int = 1
    rows: int = 20000
    dependencies: tuple[tuple[str, int], ...] = ()
    faults: tuple[str, ...] = ()
    cpus: frozenset[int] = frozenset()


class Service:
    """A running service; a context manager. Raises LabError in one sentence when it can't start."""

    def __init__(self, settings: _core.Settings, options: ServiceOptions | None = None) -> None:
        """Starts the process and waits until it listens."""
        options = options or ServiceOptions()
        command = [str(EXECUTABLE), "--die-with-parent"]
        for name, value in (
            ("port", options.port),
            ("admin-port", options.admin_port),
            ("threads", options.threads),
            ("rows", options.rows),
        ):
            command += [f"--{name}", str(value)]
        for info in _core.field_infos():
            command += ["--set", f"{info.name}={settings.get(info.name)}"]
        for name, port in options.dependencies:
            command += ["--dependency", f"{name}={port}"]
        for fault in options.faults:
            command += ["--fault", fault]
        self.process = Process(command, set(options.cpus) or None)
        ports = json.loads(self.process.first_line(timeout=30))
        self.port: int = ports["port"]
        self.admin_port: int = ports["admin_port"]

    def stops(self) -> dict[str, Any]:
        """The admin listener's /stops: every counter, summed over threads."""
        url = f"http://127.0.0.1:{self.admin_port}/stops"
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(url, timeout=5) as answer:
            counters: dict[str, Any] = json.load(answer)
            return counters

    def memory(self) -> int:
        """Resident bytes of the process now."""
        return _core.probe_process(self.process.pid).rss_bytes

    def listener(self) -> _core.ListenerProbe:
        """Queue depth, backlog and drops of the service's own listener."""
        return _core.probe_listener(self.port)

    def stop(self) -> None:
        """Ends the process."""
        self.process.stop()

    def __enter__(self) -> "Service":
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends the process."""
        self.stop()
