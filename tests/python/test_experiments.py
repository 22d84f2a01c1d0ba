"""Every experiment, measured: the lab's main job as a regression check."""

import json

import jsonschema
import pytest
from conftest import cli

from sevenstops import LabError, experiments, hardened
from sevenstops.evidence.documents import evidence_document, schema
from sevenstops.experiments import all_experiments, experiment_named
from sevenstops.lab.environment import Lab

FAILURES = (
    "accept-queue-overflow", "unbounded-head-and-body", "logged-in-431", "shadowed-route",
    "auth-after-route", "deadline-not-propagated", "unbounded-serialization",
    "ignored-backpressure",
)  # fmt: skip


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory):
    """`sevenstops run --quick`, as its user runs it."""
    folder = tmp_path_factory.mktemp("quick")
    ended = cli("run", "--quick", "--json", str(folder / "e.json"), "--out", str(folder / "out"))
    assert ended.returncode in (0, 1), ended.stderr
    return ended, folder, json.loads((folder / "e.json").read_text())


def test_the_document_keeps_its_contract(quick_run):
    _, _, document = quick_run
    jsonschema.validate(document, schema("evidence-1"))
    assert tuple(e["failure"] for e in document["evidence"]) == FAILURES
    for evidence in document["evidence"]:
        assert all(name.startswith(evidence["stop"] + ".") for name in evidence["settings"])
        for metric in evidence["metrics"]:
            assert len(metric["before"]["samples"]) == len(metric["after"]["samples"]) == 3


@pytest.mark.parametrize("failure", FAILURES)
def test_the_failure_is_shown_and_fixed(quick_run, failure):
    _, _, document = quick_run
    evidence = next(e for e in document["evidence"] if e["failure"] == failure)
    assert evidence["verdict"] == "fixed", json.dumps(evidence["metrics"], indent=1)


def test_the_report_has_a_figure_for_each_stop(quick_run):
    ended, folder, _ = quick_run
    text = (folder / "out" / "report.md").read_text()
    for experiment in (e for e in all_experiments() if e.core):
        assert f"### {experiment.failure}: " in text
        assert f"]({experiment.stop}.png)" in text
        assert (folder / "out" / f"{experiment.stop}.png").stat().st_size > 10_000
        assert experiment.symptom in text
    assert "verdict" in ended.stdout
    assert "8/8 drain: ignored-backpressure" in ended.stderr


@pytest.mark.parametrize("experiment", all_experiments(), ids=lambda e: e.failure)
def test_sides_differ_in_one_stop_and_share_a_plan(experiment):
    from sevenstops.experiments.base import difference

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
    rounds = len(measured.before)
    assert rounds == len(measured.after) >= 1
    assert sorted(seen) == sorted((n, s) for n in range(rounds) for s in ("before", "after"))


def test_a_flipped_experiment_is_not_fixed():
    experiment = experiment_named("shadowed-route")
    before, after = experiment.sides()
    flipped = experiment.measure(Lab(), 2, sides=(after, before))
    assert flipped.verdict() == "not fixed"
    jsonschema.validate(evidence_document(Lab(), [flipped]), schema("evidence-1"))


def test_an_experiment_without_its_failure_is_inconclusive():
    experiment = experiment_named("logged-in-431")
    same = experiment.measure(Lab(edge="none"), 2, sides=(hardened(), hardened()))
    assert same.verdict() == "inconclusive"


def test_a_child_interpreter_brings_its_evidence_back():
    document = experiments.run("route", edge="none")
    jsonschema.validate(document, schema("evidence-1"))
    assert [e["failure"] for e in document["evidence"]] == ["shadowed-route"]
    assert document["environment"]["edge"] == "none"


def test_a_child_interpreter_brings_its_sentence_back():
    with pytest.raises(LabError, match="unknown stop 'nosuch'"):
        experiments.run("nosuch")
    with pytest.raises(LabError, match="unknown edge 'squid'"):
        experiments.run("route", edge="squid")
