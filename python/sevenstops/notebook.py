"""For notebooks: one failure, looked at step by step."""

import html
import io
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from sevenstops import experiments
from sevenstops.errors import LabError
from sevenstops.evidence.documents import read_evidence
from sevenstops.evidence.metrics import BEFORE, Metric, Sample
from sevenstops.evidence.quantities import human
from sevenstops.experiments import ROUNDS, Experiment, experiment_named
from sevenstops.experiments.base import SIDES
from sevenstops.lab.environment import Lab
from sevenstops.lab.settings import difference
from sevenstops.report.figures import LIGHT, inline
from sevenstops.report.sweep import draw_sweep, sweep_table
from sevenstops.sweeps import sweep_named

ROUNDS_VARIABLE = "SEVENSTOPS_NOTEBOOK_ROUNDS"
"""How many runs of each side a figure comes of, where the usual five would take too long."""

EVIDENCE_VARIABLE = "SEVENSTOPS_NOTEBOOK_EVIDENCE"
"""A file of evidence that is shown in place of runs made now."""


class Look:
    """What one run gave, as a small table."""

    def __init__(self, metrics: list[Metric], sample: Sample) -> None:
        """`sample` has a number for each of `metrics`."""
        self.sample = sample
        self._metrics = metrics

    def _repr_markdown_(self) -> str:
        lines = ["| metric | measured | must be | holds |", "|---|--:|---|---|"]
        for m in self._metrics:
            value = self.sample[m.name]
            lines.append(
                f"| {m.name} | {human(value, m.unit, m.name)} | {m.threshold} | {self._holds(m)} |"
            )
        return "\n".join(lines)

    def _holds(self, metric: Metric) -> str:
        if metric.reference == BEFORE:
            # One side alone can't tell.
            return ""
        must = metric.resolved(self.sample.get(metric.reference, 0.0))
        return "yes" if must.holds(self.sample[metric.name]) else "**no**"


class Figure:
    """The figures of one failure: how it comes about, or bars of before and after."""

    def __init__(self, evidence: Mapping[str, Any]) -> None:
        """`evidence` is one failure's part of an evidence document."""
        self.evidence = dict(evidence)

    def _repr_html_(self) -> str:
        scales = '<svg style="max-width:100%;height:auto"'
        shown = "".join(
            '<figure style="margin:0 24px 12px 0;max-width:460px">'
            f"<figcaption><b>{html.escape(figure['title'])}</b></figcaption>"
            f"{figure['svg'].replace('<svg', scales, 1)}</figure>"
            for figure in inline(self.evidence)
        )
        style = f"{LIGHT};background:#ffffff;color:#1b1b1b;padding:8px;display:flex;flex-wrap:wrap"
        return f'<div style="{style}">{shown}</div>'


class SweepFigure:
    """A sweep's table and figure."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        """`document` is what Sweep.run gave."""
        self.document = dict(document)

    def _repr_markdown_(self) -> str:
        return "\n".join(sweep_table(self.document))

    def _repr_png_(self) -> bytes:
        out = io.BytesIO()
        draw_sweep(self.document, out)
        return out.getvalue()


class Changes:
    """The settings that make the difference."""

    def __init__(self, changed: dict[str, dict[str, str]]) -> None:
        """`changed` has each setting's value before and after."""
        self.changed = changed

    def _repr_markdown_(self) -> str:
        lines = ["| setting | before | after |", "|---|---|---|"]
        lines += [f"| `{k}` | {v['before']} | {v['after']} |" for k, v in self.changed.items()]
        return "\n".join(lines)


def look(failure: str, side: str, edge: str = "nginx") -> Look:
    """One run of a freshly started service, "before" the fix or "after" it.

    Service and edge have ended when it comes back, whatever happened.
    """
    experiment = experiment_named(failure)
    kept = _kept(failure)
    if kept:
        sample = {m["name"]: m[side]["samples"][0] for m in kept["metrics"]}
        return Look(experiment.metrics, sample)
    lab = experiment.lab_of(Lab(edge))
    settings = experiment.sides()[SIDES.index(side)]
    run = experiment.once(lab, settings, experiment.plan(lab.seed))
    return Look(experiment.metrics, run.sample)


def _kept(failure: str) -> dict[str, Any] | None:
    """The failure's part of the file that EVIDENCE_VARIABLE names; None without one."""
    path = os.environ.get(EVIDENCE_VARIABLE)
    if not path:
        return None
    found = {e["failure"]: e for e in read_evidence(Path(path))["evidence"]}
    if failure not in found:
        raise LabError(f"{path} has no evidence of {failure}")
    kept: dict[str, Any] = found[failure]
    return kept


def changes(failure: str) -> Changes:
    """The settings that the fix changes, all of one stop."""
    before, after = experiment_named(failure).sides()
    return Changes(difference(before.settings, after.settings))


@lru_cache(maxsize=32)
def measure(failure: str) -> Figure:
    """Several runs of both sides in a namespace of their own: the figure with its interval."""
    kept = _kept(failure)
    if kept is None:
        rounds = int(os.environ.get(ROUNDS_VARIABLE, ROUNDS))
        kept = experiments.run(failure, rounds=rounds)["evidence"][0]
    return Figure(kept)


def sweep(name: str, edge: str = "nginx") -> "SweepFigure":
    """A sweep with one run of each point: its table and figure."""
    found = sweep_named(name)
    return SweepFigure(found.run(Lab(edge), 1))


def known(stop: str) -> list[Experiment]:
    """Every failure of one stop."""
    return [e for e in experiments.all_experiments() if e.stop == stop]
