"""What every edge can do."""

import abc
import socket
from typing import ClassVar

from sevenstops.lab.stoppable import Stoppable


class Edge(Stoppable):
    """A running reverse proxy in front of a service; a context manager that ends it.

    Made with the service's port; `port` is the one that clients talk to. Raises LabError in one
    sentence when the proxy is missing or refuses its configuration.
    """

    name: ClassVar[str]
    # What it is, in a line.
    about: ClassVar[str]
    port: int

    @abc.abstractmethod
    def __init__(
        self, service_port: int, header_limit: int = 16384, cpus: frozenset[int] = frozenset()
    ) -> None:
        """Starts the proxy; it takes header lines of `header_limit` bytes and runs on `cpus`."""

    @classmethod
    @abc.abstractmethod
    def version(cls) -> str:
        """Name and version, such as "nginx/1.22.1"; raises LabError when it isn't installed."""

    @property
    def url(self) -> str:
        """Where clients ask."""
        return f"http://127.0.0.1:{self.port}"


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
