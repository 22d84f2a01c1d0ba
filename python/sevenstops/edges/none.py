"""No edge: clients talk to the service itself."""

from sevenstops.edges.base import Edge


class NoEdge(Edge):
    """Stands for an edge where there is none."""

    name = "none"

    def __init__(
        self, service_port: int, header_limit: int = 16384, cpus: frozenset[int] = frozenset()
    ) -> None:
        """Starts nothing."""
        self.port = service_port

    @classmethod
    def version(cls) -> str:
        """The word that the evidence uses."""
        return "none"

    def stop(self) -> None:
        """Nothing to end."""


EDGE = NoEdge
