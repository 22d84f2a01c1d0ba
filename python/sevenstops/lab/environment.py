"""Where a run took place: what of it belongs in the evidence, and who runs on which processor."""

import os
import platform
from dataclasses import dataclass, field
from typing import Any

from sevenstops.lab.commands import Command
from sevenstops.lab.edges import edge_named

ISOLATION_VARIABLE = "SEVENSTOPS_ISOLATION"
"""Set by `sevenstops-service --isolate` for the program that it runs."""


def isolation() -> str:
    """How this process is isolated: "netns", "userns+netns", or "none"."""
    return os.environ.get(ISOLATION_VARIABLE, "none")


@dataclass(frozen=True)
class Lab:
    """How runs are made: the edge, the seed, and which processors belong to whom.

    The service has the first processor for itself, the edge the second where there are three, and
    the load the rest. With one processor nothing is pinned. `commands` are run beside a scene's
    load.
    """

    edge: str = "nginx"
    seed: int = 7
    cpus: tuple[int, ...] = field(default_factory=lambda: tuple(sorted(os.sched_getaffinity(0))))
    commands: tuple[Command, ...] = ()

    @property
    def service_cpus(self) -> frozenset[int]:
        """The processor of the service and its dependencies."""
        return frozenset(self.cpus[:1]) if len(self.cpus) > 1 else frozenset()

    @property
    def edge_cpus(self) -> frozenset[int]:
        """The edge's processor."""
        return frozenset(self.cpus[1:2])

    @property
    def load_cpus(self) -> frozenset[int]:
        """The processors of the load and of this process; the edge's as well when there are two."""
        return frozenset(self.cpus[2:] or self.cpus[1:])

    def environment(self) -> dict[str, Any]:
        """The evidence's account of machine, edge and isolation."""
        return {
            "cores": len(self.cpus),
            "machine": platform.machine(),
            "kernel": platform.release(),
            "python": platform.python_version(),
            "edge": edge_named(self.edge).version(),
            "isolation": isolation(),
            "pinning": {
                "service": sorted(self.service_cpus),
                "edge": sorted(self.edge_cpus),
                "load": sorted(self.load_cpus),
            },
        }
