"""How an HTTP service fails at each of its seven stops, and what mends it: measured.

`Service` runs the service under study, an `Edge` stands in front of it, `load` sends requests, and
`experiments` holds one failure each, with its settings before and after.
"""

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
from sevenstops.edges import Edge, edge_named
from sevenstops.environment import Lab
from sevenstops.errors import LabError
from sevenstops.loading import LoadReport, load
from sevenstops.plans import (
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
from sevenstops.service import STOPS, Service, ServiceOptions

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
