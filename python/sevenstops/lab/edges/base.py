"""What every edge can do."""

import abc
import os
import shutil
import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from sevenstops.errors import LabError
from sevenstops.lab.folders import OwnedFolder
from sevenstops.lab.processes import EXECUTABLE, Process, wait_until
from sevenstops.lab.stoppable import Stoppable


@dataclass(frozen=True)
class EdgeOptions:
    """What an edge is told besides its service's port.

    `header_limit` is the service's own, in bytes for a whole head: the proxy's limits follow from
    it, so that it lets no head pass that the service would refuse for its size as a whole. How long
    a request line may be, and how many fields there may be, is left to the service, as not every
    proxy has limits of the kind. `deny` is the
    beginning of paths, as they are sent, that get 403; empty for none. `cpus` pins the process.
    `stock` leaves the proxy at the distribution's defaults: it is told where the service is, and
    neither of a limit nor of what to deny.

    `replicas` are ports of further replicas of the service. With any, the edge asks them in turn,
    sends no request twice, and holds no failed request against a replica: it learns who is to be
    left out by asking each for /healthz every 0.1 s, or by `take_out` where it can't. `kept` is how
    many idle connections to a replica it keeps at the least; 0 is what it keeps otherwise.
    """

    header_limit: int = 16384
    deny: str = ""
    cpus: frozenset[int] = frozenset()
    stock: bool = False
    replicas: tuple[int, ...] = ()
    kept: int = 0


class Edge(Stoppable):
    """A running reverse proxy in front of a service; a context manager that ends it.

    Made with the service's port; `port` is the one that clients talk to. Raises LabError in one
    sentence when the proxy is missing or refuses its configuration.
    """

    name: ClassVar[str]
    # What it is, in a line.
    about: ClassVar[str]
    port: int
    # What it was told, with words in place of ports; the same for every run of a scene.
    configuration: str = ""

    @abc.abstractmethod
    def __init__(self, service_port: int, options: EdgeOptions | None = None) -> None:
        """Starts the proxy before the service on this port."""

    @classmethod
    @abc.abstractmethod
    def version(cls) -> str:
        """Name and version, such as "nginx/1.22.1"; raises LabError when it isn't installed."""

    def pids(self) -> list[int]:
        """Its processes; none where there is no proxy."""
        return []

    def take_out(self, port: int) -> None:
        """Leaves out the replica on this port, as whoever deploys it says. Nothing is to be done
        where the edge asks for a replica's health by itself.
        """

    def error_log(self) -> list[str]:
        """What the proxy has logged as wrong, line by line; nothing where it keeps no such log."""
        return []

    @property
    def url(self) -> str:
        """Where clients ask."""
        return f"http://127.0.0.1:{self.port}"


class ProxyProcess(Stoppable):
    """A proxy's process with a folder of its own; a context manager that ends both."""

    def __init__(
        self,
        name: str,
        port: int,
        command: Callable[[Path], list[str]],
        cpus: frozenset[int] = frozenset(),
    ) -> None:
        """Starts what `command` gives for the folder, and waits until `port` listens.

        `command` writes the proxy's configuration into the folder.
        """
        self.port = port
        self.folder = OwnedFolder(name)
        self.process: Process | None = None
        self._name = name
        try:
            guard = [str(EXECUTABLE), "--guard", str(os.getpid())]
            self.process = Process([*guard, *command(self.folder.path)], cpus)
            wait_until(self._listens, 5, f"{name} on port {port}")
        except BaseException:
            self.stop()
            raise

    def pids(self) -> list[int]:
        """The proxy's process."""
        return [self.process.pid] if self.process else []

    def _listens(self) -> bool:
        assert self.process is not None
        if not self.process.alive:
            raise LabError(f"{self._name} did not start: {self.process.last_words()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _end(self) -> None:
        if self.process:
            self.process.stop()
        self.folder.remove()


def installed(name: str, package: str) -> str:
    """The path of a proxy's program. Raises LabError naming its package when it isn't installed."""
    found = shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        raise LabError(f"{name} is not installed: apt-get install {package}, or use --edge none")
    return found


def too_short(name: str, header_limit: int) -> LabError:
    """That a proxy has no limit of a head so small."""
    return LabError(f"{name} can't refuse heads as short as {header_limit} bytes")


def replica_words(ports: Sequence[int]) -> list[str]:
    """What stands in a configuration for the ports of replicas, the service's own first."""
    return ["SERVICE", *(f"REPLICA{n}" for n in range(1, len(ports)))]


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
