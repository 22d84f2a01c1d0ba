"""What is written of a sweep."""

import json

from sevenstops.report.sweep import write_sweep


def row(line, at, ratios, **theory):
    seen = [1.0, 4.0, 7.0]
    return {
        "line": line, "at": at, "theory": theory, "plan": "sha256:0", "course": [1.0],
        "median": {"goodput_ratio": ratios[1], "seen": seen[1]},
        "samples": {"goodput_ratio": ratios, "seen": seen},
    }  # fmt: skip


def document():
    """Of three points, as Sweep.run gives it."""
    return {
        "schema": "sevenstops.sweep/1", "sweep": "fan-out", "title": "Pages", "question": "How?",
        "line": "hedges", "axis": "leaves", "units": {"goodput_ratio": "1", "seen": "1"},
        "drawn": "goodput_ratio", "logarithmic": False, "curve": "", "seed": 7, "rounds": 3,
        "environment": {"cores": 2, "kernel": "6", "edge": "none"}, "doubts": [],
        "rows": [
            row("there", "1", [1.0] * 3, goodput_ratio=1.0),
            row("there", "2", [0.9, 1.0, 1.0]),
            row("not there", "1", [0.0] * 3),
        ],
    }  # fmt: skip


def test_what_is_written_of_it(tmp_path):
    made = document()
    text = write_sweep(made, tmp_path).read_text()
    assert json.loads((tmp_path / "fan-out.json").read_text()) == made
    assert (tmp_path / "fan-out.png").stat().st_size > 5000
    rows = [line for line in text.splitlines() if line.startswith("| ")]
    assert rows[0] == "| hedges | leaves | goodput ratio | seen | goodput ratio, theory |"
    assert rows[1].startswith("| there | 1 | 100 % |")
    assert rows[1].endswith("| 100 % |")
    assert rows[2].startswith("| there | 2 | 100 % [90.0 % to 100 %] |")
    assert rows[3].startswith("| not there | 1 | 0 |")
    assert "2 cores, Linux 6, without an edge." in text


def test_one_run_of_each_point_has_no_range(tmp_path):
    made = {**document(), "rounds": 1}
    assert "One run each, in random order" in write_sweep(made, tmp_path).read_text()
