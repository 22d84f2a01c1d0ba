"""How wide words are: text that is set into a box of a figure, line by line."""

import re
from functools import lru_cache

from matplotlib.font_manager import FontProperties
from matplotlib.textpath import TextToPath

LINE = 1.28
"""Height of a line, in sizes of its letters."""


@lru_cache(maxsize=4096)
def width(text: str, points: float, bold: bool = False, mono: bool = False) -> float:
    """The width in points of a text of so many points."""
    font = FontProperties(
        family="monospace" if mono else "sans-serif",
        weight="bold" if bold else "normal",
        size=points,
    )
    found: float = TextToPath().get_text_width_height_descent(text or " ", font, ismath=False)[0]
    return found


def wrapped(
    text: str, room: float, points: float, bold: bool = False, mono: bool = False
) -> list[str]:
    """The text's lines, none wider than `room` points; a long name breaks behind its "_" or "-".

    What has no such place stays whole, and is wider. A no-break space is none.
    """
    return list(_wrapped(text, room, points, bold, mono))


# The lifecycle map tries hundreds of arrangements of the same texts.
@lru_cache(maxsize=8192)
def _wrapped(text: str, room: float, points: float, bold: bool, mono: bool) -> tuple[str, ...]:
    lines: list[str] = []
    for piece in re.findall(r" *(?:[^ _/-]+[_/-]*|[_/-]+)", text):
        joined = (lines[-1] if lines else "") + piece
        if lines and width(joined, points, bold, mono) <= room:
            lines[-1] = joined
        else:
            lines.append(piece.lstrip(" "))
    return tuple(lines)
