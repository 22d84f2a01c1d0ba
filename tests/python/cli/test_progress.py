"""Progress on a terminal and elsewhere."""

import io

from rich.console import Console

from sevenstops.cli.progress import RunProgress, points_progress
from sevenstops.experiments import all_experiments


def test_a_sweeps_points_are_counted_before_their_number_is_known():
    out = io.StringIO()
    screen = Console(file=out, force_terminal=True, width=80)
    with points_progress(screen, "fan-out") as progress:
        progress(3, 8)
    assert "3 of 8" in out.getvalue()


def test_a_sweeps_points_are_plain_lines_elsewhere():
    out = io.StringIO()
    with points_progress(Console(file=out, width=80), "fan-out") as progress:
        progress(3, 8)
    assert out.getvalue() == "fan-out: 4 of 8\n"


def test_no_failures_name_is_too_long_for_a_terminal():
    for experiment in all_experiments():
        out = io.StringIO()
        with RunProgress(Console(file=out, force_terminal=True, width=80), [experiment], 5, 7) as p:
            p.side(experiment, "before", 4)
        assert f"{experiment.failure}, before 5/5" in out.getvalue()
