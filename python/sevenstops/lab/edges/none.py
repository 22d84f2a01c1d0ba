"""No edge: clients talk to the service itself."""

from sevenstops.lab.edges.base import Edge, EdgeOptions


class NoEdge(Edge):
    """Stands for an edge where there is none."""

    name = "none"
    about = "no proxy: clients talk to the service itself"

    def __init__(self, service_port: int, options: EdgeOptions | None = None) -> None:
        """Starts nothing."""
        self.port = service_port

    @classmethod
    def version(cls) -> str:
        """The word that the evidence uses."""
        return "none"

    def _end(self) -> None:
        """Nothing was started."""


EDGE = NoEdge
