"""Experiments: sides that differ in the fix alone, rounds with seeds, looks that are marked."""

import jsonschema
import pytest

from sevenstops import LabError
from sevenstops.evidence.documents import evidence_document, schema
from sevenstops.evidence.runs import Run
from sevenstops.experiments import all_experiments, base, experiment_named
from sevenstops.experiments.ablation import ablate
from sevenstops.experiments.base import round_seed
from sevenstops.lab.environment import Lab
from sevenstops.lab.settings import difference

CORE = (
    "accept-queue-overflow", "unbounded-head-and-body", "logged-in-431", "shadowed-route",
    "auth-after-route", "deadline-not-propagated", "unbounded-serialization",
    "ignored-backpressure",
)  # fmt: skip


@pytest.mark.parametrize("experiment", all_experiments(), ids=lambda e: e.failure)
def test_sides_differ_in_the_named_fix_alone_and_share_a_plan(experiment):
    before, after = experiment.sides()
    differing = difference(before.settings, after.settings)
    assert {name: (v["before"], v["after"]) for name, v in differing.items()} == experiment.switch
    assert len(differing) == 1
    assert all(name.startswith(experiment.stop + ".") for name in differing)
    assert experiment.plan(7).fingerprint() == experiment.plan(7).fingerprint()
    assert experiment.plan(7).fingerprint() != experiment.plan(8).fingerprint()
    experiment.plan(7).check()
    assert any(not m.guard for m in experiment.metrics)
    assert any(m.guard and m.source in ("client", "smaps_rollup") for m in experiment.metrics)
    assert len({m.name for m in experiment.metrics}) == len(experiment.metrics)
    assert experiment.in_the_wild


def test_the_core_is_the_first_of_each_stop_and_keeps_its_names():
    assert tuple(e.failure for e in all_experiments() if e.core) == CORE


def test_rounds_have_seeds_of_their_own_that_derive_from_the_first():
    assert round_seed(7, 0) == 7
    seeds = [round_seed(7, n) for n in range(50)] + [round_seed(8, n) for n in range(50)]
    assert len(set(seeds)) == 100
    assert seeds[:50] == [round_seed(7, n) for n in range(50)]


def test_sampling_goes_on_until_the_time_is_up():
    experiment = experiment_named("shadowed-route")
    seen = []
    measured = experiment.measure(
        Lab(edge="none"), 1, lambda side, n: seen.append((n, side)), max_time=6.0
    )
    rounds = len(measured.seeds)
    assert rounds == len(measured.before.runs) == len(measured.after.runs) >= 1
    assert sorted(seen) == sorted((n, s) for n in range(rounds) for s in ("before", "after"))
    assert [s["seed"] for s in measured.seeds] == [round_seed(7, n) for n in range(rounds)]
    assert len({s["fingerprint"] for s in measured.seeds}) == rounds


def test_the_order_within_a_round_is_random(monkeypatch):
    experiment = experiment_named("shadowed-route")
    seen = []

    def instead(self, lab, settings, plan):
        from sevenstops.evidence.runs import Run

        tree = settings.settings.get("route.tree") == "true"
        seen.append(("before", "after")[tree])
        return Run({m.name: 0.0 if tree or m.guard else 1.0 for m in self.metrics})

    monkeypatch.setattr(type(experiment), "once", instead)
    experiment.measure(Lab(edge="none"), 40)
    first = seen[::2]
    assert set(map(tuple, zip(first, seen[1::2], strict=True))) == {
        ("before", "after"), ("after", "before"),
    }  # fmt: skip
    assert 8 < first.count("before") < 32


def test_a_look_is_marked_and_wins_over_what_the_scene_sets():
    experiment = experiment_named("shadowed-route")
    flipped = {"before": {"route.tree": "true"}, "after": {"route.tree": "false"}}
    measured = experiment.measure(Lab(edge="none"), 1, said=flipped)
    document = evidence_document(Lab(edge="none").environment(), [measured])
    jsonschema.validate(document, schema("evidence-1"))
    (evidence,) = document["evidence"]
    assert evidence["altered"]
    assert evidence["verdict"] != "fixed"
    assert [m["pass"] for m in evidence["metrics"]] == [False, True]
    assert evidence["settings"]["route.tree"] == {"before": "true", "after": "false"}
    more = experiment.measure(Lab(edge="none"), 1, said={"after": {"accept.backlog": "77"}})
    assert more.settings["accept.backlog"] == {"before": "4096", "after": "77"}
    assert more.after.runs[0].scene["services"]["service"]["settings"]["accept.backlog"] == "77"


def test_an_experiment_without_its_failure_is_inconclusive():
    experiment = experiment_named("logged-in-431")
    same = experiment.measure(Lab(edge="none"), 1, said={"before": {"parse.header_limit": "16384"}})
    assert same.verdict() == "inconclusive"


def test_an_ablation_takes_back_and_applies_each_setting_alone(monkeypatch):
    import dataclasses

    experiment = dataclasses.replace(
        experiment_named("shadowed-route"),
        switch={"route.tree": ("false", "true"), "accept.backlog": ("5", "4096")},
    )
    lab = Lab(edge="none")
    measured = experiment.measure(lab, 1)
    tree, backlog = ablate(experiment, measured, lab, 1)
    assert (tree["setting"], backlog["setting"]) == ("route.tree", "accept.backlog")
    # Only the tree mends it: without it nothing is mended, with it alone all is.
    assert (tree["taken_back"]["mended"], tree["alone"]["mended"]) == (False, True)
    assert (backlog["taken_back"]["mended"], backlog["alone"]["mended"]) == (True, False)


def test_a_scene_that_differs_in_more_than_the_fix_is_refused(monkeypatch):
    experiment = experiment_named("shadowed-route")
    real = type(experiment).once

    def instead(self, lab, settings, plan):
        tree = settings.settings.get("route.tree") == "true"
        return real(self, lab, settings.changed({"accept.backlog": "8"} if tree else {}), plan)

    monkeypatch.setattr(type(experiment), "once", instead)
    with pytest.raises(LabError, match=r"accept.backlog is 4096 before and 8 after"):
        experiment.measure(Lab(edge="none"), 1)


@pytest.mark.parametrize(
    ("failure", "rounds", "ran"),
    [
        # One round has them beside it, but for what it would count; more rounds have none.
        ("accept-queue-overflow", 1, [["seq"], ["ss"]]),
        ("shadowed-route", 1, [["curl"]]),
        ("shadowed-route", 2, [["curl"], [], []]),
    ],
)
def test_the_runbook_is_run_where_it_is_not_counted(monkeypatch, failure, rounds, ran):
    experiment = experiment_named(failure)
    seen = []

    def instead(self, lab, settings, plan):
        seen.append([command.text.split()[0] for command in lab.commands])
        sample = {metric.name: 0.0 for metric in self.metrics}
        return Run(sample, answers=[c.text for c in lab.commands])

    monkeypatch.setattr(type(experiment), "once", instead)
    monkeypatch.setattr(base, "told", lambda diagnostics, runs: [d.command for d in diagnostics])
    measured = experiment.measure(Lab(edge="none"), rounds, with_runbook=True)
    assert seen == [commands for commands in ran for _ in ("before", "after")]
    assert sorted(measured.runbook) == sorted(d.command for d in experiment.diagnostics)
    assert len(measured.seeds) == rounds
