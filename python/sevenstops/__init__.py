"""How an HTTP service fails at each of its seven stops, and what mends it: measured.

`Service` runs the service under study, an `Edge` stands in front of it, `load` sends requests, and
`experiments` holds one failure each, with its settings before and after.
"""

from sevenstops import experiments
from sevenstops._core import (
    Arrivals,
    Crowd,
    FieldInfo,
    Plan,
    RequestSpec,
    Settings,
    field_infos,
    fragile,
    hardened,
)
from sevenstops.edges import Edge, edge_named
from sevenstops.environment import Lab
from sevenstops.errors import LabError
from sevenstops.loading import LoadReport, load
from sevenstops.service import STOPS, Service, ServiceOptions

__all__ = [
    "STOPS",
    "Arrivals",
    "Crowd",
    "Edge",
    "FieldInfo",
    "Lab",
    "LabError",
    "LoadReport",
    "Plan",
    "RequestSpec",
    "Service",
    "ServiceOptions",
    "Settings",
    "edge_named",
    "experiments",
    "field_infos",
    "fragile",
    "hardened",
    "load",
]
