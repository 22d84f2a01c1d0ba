"""One file per failure. A new experiment is a new module here; nothing else has to change."""

import importlib
import json
import os
import pkgutil
import subprocess
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from sevenstops.errors import LabError
from sevenstops.evidence.stops import STOPS
from sevenstops.experiments.base import Experiment
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import EXECUTABLE

__all__ = [
    "Experiment",
    "Lab",
    "all_experiments",
    "choose",
    "experiment_named",
    "explained",
    "guides",
    "run",
]

ROUNDS = 5
QUICK_ROUNDS = 3


def all_experiments() -> list[Experiment]:
    """Every experiment, in walking order of the stops."""
    found = [
        importlib.import_module(f"{__name__}.{module.name}").EXPERIMENT
        for module in pkgutil.iter_modules(__path__)
        if module.name not in ("base", "figures", "ablation")
    ]
    return sorted(found, key=lambda e: (STOPS.index(e.stop), e.order))


def choose(names: Iterable[str] = (), everything: bool = False) -> list[Experiment]:
    """The experiments of these stops and failures; without names the core ones, or really all.

    Raises LabError for a name that is neither a stop's nor a failure's.
    """
    wanted = set(names)
    known = all_experiments()
    for name in wanted - {e.failure for e in known} - set(STOPS):
        raise LabError(
            f"unknown stop '{name}': the stops are {', '.join(STOPS)}; failures go by their names"
        )
    if wanted:
        return [e for e in known if e.stop in wanted or e.failure in wanted]
    return [e for e in known if everything or e.core]


def experiment_named(failure: str) -> Experiment:
    """The experiment of one failure, such as "shadowed-route". Raises LabError naming them all."""
    known = {e.failure: e for e in all_experiments()}
    if failure not in known:
        raise LabError(f"unknown failure '{failure}': there are {', '.join(known)}")
    return known[failure]


def guides() -> list[dict[str, Any]]:
    """What there is to say of every failure without a measurement, in walking order: the runbook's
    lines, as the evidence contract has them.
    """
    return [experiment.guide() for experiment in all_experiments()]


def explained(document: dict[str, Any]) -> dict[str, Any]:
    """An evidence document whose failures have lesson and diagnostics, where they are known here:
    older ones had neither.
    """
    known = {guide["failure"]: guide for guide in guides()}
    found = [
        {**known.get(evidence["failure"], {}), **evidence} for evidence in document["evidence"]
    ]
    return {**document, "evidence": found}


def run(
    *names: str,
    edge: str = "nginx",
    quick: bool = True,
    seed: int = 7,
    everything: bool = False,
    rounds: int | None = None,
    said: Mapping[str, Mapping[str, str]] | None = None,
) -> dict[str, Any]:
    """Measures in a child interpreter with a network namespace of its own, where there is one.

    Gives the evidence document (schemas/evidence-1.json). For tests and notebooks, whose own
    process has threads already and can't move. `said` changes settings of "before" or "after" for a
    look. Raises LabError with the child's own sentence.
    """
    choose(names, everything)
    options = ["--edge", edge, "--seed", str(seed), "--json", "-"]
    options += ["--quick"] * quick + ["--all"] * everything
    options += ["--rounds", str(rounds)] if rounds is not None else []
    for side, changes in (said or {}).items():
        for name, value in changes.items():
            options += [f"--{side}", f"{name}={value}"]
    guard = [str(EXECUTABLE), "--guard", str(os.getpid())]
    command = [*guard, sys.executable, "-m", "sevenstops", "run", *names, *options]
    child = subprocess.run(command, capture_output=True, text=True, check=False)
    if child.returncode not in (0, 1):
        lines = child.stderr.strip().splitlines() or [f"the run ended with {child.returncode}"]
        raise LabError(lines[-1].removeprefix("sevenstops: "))
    document: dict[str, Any] = json.loads(child.stdout)
    return document
