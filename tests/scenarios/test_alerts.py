"""Prometheus itself tells a failure from the mended service by the rules that users get.

Two quick experiments; `make alerts` does the same for all.
"""

import contextlib
import shutil
import subprocess

import pytest

from sevenstops.experiments import experiment_named, guides
from sevenstops.lab.environment import Lab
from sevenstops.lab.prometheus import Prometheus, scraped, sped_up
from sevenstops.report.observability import alert_name, alert_rules

FAILURES = ("logged-in-431", "unbounded-head-and-body")
SIDES = ("before", "after")

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not shutil.which("prometheus"), reason="prometheus is not installed"),
]


@pytest.fixture(scope="module")
def watched():
    """The scenes of both, on both sides, and one Prometheus for all: it takes its time to start."""
    with contextlib.ExitStack() as stack:
        scenes = {}
        for failure in FAILURES:
            experiment = experiment_named(failure)
            lab = experiment.lab_of(Lab())
            for side, settings in zip(SIDES, experiment.sides(), strict=True):
                scene = stack.enter_context(experiment.scene(lab, settings))
                scenes[f"{failure} {side}"] = scene
        jobs = {job: scraped(scene) for job, scene in scenes.items()}
        yield scenes, stack.enter_context(Prometheus(alert_rules(guides()), jobs))


@pytest.mark.parametrize("failure", FAILURES)
def test_an_alert_fires_in_its_failure_and_not_once_it_is_mended(watched, failure):
    scenes, prometheus = watched
    plan = experiment_named(failure).plan(7)
    name = alert_name(failure)
    fired = {}
    for side, patience, until in (("before", 30, name), ("after", 4, "")):
        job = f"{failure} {side}"
        fired[side] = prometheus.fired_under(job, scenes[job], plan, patience, until)
    assert name in fired["before"]
    assert name not in fired["after"]


@pytest.mark.parametrize("change", [lambda rules: rules, sped_up], ids=["as it is", "sped up"])
def test_promtool_accepts_the_rules(change, tmp_path):
    rules = tmp_path / "rules.yml"
    rules.write_text(change(alert_rules(guides())))
    checked = subprocess.run(
        ["promtool", "check", "rules", str(rules)], capture_output=True, text=True, check=False
    )
    assert checked.returncode == 0, checked.stdout + checked.stderr
