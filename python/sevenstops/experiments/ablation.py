"""Ablation: which of the settings named as the fix mends it."""

import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sevenstops.evidence.runs import Run
from sevenstops.evidence.verdict import Evidence
from sevenstops.experiments.base import Experiment, round_seed
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import pinned
from sevenstops.lab.settings import SideSettings


def ablate(
    experiment: Experiment,
    evidence: Evidence,
    lab: Lab,
    rounds: int,
    progress: Callable[[str, int], None] = lambda what, done: None,
) -> list[dict[str, Any]]:
    """A row for each setting of the fix: taken back alone, and applied alone.

    "Mended" says that every threshold held in every run; the thresholds are those of the evidence.
    Where the fix is one setting, taking it back gives the side before and applying it the side
    after, which the evidence has already. Raises LabError.
    """
    if len(experiment.switch) == 1:
        (name,) = experiment.switch
        taken_back, alone = evidence.before.runs, evidence.after.runs
        return [_row(evidence, name, taken_back, alone)]
    before, after = experiment.sides()
    rows = []
    for name, values in experiment.switch.items():
        found: list[list[Run]] = []
        for side, value in ((after, values[0]), (before, values[1])):
            progress(f"{name}={value}", len(found))
            found.append(_runs(experiment, lab, side.changed({name: value}), rounds))
        rows.append(_row(evidence, name, *found))
    return rows


def _runs(experiment: Experiment, lab: Lab, side: SideSettings, rounds: int) -> list[Run]:
    lab = experiment.lab_of(lab)
    with pinned(lab.load_cpus):
        seeds = [round_seed(lab.seed, n) for n in range(rounds)]
        return [
            experiment.once(replace(lab, seed=seed), side, experiment.plan(seed)) for seed in seeds
        ]


def _row(evidence: Evidence, name: str, taken_back: list[Run], alone: list[Run]) -> dict[str, Any]:
    values = evidence.settings[name]
    return {
        "setting": name,
        **values,
        "taken_back": _outcome(evidence, taken_back),
        "alone": _outcome(evidence, alone),
    }


def _outcome(evidence: Evidence, runs: list[Run]) -> dict[str, Any]:
    samples = {m.name: [run.sample[m.name] for run in runs] for m in evidence.metrics}
    mended = all(
        evidence.threshold(m).holds(value) for m in evidence.metrics for value in samples[m.name]
    )
    medians = {name: statistics.median(values) for name, values in samples.items()}
    return {"mended": mended, "metrics": medians}
