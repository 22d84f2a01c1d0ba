"""Measurements over a range, where before and after say too little."""

from sevenstops.errors import LabError
from sevenstops.sweeps.admission import AFTER_A_STEP, UNDER_OVERLOAD
from sevenstops.sweeps.base import ROUNDS, Calculation, Point, Sweep
from sevenstops.sweeps.link import HEAD_OF_LINE, ONE_LOST_PACKET, WINDOWS_AT_A_DISTANCE
from sevenstops.sweeps.overload import RETRY_STORM, UNDER_LOAD, UNDER_SLOWNESS
from sevenstops.sweeps.route import MATCH
from sevenstops.sweeps.tail import FAN_OUT, HEDGE_POINT

__all__ = ["ROUNDS", "SWEEPS", "Calculation", "Point", "Sweep", "sweep_named"]

SWEEPS = (
    FAN_OUT, HEDGE_POINT, UNDER_LOAD, UNDER_SLOWNESS, RETRY_STORM, UNDER_OVERLOAD, AFTER_A_STEP,
    MATCH, WINDOWS_AT_A_DISTANCE, HEAD_OF_LINE, ONE_LOST_PACKET,
)  # fmt: skip


def sweep_named(name: str) -> Sweep:
    """One sweep. Raises LabError naming them all."""
    for sweep in SWEEPS:
        if sweep.name == name:
            return sweep
    raise LabError(f"unknown sweep '{name}': there are {', '.join(s.name for s in SWEEPS)}")
