"""The lifecycle map."""

import re

from sevenstops.evidence.stops import STOPS
from sevenstops.experiments import all_experiments
from sevenstops.report.lifecycle import draw_map, markdown_map
from support import document_of_every_failure


def test_the_map_has_a_row_for_every_failure(tmp_path):
    text = markdown_map(document_of_every_failure())
    for stop in STOPS:
        assert f"| {stop.capitalize()} |" in text
    for e in all_experiments():
        assert e.fix in text
    svg, pdf = tmp_path / "map.svg", tmp_path / "map.pdf"
    draw_map(document_of_every_failure(), svg, pdf)
    assert pdf.read_bytes().startswith(b"%PDF")
    # One page of A4, landscape, in points.
    boxes = re.findall(rb"/MediaBox \[ ?0 0 ([\d.]+) ([\d.]+)", pdf.read_bytes())
    assert [(round(float(w)), round(float(h))) for w, h in boxes] == [(842, 595)]
    assert svg.stat().st_size > 10_000
