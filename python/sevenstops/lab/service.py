"""The HTTP service under study, as a process of its own."""

import json
import os
import secrets
import signal
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError, core_errors
from sevenstops.lab.processes import EXECUTABLE, Process
from sevenstops.lab.stoppable import Stoppable

TOKEN_VARIABLE = "SEVENSTOPS_TOKEN"


@dataclass(frozen=True)
class ServiceOptions:
    """What a service needs besides its settings.

    The service listens at `address`, an IPv4 address, and its admin listener at 127.0.0.1; of their
    ports 0 lets the kernel choose; `threads` counts I/O threads (0: one per usable processor);
    `rows` the orders in the data set; `dependencies` are names of services beneath, each with the
    ports of its replicas ("leaf*100": it is asked for 100 parts of a page; "ads?": a page may be
    answered without it; "ledger!": not to be asked twice for one answer); `faults` as the
    executable's --fault takes them; with `hold_faults` those that depend on time do nothing before
    `Service.begin_faults`; `cpus` pins the process; `executable` is the service's program, where it
    is not the one that came with this package; `access_log` a file that gets a line for each
    request; `token` what protected routes ask for, made anew where it is None. With `shares_stderr`
    what the service says on stderr is said on this process's; with `tls`, a certificate and its key
    as PEM files, its port speaks TLS and nothing else.
    """

    port: int = 0
    admin_port: int = 0
    threads: int = 1
    rows: int = 20000
    dependencies: tuple[tuple[str, int | tuple[int, ...]], ...] = ()
    faults: tuple[str, ...] = ()
    hold_faults: bool = False
    cpus: frozenset[int] = frozenset()
    executable: Path = EXECUTABLE
    access_log: Path | None = None
    token: str | None = None
    shares_stderr: bool = False
    tls: tuple[Path, Path] | None = None
    address: str = "127.0.0.1"


class Service(Stoppable):
    """A running service; a context manager that ends it.

    `port` and `admin_port` tell where it listens, `url` how to ask it, `token` what its protected
    routes ask for, `settings` what it was told. Raises LabError in one sentence when it can't start
    or has died.
    """

    def __init__(
        self, settings: _core.Settings | None = None, options: ServiceOptions | None = None
    ) -> None:
        """Starts the process, hardened unless told otherwise, and waits until it listens."""
        self.settings = settings = settings.copy() if settings else _core.hardened()
        self._options = options = options or ServiceOptions()
        command = [str(options.executable), "--die-with", str(os.getpid())]
        for name, value in (
            ("address", options.address),
            ("port", options.port),
            ("admin-port", options.admin_port),
            ("threads", options.threads),
            ("rows", options.rows),
        ):
            command += [f"--{name}", str(value)]
        for info in _core.field_infos():
            command += ["--set", f"{info.name}={settings.get(info.name)}"]
        for name, ports in options.dependencies:
            replicas = (ports,) if isinstance(ports, int) else ports
            command += ["--dependency", f"{name}={','.join(map(str, replicas))}"]
        for fault in options.faults:
            command += ["--fault", fault]
        if options.hold_faults:
            command.append("--hold-faults")
        if options.access_log is not None:
            command += ["--access-log", str(options.access_log)]
        if options.tls is not None:
            command += ["--tls", *map(str, options.tls)]
        self._address = options.address
        self._scheme = "http" if options.tls is None else "https"
        self.token = options.token or secrets.token_hex(16)
        # Not an option: everybody can read a command line.
        environment = {TOKEN_VARIABLE: self.token}
        self.process = Process(
            command, options.cpus, environment, signal.SIGINT, options.shares_stderr
        )
        try:
            ports = json.loads(self.process.first_line(timeout=30))
        except BaseException:
            self.stop()
            raise
        self.port: int = ports["port"]
        self.admin_port: int = ports["admin_port"]

    @property
    def url(self) -> str:
        """The service's own address, past any edge."""
        return f"{self._scheme}://{self._address}:{self.port}"

    def stops(self) -> dict[str, Any]:
        """The admin listener's /stops: every counter, summed over threads."""
        try:
            _, text = _core.fetch(_core.Target(self.admin_port), "/stops")
        except RuntimeError as error:
            raise LabError(self._trouble(str(error))) from error
        counters: dict[str, Any] = json.loads(text)
        return counters

    def begin_faults(self) -> None:
        """Starts the clock of the faults that depend on time, in a service that holds them.

        LabError where it runs already: such a run would not measure what it seems to.
        """
        try:
            status, _ = _core.post(_core.Target(self.admin_port), "/faults/begin")
        except RuntimeError as error:
            raise LabError(self._trouble(str(error))) from error
        if status != 204:
            raise LabError(f"the faults of the service on port {self.port} had begun already")

    def successor(self) -> "Service":
        """Another one as this, on this one's port.

        Raises LabError where the port isn't shared, as `accept.take_over` would have it.
        """
        options = replace(self._options, port=self.port, admin_port=0, token=self.token)
        return Service(self.settings, options)

    def leave(self) -> None:
        """Tells it to end gracefully, as an orchestrator does (SIGTERM)."""
        if self.process.alive:
            self.process.popen.send_signal(signal.SIGTERM)

    def exit_code(self, patience: float) -> int | None:
        """What it ended with; None where it has not within `patience` seconds."""
        try:
            return self.process.popen.wait(max(0.0, patience))
        except subprocess.TimeoutExpired:
            return None

    def memory(self) -> int:
        """Resident bytes of the process now."""
        try:
            return _core.probe_process(self.process.pid).rss_bytes
        except RuntimeError as error:
            raise LabError(self._trouble(str(error))) from error

    def listener(self) -> _core.ListenerProbe:
        """Queue depth, backlog and drops of the service's own listener."""
        with core_errors():
            return _core.probe_listener(self.port)

    def _trouble(self, otherwise: str) -> str:
        if self.process.alive:
            return f"the service on port {self.port} does not say how it is: {otherwise}"
        code = self.process.popen.returncode
        return f"the service ended during the run (exit code {code}): {self.process.last_words()}"

    def _end(self) -> None:
        self.process.stop()
