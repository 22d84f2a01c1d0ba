"""Figures of mechanisms: each kind is drawn whole, and says what it shows."""

import copy

import matplotlib as mpl
import pytest
from matplotlib import pyplot as plt

from sevenstops.report.figures import inline, titled
from sevenstops.report.frame import WIDTH
from sevenstops.report.mechanism import DRAWERS, described, drawn


@pytest.fixture
def items(document):
    """A figure of each kind, that of the most words."""
    found = {}
    for evidence in document["evidence"]:
        for item in evidence["figures"]:
            if len(item) >= len(found.get(item["kind"], ())):
                found[item["kind"]] = item
    assert set(found) == set(DRAWERS)
    return found


def words_of(figure):
    """Every text that is shown, with its box in pixels."""
    figure.draw_without_rendering()
    outside = set()
    for scaled in (s for axis in figure.axes for s in (axis.xaxis, axis.yaxis)):
        low, high = sorted(scaled.get_view_interval())
        ticks = scaled.get_major_ticks()
        outside |= {tick.label1 for tick in ticks if not low <= tick.get_loc() <= high}
        outside |= {tick.label2 for tick in ticks}
        outside |= {tick.label1 for tick in ticks if not tick.label1.get_visible()}
    texts = [t for t in figure.findobj(mpl.text.Text) if t.get_text() and t not in outside]
    return [(t.get_text(), t.get_window_extent()) for t in texts]


@pytest.mark.parametrize("kind", DRAWERS)
def test_every_word_is_within_the_figure_and_none_on_another(items, kind):
    figure = titled(drawn(items[kind]), items[kind]["title"])
    words = words_of(figure)
    assert figure.get_figwidth() * 72 == pytest.approx(WIDTH)
    for text, box in words:
        assert box.x0 >= -1, text
        assert box.x1 <= figure.bbox.width + 1, text
        assert box.y1 <= figure.bbox.height + 1, text
    for n, (text, box) in enumerate(words):
        for other, beside in words[:n]:
            across = min(box.x1, beside.x1) - max(box.x0, beside.x0)
            down = min(box.y1, beside.y1) - max(box.y0, beside.y0)
            assert across < 1 or down < 3, (text, other)
    plt.close(figure)


def test_of_memory_the_peak_is_said(items):
    item = copy.deepcopy(items["over_time"])
    item["y"] = {"name": "memory above the start", "unit": "bytes"}
    for side, highest in (("before", 104 << 20), ("after", 3 << 20)):
        item[side] = [[0.0, 0.0], [1.0, highest], [2.0, 0.0]]
    figure = titled(drawn(item), item["title"])
    words = dict(words_of(figure))
    assert {"before", "≤ 104 MiB", "after", "≤ 3.00 MiB"} <= set(words), words
    assert all(box.x1 <= figure.bbox.width for box in words.values())
    plt.close(figure)


def test_lines_are_named_where_they_end(items):
    words = [text for text, _ in words_of(drawn(items["over_time"]))]
    for said in ("before", "after", "0", "100 %", "must hold", "95.0 %", "end of the watch",
                 "the dependency is slow"):  # fmt: skip
        assert said in words
    assert "goodput, share of requests up to 100 % before and 100 % after" in described(
        items["over_time"]
    )


def test_each_nine_takes_the_same_room(items):
    figure = drawn(items["percentiles"])
    axis = figure.axes[0]
    assert [t.get_text() for t in axis.get_xticklabels()] == ["50 %", "90 %", "99 %", "99.9 %"]
    ninety, more, most = axis.get_xticks()[1:]
    assert more - ninety == pytest.approx(most - more)
    plt.close(figure)


def test_latency_is_logarithmic_only_where_the_sides_are_far_apart(items):
    item = items["percentiles"]
    assert drawn(item).axes[0].get_yscale() == "log"
    near = {**item, "after": [[q, y / 3] for q, y in item["before"]]}
    assert drawn(near).axes[0].get_yscale() == "linear"
    plt.close("all")


def test_counts_are_logarithmic_only_where_they_are_far_apart(items):
    item = items["histogram"]
    assert [axis.get_yscale() for axis in drawn(item).axes] == ["log", "log"]
    near = {**item, "before": [[0.0, 40], [1.0, 30]], "after": [[0.0, 70]]}
    assert [axis.get_yscale() for axis in drawn(near).axes] == ["linear", "linear"]
    words = [text for text, _ in words_of(drawn(item))]
    assert "SYN sent again after 1 s, 2 s, 3 s" in words
    plt.close("all")


@pytest.mark.parametrize("kind", DRAWERS)
@pytest.mark.parametrize("empty", [("after",), ("before", "after")])
def test_a_side_without_points_is_no_reason_to_fail(items, kind, empty):
    item = {**items[kind], **dict.fromkeys(empty, ())}
    assert f"none {empty[0]}" in described(item)
    words_of(drawn(item))
    plt.close("all")


def test_what_has_no_figure_is_shown_by_bars(document):
    evidence = next(e for e in document["evidence"] if e["failure"] == "retry-storm")
    assert [f["title"] for f in inline(evidence)] == [i["title"] for i in evidence["figures"]]
    old = copy.deepcopy(evidence)
    del old["figures"]
    (bars,) = inline(old)
    assert "before &gt; 12.0 s" in bars["svg"]
    assert "recovery_seconds > 12.0 s before and 0 after" in bars["alt"]
    unknown = {**evidence, "figures": [{"kind": "of-another-lab"}]}
    assert [f["alt"] for f in inline(unknown)] == [bars["alt"]]
