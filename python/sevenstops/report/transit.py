"""The seven stops as one line on a page of A4, which a request walks from left to right.

What fails at a stop hangs below it. A stop with too many failures for its column has a branch: they
are listed side by side at the foot of the page.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import matplotlib as mpl

mpl.use("Agg")

from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Ellipse

from sevenstops.errors import LabError
from sevenstops.evidence.quantities import sentence
from sevenstops.evidence.stops import HAPPENS, STOPS
from sevenstops.report.letters import width, wrapped

PAGE = (842.0, 595.0)
"""A4 landscape (ISO 216) in points."""
MARGIN, GAP = 22.0, 10.0
LETTERS = 9.0
"""The smallest letters in points: nothing on the page is set below it."""
LEADING = 10.9
NAME = 12.0
TRACK = 70.0
"""How far below the page's upper edge the line runs."""
BETWEEN = 4.0
"""Room between two failures."""
INSET = 8.0
"""A failure's text stands so far to the right of its rule."""
SHARES = (0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 1.0, 1.5)
"""How much wider a column is for each failure beyond its first: the first that fits is taken."""
MOVES, WIDER = 60, 1.04
"""Where no such share fits, the longest column is so often made so many times as wide."""
LEFT_OUT = ((), ("mend",), ("mend", "watch"))
"""What the map does without, one after the other, where there are too many failures for it."""

INK, MUTED, STRONG, BAD, RULE = "#222222", "#595959", "#0072B2", "#B34700", "#c9ced2"
PREFIX = {"watch": "Watch ", "mend": "Mend: "}
TITLE = "The life of a request, and where it fails"

Piece = tuple[str, str]
"""What a text is (catches, measured, bad, watch, mend), and the text."""
Failure = tuple[str, list[Piece]]
"""A failure's stop and its texts."""


@dataclass
class Column:
    """A stop on the line and what hangs below it."""

    stop: str
    left: float = 0.0
    width: float = 0.0
    failures: list[list[Piece]] = field(default_factory=list)
    branch: bool = False

    @property
    def hanging(self) -> list[list[Piece]]:
        """What hangs in the column itself."""
        return [] if self.branch else self.failures


def transit(failures: list[Failure], about: str) -> Figure:
    """The page. Raises LabError when the failures do not fit on it in letters that can be read."""
    columns, without = arranged(failures)
    figure = plt.figure(figsize=(PAGE[0] / 72, PAGE[1] / 72), facecolor="white")
    page = Page(figure)
    page.write(MARGIN, 18, [TITLE], 17, INK, bold=True)
    page.write(MARGIN, 38, [f"{about}{f' {without}' if without else ''}"], LETTERS, MUTED)
    page.track(columns)
    for column in columns:
        y = TRACK + heads_height(columns)
        for pieces in column.hanging:
            y = page.failure(column.left, y, column.width, pieces) + BETWEEN
    y = TRACK + upper_height(columns)
    for column in columns:
        if column.branch:
            y = page.branch(column, y)
    return figure


def arranged(failures: list[Failure]) -> tuple[list[Column], str]:
    """The columns with their widths, as few branches as there can be; and what was left out."""
    for left_out in LEFT_OUT:
        shown = [(stop, [p for p in pieces if p[0] not in left_out]) for stop, pieces in failures]
        for limit in (99, 4, 3, 2, 1):
            for columns in layouts(shown, limit):
                if page_height(columns) <= PAGE[1] - 10:
                    return columns, "What else is known of them is in map.md." if left_out else ""
    raise LabError(f"a map of {len(failures)} failures does not fit on one page")


def layouts(failures: list[Failure], limit: int) -> Iterator[list[Column]]:
    """The columns in one way after the other."""
    for share in SHARES:
        yield columns_of(failures, limit, share)
    columns = columns_of(failures, limit, SHARES[0])
    # What is far too long no widths mend.
    if page_height(columns) < 2 * PAGE[1]:
        yield balanced(columns)


def columns_of(failures: list[Failure], limit: int, share: float) -> list[Column]:
    """A column for each stop; with more than `limit` failures it has a branch instead."""
    columns = [Column(stop) for stop in STOPS]
    for column in columns:
        column.failures = [pieces for stop, pieces in failures if stop == column.stop]
        column.branch = len(column.failures) > limit
    weights = [
        0.6 if not column.hanging else 1.0 + share * (len(column.hanging) - 1) for column in columns
    ]
    place(columns, weights)
    return columns


def balanced(columns: list[Column]) -> list[Column]:
    """The same, the longest column wider again and again; as the page was shortest."""
    weights = [column.width for column in columns]
    best, height = weights, page_height(columns)
    for _ in range(MOVES):
        longest = max(range(len(columns)), key=lambda n: hanging_height(columns[n]))
        weights = [w * (WIDER if n == longest else 1.0) for n, w in enumerate(weights)]
        place(columns, weights)
        if page_height(columns) < height:
            best, height = weights, page_height(columns)
    place(columns, best)
    return columns


def place(columns: list[Column], weights: list[float]) -> None:
    """Gives each column its width, by weights, and its place."""
    room = PAGE[0] - 2 * MARGIN - GAP * (len(columns) - 1)
    least = [least_width(column) for column in columns]
    left = MARGIN
    for column, wide in zip(columns, divided(room, weights, least), strict=True):
        column.left, column.width = left, wide
        left += column.width + GAP


def least_width(column: Column) -> float:
    """What the stop's name and the longest word below it need."""
    words = [
        width(line, LETTERS, bold_of(kind)) + INSET
        for pieces in column.hanging
        for kind, lines in set_lines(pieces, 0.0)
        for line in lines
    ]
    return max(width(head_name(column), NAME, bold=True), *words, 0.0)


def divided(room: float, weights: list[float], least: list[float]) -> list[float]:
    """The room by weights, and to each at least what it needs."""
    held = [False] * len(weights)
    while True:
        rest = room - sum(n for n, is_held in zip(least, held, strict=True) if is_held)
        free = sum(w for w, is_held in zip(weights, held, strict=True) if not is_held)
        found = [
            need if is_held else rest * weight / free
            for weight, need, is_held in zip(weights, least, held, strict=True)
        ]
        short = [wide < need for wide, need in zip(found, least, strict=True)]
        if not any(short):
            return found
        held = [a or b for a, b in zip(held, short, strict=True)]


def head_name(column: Column) -> str:
    """A stop's number and name."""
    return f"{STOPS.index(column.stop) + 1} {sentence(column.stop)}"


def head_lines(column: Column) -> list[str]:
    """What happens at a stop."""
    happens = wrapped(HAPPENS[column.stop], column.width, LETTERS)
    if column.branch:
        happens += ["", f"{len(column.failures)} failures:", "see below"]
    return happens


def head_height(column: Column) -> float:
    """From the line down to the end of a stop's own words."""
    return 14 + NAME * 1.3 + len(head_lines(column)) * LEADING


def heads_height(columns: list[Column]) -> float:
    """From the line down to the first failures, which begin side by side."""
    return max((head_height(c) for c in columns if not c.branch), default=0.0) + BETWEEN


def failure_height(pieces: list[Piece], wide: float) -> float:
    """Of one failure's texts in a column so wide."""
    return sum(len(lines) for _, lines in set_lines(pieces, wide)) * LEADING


def hanging_height(column: Column) -> float:
    """Of all that hangs in a column."""
    return sum(failure_height(pieces, column.width) + BETWEEN for pieces in column.hanging)


def page_height(columns: list[Column]) -> float:
    """From the page's upper edge to the end of all."""
    return TRACK + upper_height(columns) + branch_height(columns)


def upper_height(columns: list[Column]) -> float:
    """From the line down to where branches begin."""
    heads = heads_height(columns)
    hanging = max(hanging_height(c) for c in columns)
    return max(heads + hanging, *(head_height(c) + BETWEEN for c in columns))


def rows_of(column: Column) -> Iterator[tuple[float, float, list[list[Piece]]]]:
    """The rows of a branch: each one's height, the width of its columns, and its failures."""
    count = len(column.failures)
    beside = -(-count // 2) if count > 3 else count
    wide = (PAGE[0] - 2 * MARGIN - GAP * (beside - 1)) / beside
    for first in range(0, count, beside):
        row = column.failures[first : first + beside]
        yield max(failure_height(pieces, wide) for pieces in row), wide, row


def branch_height(columns: list[Column]) -> float:
    """Of all branches."""
    return sum(
        LEADING + NAME + sum(height + BETWEEN for height, _, _ in rows_of(column))
        for column in columns
        if column.branch
    )


def set_lines(pieces: list[Piece], wide: float) -> list[tuple[str, list[str]]]:
    """The texts of a failure, in lines."""
    return [
        (kind, wrapped(PREFIX.get(kind, "") + tied(text), wide - INSET, LETTERS, bold_of(kind)))
        for kind, text in pieces
    ]


def tied(text: str) -> str:
    """The same, whose numbers do not part from their units."""
    return re.sub(r"(?<=[\d→>]) (?=[%µ\d]|[smKMGB]\b|[mn]s\b|[KMG]iB\b)", "\u00a0", text)


def bold_of(kind: str) -> bool:
    """Whether texts of a kind are set in bold."""
    return kind in ("catches", "measured", "bad")


COLOURS = {"catches": INK, "measured": STRONG, "bad": BAD, "watch": MUTED, "mend": INK}


class Page:
    """A page to draw on; x from the left and y from above, in points."""

    def __init__(self, figure: Figure) -> None:
        """`figure` has the size of the page."""
        self.figure = figure

    def write(self, x: float, y: float, lines: list[str], points: float, colour: str,
              bold: bool = False) -> float:  # fmt: skip
        """Writes lines from y downwards; gives where the next one begins."""
        for line in lines:
            self.figure.text(x / PAGE[0], 1 - y / PAGE[1], line, fontsize=points, color=colour,
                             va="top", fontweight="bold" if bold else "normal")  # fmt: skip
            y += LEADING if points == LETTERS else points * 1.3
        return y

    def rule(self, xs: tuple[float, float], ys: tuple[float, float], colour: str, wide: float,
             behind: int = 1) -> None:  # fmt: skip
        """A straight line."""
        self.figure.add_artist(
            Line2D([x / PAGE[0] for x in xs], [1 - y / PAGE[1] for y in ys], color=colour,
                   linewidth=wide, zorder=behind, solid_capstyle="round")
        )  # fmt: skip

    def track(self, columns: list[Column]) -> None:
        """The line with its stops: a request comes at the left, an answer leaves at the right."""
        end = PAGE[0] - MARGIN
        self.rule((MARGIN, end), (TRACK, TRACK), STRONG, 5)
        said = "an answer leaves"
        self.write(MARGIN, TRACK - 19, ["a request comes"], LETTERS, MUTED)
        self.write(end - width(said, LETTERS), TRACK - 19, [said], LETTERS, MUTED)
        for up in (-5, 5):
            self.rule((end - 7, end), (TRACK + up, TRACK), STRONG, 5)
        for column in columns:
            bad = any(kind == "bad" for pieces in column.failures for kind, _ in pieces)
            edge = BAD if bad else STRONG if column.failures else RULE
            centre = ((column.left + 7) / PAGE[0], 1 - TRACK / PAGE[1])
            self.figure.add_artist(
                Ellipse(centre, 15 / PAGE[0], 15 / PAGE[1], facecolor="white", edgecolor=edge,
                        linewidth=4, zorder=5)
            )  # fmt: skip
            y = self.write(column.left, TRACK + 14, [head_name(column)], NAME, STRONG, bold=True)
            self.write(column.left, y, head_lines(column), LETTERS, MUTED)

    def failure(self, x: float, y: float, wide: float, pieces: list[Piece]) -> float:
        """One failure beside its rule; gives where it ends."""
        top = y
        for kind, lines in set_lines(pieces, wide):
            y = self.write(x + INSET, y, lines, LETTERS, COLOURS[kind], bold_of(kind))
        bad = any(kind == "bad" for kind, _ in pieces)
        self.rule((x + 1, x + 1), (top, y - 2), BAD if bad else STRONG, 2)
        return y

    def branch(self, column: Column, y: float) -> float:
        """A stop's failures across the page, with the way down from the stop; gives the end."""
        down = TRACK + head_height(column) + 2
        self.rule((column.left + 7, column.left + 7), (down, y), STRONG, 2.5)
        self.rule((MARGIN, PAGE[0] - MARGIN), (y, y), STRONG, 2.5)
        y = self.write(MARGIN, y + 5, [head_name(column)], NAME, STRONG, bold=True)
        for height, wide, row in rows_of(column):
            for n, pieces in enumerate(row):
                self.failure(MARGIN + n * (wide + GAP), y, wide, pieces)
            y += height + BETWEEN
        return y
