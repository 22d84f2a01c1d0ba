"""Figures as they are shown: inline on a page, and as pictures beside a text."""

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

from sevenstops.report.frame import AFTER, BEFORE, INK, SHADE, THRESHOLD, WIDTH
from sevenstops.report.letters import wrapped
from sevenstops.report.mechanism import DRAWERS, described, drawn
from sevenstops.report.plots import bars, described_bars

# The figure's colours become the page's own, so that they follow its light and dark.
VARIABLES = {
    INK: "var(--ink)",
    BEFORE: "var(--before)",
    AFTER: "var(--after)",
    THRESHOLD: "var(--bad)",
    SHADE: "var(--shade)",
    "#ffffff": "var(--card)",
    "#000000": "var(--ink)",
}
LIGHT = (
    "--ink:#1b1b1b;--before:#6f6f6f;--after:#005d93;--bad:#a83f00;--card:#ffffff;--shade:#e2e4e6"
)
"""The values that the page gives to these in the light."""

TITLE = 11.0
DPI = 160


def mechanisms(evidence: dict[str, Any]) -> list[dict[str, Any]]:
    """The failure's figures of a kind that is known here."""
    return [item for item in evidence.get("figures") or () if item["kind"] in DRAWERS]


def inline(evidence: dict[str, Any]) -> Iterator[dict[str, str]]:
    """For each figure of a failure its `title`, its `alt` and its `svg`.

    A failure that has none of its own is shown by bars of the metrics that exposed it.
    """
    found = mechanisms(evidence)
    for n, item in enumerate(found, 1):
        svg = svg_of(drawn(item), f"{evidence['failure']}-{n}")
        yield {"title": item["title"], "alt": described(item), "svg": svg}
    if not found:
        svg = svg_of(bars(evidence), evidence["failure"])
        yield {"title": "", "alt": described_bars(evidence), "svg": svg}


def svg_of(figure: Figure, name: str) -> str:
    """A figure as SVG that scales, in the page's colours; `name` sets its ids apart."""
    out = io.StringIO()
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": name}):
        figure.savefig(out, format="svg", transparent=True, metadata={"Date": None})
    plt.close(figure)
    svg = out.getvalue()
    svg = svg[svg.index("<svg") :]
    for colour, variable in VARIABLES.items():
        svg = svg.replace(colour.lower(), variable)
    # Each figure has ids of its own; on one page they must not meet.
    for attribute in ('id="', 'href="#', "url(#"):
        svg = svg.replace(attribute, f"{attribute}{name}-")
    return svg


def write_pictures(evidence: dict[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Writes FAILURE-1.png and so on; gives each one's words and its file's name."""
    written = []
    for n, item in enumerate(mechanisms(evidence), 1):
        name = picture(evidence, n)
        figure = titled(drawn(item), item["title"])
        figure.savefig(folder / name, dpi=DPI, facecolor="white")
        plt.close(figure)
        written.append((described(item), name))
    return written


def picture(evidence: dict[str, Any], n: int) -> str:
    """The file of a failure's n-th figure."""
    return f"{evidence['failure']}-{n}.png"


def titled(figure: Figure, title: str) -> Figure:
    """The same figure, higher by its title, which stands on as many lines as it needs."""
    lines = wrapped(title, WIDTH - 12, TITLE, bold=True)
    old = figure.get_figheight() * 72
    new = old + len(lines) * TITLE * 1.3 + 8
    for axis in figure.axes:
        box = axis.get_position()
        axis.set_position((box.x0, box.y0 * old / new, box.width, box.height * old / new))
    figure.set_figheight(new / 72)
    for n, line in enumerate(lines):
        y = 1 - (4 + n * TITLE * 1.3) / new
        figure.text(4 / WIDTH, y, line, fontsize=TITLE, fontweight="bold", color=INK, va="top")
    return figure
