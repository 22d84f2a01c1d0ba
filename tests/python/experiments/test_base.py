"""Experiments: two sides of one stop, and verdicts that can fail."""

import jsonschema
import pytest

from sevenstops import hardened
from sevenstops.evidence.documents import evidence_document, schema
from sevenstops.experiments import all_experiments, experiment_named
from sevenstops.lab.environment import Lab
from sevenstops.lab.settings import difference


@pytest.mark.parametrize("experiment", all_experiments(), ids=lambda e: e.failure)
def test_sides_differ_in_one_stop_and_share_a_plan(experiment):
    differing = difference(*experiment.sides())
    assert differing
    assert all(name.startswith(experiment.stop + ".") for name in differing)
    assert experiment.plan(7).fingerprint() == experiment.plan(7).fingerprint()
    assert experiment.plan(7).fingerprint() != experiment.plan(8).fingerprint()
    experiment.plan(7).check()
    assert any(not m.guard for m in experiment.metrics)
    assert len({m.name for m in experiment.metrics}) == len(experiment.metrics)


def test_sampling_goes_on_until_the_time_is_up():
    experiment = experiment_named("shadowed-route")
    seen = []
    # Random order within a round, and rounds beyond the planned ones while intervals are wide.
    measured = experiment.measure(
        Lab(edge="none"), 1, lambda side, n: seen.append((n, side)), max_time=6.0
    )
    rounds = len(measured.before.samples)
    assert rounds == len(measured.after.samples) >= 1
    assert sorted(seen) == sorted((n, s) for n in range(rounds) for s in ("before", "after"))


def test_a_flipped_experiment_is_not_fixed():
    experiment = experiment_named("shadowed-route")
    before, after = experiment.sides()
    flipped = experiment.measure(Lab(), 2, sides=(after, before))
    assert flipped.verdict() == "not fixed"
    jsonschema.validate(evidence_document(Lab().environment(), [flipped]), schema("evidence-1"))


def test_an_experiment_without_its_failure_is_inconclusive():
    experiment = experiment_named("logged-in-431")
    same = experiment.measure(Lab(edge="none"), 2, sides=(hardened(), hardened()))
    assert same.verdict() == "inconclusive"
