"""Every experiment, measured once: contract, verdict, guards, report; and sabotage of each."""

import json
from dataclasses import replace

import jsonschema
import pytest

from sevenstops.evidence.documents import schema
from sevenstops.evidence.runs import Run
from sevenstops.experiments import all_experiments
from sevenstops.lab.environment import Lab

pytestmark = pytest.mark.alone

EXPERIMENTS = all_experiments()
BY_NAME = {"ids": lambda e: e.failure}


def test_the_document_keeps_its_contract(measured):
    jsonschema.validate(measured.document, schema("evidence-1"))
    possible = [e for e in EXPERIMENTS if e.failure in measured.failures or not e.needs_network]
    assert measured.failures == [e.failure for e in possible]
    for experiment, evidence in zip(possible, measured.document["evidence"], strict=True):
        assert set(evidence["settings"]) == set(experiment.switch)
        assert not evidence["altered"]
        assert [g["name"] for g in evidence["guards"]] == [
            m.name for m in experiment.metrics if m.guard
        ]


@pytest.mark.parametrize("experiment", EXPERIMENTS, **BY_NAME)
def test_the_failure_is_shown_and_fixed(measured, experiment):
    evidence = measured.of(experiment.failure)
    why = f"{evidence['reason']}: {json.dumps(evidence['metrics'], indent=1)}"
    assert evidence["verdict"] != "not fixed", why
    if evidence["verdict"] == "inconclusive":
        # One run on a machine that others use, or that paused: the lab has to say so, and nothing
        # else excuses it.
        said = ("machine was busy", "client was the bottleneck", "doubtful")
        assert any(words in evidence["reason"] for words in said), why


@pytest.mark.parametrize("experiment", EXPERIMENTS, **BY_NAME)
def test_both_sides_were_sent_the_whole_load(measured, experiment):
    sent = measured.of(experiment.failure)["sent"]
    (before,), (after,) = sent["before"], sent["after"]
    assert before["due"] == after["due"] > 0
    for side in (before, after):
        assert side["answered"] <= side["sent"] <= side["due"]
        assert side["sent"] >= 0.99 * side["due"]
        assert side["bytes_sent"] > 0


@pytest.mark.parametrize("experiment", EXPERIMENTS, **BY_NAME)
def test_scenes_share_all_but_the_fix(measured, experiment):
    scene = measured.of(experiment.failure)["scene"]
    assert len(set(scene["fingerprint"].values())) == 3
    assert scene["content"]["edge"]["configuration"] or experiment.without_edge


@pytest.mark.parametrize("experiment", EXPERIMENTS, **BY_NAME)
def test_the_ablation_has_a_row_for_each_setting(measured, experiment):
    evidence = measured.of(experiment.failure)
    assert [row["setting"] for row in evidence["ablation"]] == list(experiment.switch)
    if len(experiment.switch) == 1 and evidence["verdict"] == "fixed":
        (row,) = evidence["ablation"]
        assert not row["taken_back"]["mended"]
        assert row["alone"]["mended"]


@pytest.mark.parametrize(
    ("experiment", "sabotage"),
    [(e, s) for e in EXPERIMENTS for s in e.sabotages],
    ids=lambda x: getattr(x, "failure", None) or ",".join(x.changes),
)
def test_a_harmful_fix_does_not_pass(measured, experiment, sabotage):
    if not experiment.possible():
        pytest.skip(f"no network namespace is allowed: {experiment.needs_network}")
    evidence = measured.of(experiment.failure)
    before = Run({m["name"]: m["before"]["samples"][0] for m in evidence["metrics"]})
    lab = experiment.lab_of(Lab())
    plan = experiment.plan(lab.seed)
    harmed = experiment.sides()[0 if sabotage.alone else 1].saying(sabotage.changes)
    run = experiment.once(lab, harmed, plan)
    after = run.sample

    def verdict(metrics):
        judged = replace(experiment, metrics=metrics).evidence(lab)
        judged.add_round(lab.seed, plan.fingerprint(), before, Run(after, run.doubts))
        return judged.judge()

    # One run that the lab itself calls doubtful says neither.
    assert verdict(experiment.metrics)[0] == ("inconclusive" if run.doubts else "not fixed"), after
    # What lets it through when it is taken away is what stops it.
    unguarded = [m for m in experiment.metrics if m.name not in sabotage.guards]
    assert any(not m.guard for m in unguarded)
    assert verdict(unguarded) == ("fixed", "") or run.doubts, (after, run.machine)


def test_there_is_a_sabotage_of_every_fix():
    assert all(e.sabotages for e in EXPERIMENTS)


def test_the_report_has_a_figure_for_each_stop(measured):
    text = (measured.out / "report.md").read_text()
    measured_ones = [e for e in EXPERIMENTS if e.failure in measured.failures]
    for experiment in measured_ones:
        assert f"### {experiment.failure}: " in text
        assert f"]({experiment.stop}.png)" in text
        assert (measured.out / f"{experiment.stop}.png").stat().st_size > 10_000
        assert experiment.symptom in text
    assert "verdict" in measured.ended.stdout
    assert f"{len(measured_ones)}/{len(measured_ones)} drain: " in measured.ended.stderr
