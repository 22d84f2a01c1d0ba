"""One file per failure. A new experiment is a new module here; nothing else has to change."""

import importlib
import pkgutil

from sevenstops.experiments.base import Experiment, Lab
from sevenstops.service import STOPS

__all__ = ["Experiment", "Lab", "all_experiments"]


def all_experiments() -> list[Experiment]:
    """Every experiment, in walking order of the stops."""
    found = [
        importlib.import_module(f"{__name__}.{module.name}").EXPERIMENT
        for module in pkgutil.iter_modules(__path__)
        if module.name != "base"
    ]
    return sorted(found, key=lambda e: (STOPS.index(e.stop), e.order))
