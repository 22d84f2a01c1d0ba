"""Real reverse proxies, one file each. A new edge is a new module here with an `EDGE`."""

import importlib
import pkgutil

from sevenstops.errors import LabError
from sevenstops.lab.edges.base import Edge, EdgeOptions

__all__ = ["Edge", "EdgeOptions", "edge_named", "edges"]


def edges() -> dict[str, type[Edge]]:
    """Every kind of edge by its name."""
    modules = (
        importlib.import_module(f"{__name__}.{module.name}")
        for module in pkgutil.iter_modules(__path__)
        if module.name != "base"
    )
    return {module.EDGE.name: module.EDGE for module in modules}


def edge_named(name: str) -> type[Edge]:
    """The kind of edge called `name`, e.g. "nginx". Raises LabError naming those there are."""
    known = edges()
    if name not in known:
        raise LabError(f"unknown edge '{name}': there are {', '.join(sorted(known))}")
    return known[name]
