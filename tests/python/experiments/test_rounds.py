"""Rounds: each has a plan of its own, which its sides share; neither side always goes first."""

import contextlib
from dataclasses import replace

from sevenstops.evidence.runs import Run
from sevenstops.experiments import experiment_named
from sevenstops.experiments.base import SIDES
from sevenstops.lab.environment import Lab


class Found:
    """Stands for a scene: nothing is started."""

    def run(self, sample):
        return Run(sample)


def measured(rounds):
    """Sides in the order of their runs, the seeds of the plans they had, and the evidence."""
    seen = []

    def run(scene, plan):
        seeds.append(plan.seed)
        return {metric.name: 1.0 for metric in experiment.metrics}

    seeds = []
    experiment = replace(
        experiment_named("shadowed-route"),
        scene=lambda lab, settings: contextlib.nullcontext(Found()), run=run,
    )  # fmt: skip
    evidence = experiment.measure(Lab(edge="none"), rounds, lambda side, n: seen.append(side))
    return seen, seeds, evidence


def test_each_round_has_a_seed_of_its_own_that_its_sides_share():
    _, seeds, evidence = measured(5)
    assert seeds[::2] == seeds[1::2]
    assert len(set(seeds)) == 5
    assert seeds[0] == Lab(edge="none").seed
    assert [told["seed"] for told in evidence.seeds] == seeds[::2]
    assert len({told["fingerprint"] for told in evidence.seeds}) == 5


def test_either_side_may_go_first_and_the_same_one_again_for_the_same_seed():
    seen, _, _ = measured(20)
    first = seen[::2]
    assert set(first) == set(SIDES)
    assert all({*seen[n : n + 2]} == set(SIDES) for n in range(0, 40, 2))
    assert measured(20)[0] == seen
