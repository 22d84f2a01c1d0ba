"""What a match costs as routes become more."""

import json

import pytest

from sevenstops.lab.environment import Lab
from sevenstops.report.sweep import write_sweep
from sevenstops.sweeps import sweep_named
from sevenstops.sweeps.route import COUNTS, requests, routes

pytestmark = pytest.mark.alone


def test_a_table_has_every_kind_of_route():
    table = routes(1000, 7)
    assert len(set(table)) == 1000
    kinds = [pattern.rpartition("/")[2] for _, pattern in table]
    assert kinds.count("{id}") == 300
    assert kinds.count("{path...}") == 100
    assert table == routes(1000, 7) != routes(1000, 8)
    assert not any("{" in path for _, path in requests(table, 500, 7))


def test_the_tree_keeps_its_pace_where_the_order_of_registration_does_not(tmp_path):
    document = sweep_named("route-match").run(Lab(edge="none"), 1)
    took = {(r["line"], int(r["at"])): r["median"]["match_seconds"] for r in document["rows"]}
    assert set(took) == {(line, n) for line in ("tree", "in order of registration") for n in COUNTS}
    # The bound proper is 2, on a machine that does nothing else.
    assert took["tree", 10_000] < 4 * took["tree", 10]
    assert took["in order of registration", 10_000] > 20 * took["in order of registration", 10]

    text = write_sweep(document, tmp_path).read_text()
    assert json.loads((tmp_path / "route-match.json").read_text()) == document
    assert "| tree | 10000 | " in text
    assert "behind" not in text
    assert (tmp_path / "route-match.png").stat().st_size > 5000
