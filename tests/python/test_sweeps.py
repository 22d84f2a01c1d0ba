"""Sweeps: points in turns, medians, theory, and what is written of them."""

import json
from dataclasses import replace

import pytest
from conftest import cli

from sevenstops import LabError, Plan, RequestSpec, constant, hardened
from sevenstops.lab.environment import Lab
from sevenstops.lab.measurements import goodput, recovery
from sevenstops.lab.scenes import plain_scene
from sevenstops.report.sweep import write_sweep
from sevenstops.sweeps import SWEEPS, Point, sweep_named


def small(seed):
    """Two points of a service that answers, and one of a path that isn't there."""
    return [
        Point(line, at, hardened(), plain_scene, plan_of(seed, path), theory)
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


def test_what_is_written_of_it(document, tmp_path):
    text = write_sweep(document, tmp_path).read_text()
    assert json.loads((tmp_path / "fan-out.json").read_text()) == document
    assert (tmp_path / "fan-out.png").stat().st_size > 5000
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[0] == "| hedges | leaves | goodput ratio | seen | goodput ratio, theory |"
    assert rows[1].startswith("| there | 1 | 100 % |")
    assert rows[1].endswith("| 100 % |")
    assert rows[3].startswith("| not there | 1 | 0 |")


@pytest.mark.parametrize("sweep", SWEEPS, ids=lambda s: s.name)
def test_points_share_their_load_and_differ_in_the_handler(sweep):
    from sevenstops.experiments.base import difference

    points = sweep.points(7)
    assert sweep.drawn in sweep.columns
    assert len({(p.line, p.at) for p in points}) == len(points)
    by_place = {}
    for point in points:
        point.plan.check()
        by_place.setdefault(point.at if sweep.line == "hedges" else "", set()).add(
            point.plan.fingerprint()
        )
        changed = difference(points[0].settings, point.settings)
        assert all(name.startswith("handle.") for name in changed)
    assert all(len(plans) == 1 for plans in by_place.values())


def test_an_unknown_sweep_is_refused_by_name():
    with pytest.raises(LabError, match="unknown sweep 'nothing': there are fan-out, "):
        sweep_named("nothing")
    ended = cli("sweep", "nothing")
    assert ended.returncode == 2
    assert ended.stderr.startswith("sevenstops: unknown sweep 'nothing'")
    assert len(ended.stderr.splitlines()) == 1


class Interval:
    def __init__(self, sent, answered, errors=0):
        self.sent, self.answered, self.errors = sent, answered, errors


def test_goodput_counts_no_errors_and_recovery_looks_to_the_end():
    good, bad, failing = Interval(10, 10), Interval(10, 0), Interval(10, 10, 10)
    series = [good] * 20 + [bad] * 10 + [failing] * 10 + [good] * 40
    assert goodput(series, 0, 2) == 1
    assert goodput(series, 2, 4) == 0
    assert goodput(series, 3, 5) == 0.5
    assert recovery(series, 4, 8) == 0
    assert recovery(series, 3, 8) == 1
    assert recovery(series[:40], 2, 4) == 2
    assert recovery(series + [bad] * 10, 4, 9) == 5
