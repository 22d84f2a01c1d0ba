"""What a figure of an experiment shows, but for its points."""

from dataclasses import dataclass
from typing import Any, Literal


@dataclass(frozen=True)
class Figure:
    """A figure that shows a mechanism; `name` is that of the scene's curve with its points.

    `title` states its message. `x` and `y` are a name and a unit (seconds, bytes, 1, or a word).
    `shade` marks from when to when the trigger lasted, and what it was; `peaks` times that the
    kernel's timers make; `end` the end of the watch.
    """

    name: str
    kind: Literal["over_time", "percentiles", "histogram", "by_size"]
    title: str
    x: tuple[str, str]
    y: tuple[str, str]
    shade: tuple[float, float, str] | None = None
    threshold: float | None = None
    peaks: tuple[float, ...] = ()
    end: float | None = None

    def as_dict(self) -> dict[str, Any]:
        """As the evidence contract has it, with its name."""
        found: dict[str, Any] = {
            "name": self.name,
            "kind": self.kind,
            "title": self.title,
            "x": {"name": self.x[0], "unit": self.x[1]},
            "y": {"name": self.y[0], "unit": self.y[1]},
        }
        if self.shade:
            begin, end, label = self.shade
            found["shade"] = {"from": begin, "to": end, "label": label}
        if self.threshold is not None:
            found["threshold"] = self.threshold
        if self.peaks:
            found["peaks"] = list(self.peaks)
        if self.end is not None:
            found["censored_at"] = self.end
        return found
