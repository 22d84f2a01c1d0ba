"""Sweeps: points in turns, medians and theory."""

from dataclasses import replace

import pytest

from sevenstops import Plan, RequestSpec, constant
from sevenstops.lab.environment import Lab
from sevenstops.lab.scenes import plain_scene
from sevenstops.report.sweep import write_sweep
from sevenstops.sweeps import Point, sweep_named
from sevenstops.sweeps.base import side

pytestmark = pytest.mark.alone


def small(seed):
    """Two points of a service that answers, and one of a path that isn't there."""
    return [
        Point(line, at, side({}), plain_scene, plan_of(seed, path), theory)
        for line, at, path, theory in (
            ("there", "1", "/healthz", {"goodput_ratio": 1.0}),
            ("there", "2", "/users/2", {}),
            ("not there", "1", "/nowhere", {}),
        )
    ]


def plan_of(seed, path):
    return Plan(
        seed=seed,
        arrivals=[constant(100, 0.3)],
        connections=4,
        requests=[RequestSpec(name="page", target=path)],
    )


@pytest.fixture(scope="module")
def document():
    def measure(scene, plan):
        page = scene.load(plan).by_name["page"]
        return {"goodput_ratio": page.outcomes.get("2xx", 0) / 30, "seen": float(seen.pop())}, [1.0]

    seen = list(range(9))
    sweep = replace(
        sweep_named("fan-out"), points=small, measure=measure,
        columns={"goodput_ratio": "1", "seen": "1"}, drawn="goodput_ratio",
    )  # fmt: skip
    return sweep.run(Lab(edge="none"), 3)


def test_every_point_is_measured_in_every_round(document):
    rows = document["rows"]
    assert [(r["line"], r["at"]) for r in rows] == [
        ("there", "1"), ("there", "2"), ("not there", "1"),
    ]  # fmt: skip
    assert [r["median"]["goodput_ratio"] for r in rows] == [1, 1, 0]
    # Samples of one point come of different rounds: one of each third of the run.
    for row in rows:
        assert sorted(int(n) // 3 for n in row["samples"]["seen"]) == [0, 1, 2]
        assert row["median"]["seen"] == sorted(row["samples"]["seen"])[1]


def test_a_report_is_made_of_it(document, tmp_path):
    text = write_sweep(document, tmp_path).read_text()
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[1].startswith("| there | 1 | 100 % |")
    assert rows[3].startswith("| not there | 1 | 0 |")
