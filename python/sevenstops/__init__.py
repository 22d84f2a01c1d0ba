"""How an HTTP service fails at each of its seven stops, and what mends it: measured.

`Service` runs the service under study, an `Edge` stands in front of it, `load` sends requests, and
`experiments` holds one failure each, with its settings before and after.
"""

from typing import TYPE_CHECKING

# For readers and type checkers; a name is imported when it is first used.
if TYPE_CHECKING:
    from sevenstops import experiments
    from sevenstops._core import (
        Crowd,
        FieldInfo,
        Http2Spec,
        Phase,
        Plan,
        RequestSpec,
        Settings,
        client_kinds,
        field_infos,
        fragile,
        hardened,
    )
    from sevenstops.errors import LabError
    from sevenstops.evidence.stops import STOPS
    from sevenstops.lab.edges import Edge, edge_named
    from sevenstops.lab.environment import Lab
    from sevenstops.lab.service import Service, ServiceOptions
    from sevenstops.loading.plans import (
        burst,
        closed,
        constant,
        on_off,
        poisson,
        ramp,
        read_plan,
        steps,
        trace,
        write_plan,
    )
    from sevenstops.loading.running import LoadReport, load

__all__ = [
    "STOPS",
    "Crowd",
    "Edge",
    "FieldInfo",
    "Http2Spec",
    "Lab",
    "LabError",
    "LoadReport",
    "Phase",
    "Plan",
    "RequestSpec",
    "Service",
    "ServiceOptions",
    "Settings",
    "burst",
    "client_kinds",
    "closed",
    "constant",
    "edge_named",
    "experiments",
    "field_infos",
    "fragile",
    "hardened",
    "load",
    "on_off",
    "poisson",
    "ramp",
    "read_plan",
    "steps",
    "trace",
    "write_plan",
]

_NAMES_OF = {
    "_core": (
        "Crowd", "FieldInfo", "Http2Spec", "Phase", "Plan", "RequestSpec", "Settings",
        "client_kinds", "field_infos", "fragile", "hardened",
    ),
    "errors": ("LabError",),
    "evidence.stops": ("STOPS",),
    "lab.edges": ("Edge", "edge_named"),
    "lab.environment": ("Lab",),
    "lab.service": ("Service", "ServiceOptions"),
    "loading.plans": (
        "burst", "closed", "constant", "on_off", "poisson", "ramp", "read_plan", "steps", "trace",
        "write_plan",
    ),
    "loading.running": ("LoadReport", "load"),
}  # fmt: skip
_HOME = {name: home for home, names in _NAMES_OF.items() for name in names}


def _imported(name: str) -> object:
    """A public name, imported when it is first used (PEP 562)."""
    from importlib import import_module

    if name == "experiments":
        return import_module("sevenstops.experiments")
    if name not in _HOME:
        raise AttributeError(f"module 'sevenstops' has no attribute '{name}'")
    found: object = vars(import_module(f"sevenstops.{_HOME[name]}"))[name]
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


# A type checker that knew of it would take any name for one of the package's.
if not TYPE_CHECKING:
    __getattr__ = _imported
