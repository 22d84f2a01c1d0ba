"""The lifecycle map."""

import re

import pytest

from sevenstops.errors import LabError
from sevenstops.evidence.stops import STOPS
from sevenstops.experiments import all_experiments
from sevenstops.report.lifecycle import draw_map, markdown_map
from sevenstops.report.transit import arranged
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


def boxes(figure):
    """Every text of a page, with its box in points."""
    figure.set_dpi(72)
    figure.draw_without_rendering()
    return [(text, text.get_window_extent()) for text in figure.texts]


def can_be_read(found):
    """Nothing is small, beyond the page, or over something else."""
    for n, (text, box) in enumerate(found):
        assert text.get_fontsize() >= 9
        assert box.x0 >= 0
        assert box.y0 >= 0
        assert box.x1 <= 842
        for other, beside in found[:n]:
            across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            down = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            assert across < 1 or down < 2, (text.get_text(), other.get_text())


def test_nothing_overlaps_on_the_map_of_every_failure(monkeypatch):
    figures = []
    monkeypatch.setattr("sevenstops.report.lifecycle.plt.close", figures.append)
    draw_map(document_of_every_failure())
    found = boxes(figures[0])
    can_be_read(found)
    words = [text.get_text() for text, _ in found]
    assert sum("→" in text for text in words) == len(all_experiments())


@pytest.mark.parametrize("most", [1, 3, 12, 16])
def test_nothing_on_the_map_overlaps_or_is_too_small(document, most, monkeypatch):
    document["evidence"] = document["evidence"][:most]
    document["evidence"][0] |= {"verdict": "inconclusive"}
    figures = []
    monkeypatch.setattr("sevenstops.report.lifecycle.plt.close", figures.append)
    draw_map(document)
    found = boxes(figures[0])
    can_be_read(found)
    words = " ".join(text.get_text() for text, _ in found)
    assert words.count("Mend:") == most
    assert words.count("Watch") == most
    assert words.count("→") == most
    assert "inconclusive:" in words


def test_with_too_many_failures_the_map_says_what_it_leaves_out():
    pieces = [("catches", "It fails " + "often " * 8), ("measured", "9 → 0"),
              ("watch", "x_seconds: exactly 0"), ("mend", "a limit " * 24)]  # fmt: skip
    columns, without = arranged([(stop, pieces) for stop in STOPS for _ in range(3)])
    assert "map.md" in without
    assert all("mend" not in dict(p) for column in columns for p in column.failures)
    with pytest.raises(LabError, match="a map of 700 failures does not fit on one page"):
        arranged([(stop, pieces) for stop in STOPS for _ in range(100)])
