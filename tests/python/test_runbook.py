"""Every diagnostic of the runbook is run, and shows what the runbook says."""

import re
import subprocess
import time

import pytest

from sevenstops.evidence.stops import STOPS
from sevenstops.experiments import all_experiments
from sevenstops.lab.environment import Lab
from sevenstops.report.runbook import entries, markdown_runbook

LINES = list(entries())
SYMPTOMS = (
    "empty logs", "connect times of 1 s", "431 for logged-in", "413 or 431", "wrong handler",
    "without auth", "track the size", "rss climbs", "page is slow",
)  # fmt: skip


@pytest.mark.parametrize("side", ["fragile", "hardened"])
@pytest.mark.parametrize(
    ("experiment", "diagnostic"), LINES, ids=[d.symptom.split(":")[0] for _, d in LINES]
)
def test_the_diagnostic_tells_the_failure_from_its_fix(experiment, diagnostic, side):
    lab = experiment.lab_of(Lab())
    settings = experiment.sides()[0 if side == "fragile" else 1]
    plan = experiment.plan(lab.seed)
    with experiment.scene(lab, settings) as scene, scene.under_load(plan):
        # Late enough for what accumulates to have done so.
        time.sleep(min(0.8 * plan.duration, 5))
        service = scene.service
        command = diagnostic.command.format(
            port=service.port, admin_port=service.admin_port, pid=service.process.pid
        )
        said = subprocess.run(
            ["sh", "-c", command], capture_output=True, text=True, check=False, timeout=30
        )
    print(f"$ {command}\n{said.stdout}{said.stderr}")
    assert diagnostic.proves(said.stdout) == (side == "fragile"), said.stdout


def test_every_failure_has_a_line_and_every_symptom_is_there():
    assert {e.failure for e, _ in LINES} == {e.failure for e in all_experiments()}
    text = markdown_runbook()
    for symptom in SYMPTOMS:
        assert symptom in text.lower(), symptom
    for experiment, diagnostic in LINES:
        assert experiment.lesson
        assert diagnostic.when_it_is
        assert diagnostic.when_not
    assert not re.search(r"\{(port|admin_port|pid)\}|\{\{", text)
    assert [e.stop for e, _ in LINES] == sorted((e.stop for e, _ in LINES), key=STOPS.index)
