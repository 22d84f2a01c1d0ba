"""Plans: phases said in one word, and plans as TOML or JSON files."""

import json
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import tomli_w

from sevenstops import _core
from sevenstops.errors import LabError, core_errors
from sevenstops.evidence.files import write_whole

__all__ = [
    "burst", "closed", "constant", "on_off", "plan_from_dict", "plan_to_dict", "poisson", "ramp",
    "read_plan", "steps", "trace", "write_plan",
]  # fmt: skip

Phase = _core.Phase


def constant(rate: float, duration: float) -> Phase:
    """`rate` requests a second, evenly spaced, for `duration` seconds."""
    return Phase(kind="constant", rate=rate, duration=duration)


def poisson(rate: float, duration: float) -> Phase:
    """`rate` requests a second with exponential gaps: many users who know nothing of each other."""
    return Phase(kind="poisson", rate=rate, duration=duration)


def ramp(start: float, end: float, duration: float, kind: str = "constant") -> Phase:
    """A rate that changes evenly from `start` to `end` requests a second."""
    return Phase(kind=kind, rate=start, rate_end=end, duration=duration)


def steps(start: float, end: float, count: int, duration: float, kind: str = "constant") -> Phase:
    """A rate that climbs from `start` to `end` in `count` equal stairs."""
    return Phase(kind=kind, rate=start, rate_end=end, steps=count, duration=duration)


def burst(size: int, period: float, duration: float) -> Phase:
    """`size` requests at once, every `period` seconds."""
    return Phase(kind="constant", rate=size / period, burst=size, duration=duration)


def on_off(rate: float, on: float, off: float, duration: float, kind: str = "constant") -> Phase:
    """`on` seconds at `rate` requests a second and `off` seconds of silence, in turn."""
    return Phase(kind=kind, rate=rate, on=on, off=off, duration=duration)


def trace(times: Iterable[float] | Path, duration: float | None = None) -> Phase:
    """Requests at these seconds from the start, or at those in a file, one on each line.

    Lasts until the last one unless `duration` says longer. Raises LabError for a file that can't be
    read.
    """
    if isinstance(times, Path):
        try:
            times = [float(line) for line in times.read_text().split()]
        except (OSError, ValueError) as error:
            raise LabError(f"{times} is not a trace, one number on each line: {error}") from error
    seconds = sorted(times)
    if duration is None:
        duration = (seconds[-1] if seconds else 0.0) + 0.001
    return Phase(kind="trace", times=seconds, duration=duration)


def closed(duration: float, think: float = 0.0) -> Phase:
    """Each connection asks again `think` seconds after its answer."""
    return Phase(kind="closed", duration=duration, think=think)


def plan_to_dict(plan: _core.Plan) -> dict[str, Any]:
    """Every field by its name, as JSON has it."""
    fields: dict[str, Any] = json.loads(plan.canonical())
    return fields


def plan_from_dict(fields: dict[str, Any]) -> _core.Plan:
    """A plan from its fields; what is not there keeps its default.

    Raises LabError naming a field that is unknown, of the wrong type, or makes no sense.
    """
    with core_errors():
        plan = _core.plan_from_json(json.dumps(fields))
        plan.check()
    return plan


@dataclass(frozen=True)
class _Form:
    """How a plan is written in files of one ending."""

    def read(self, text: str) -> Any:
        return json.loads(text)

    def write(self, fields: dict[str, Any]) -> str:
        return json.dumps(fields, indent=1) + "\n"


class _Toml(_Form):
    def read(self, text: str) -> Any:
        return tomllib.loads(text)

    def write(self, fields: dict[str, Any]) -> str:
        return tomli_w.dumps(_without_nothing(fields))


_FORMS: dict[str, _Form] = {".toml": _Toml(), ".json": _Form()}


def _without_nothing(value: Any) -> Any:
    """The same without what TOML can't say: a field that is not set."""
    if isinstance(value, dict):
        return {k: _without_nothing(v) for k, v in value.items() if v is not None}
    if isinstance(value, list):
        return [_without_nothing(v) for v in value]
    return value


def _form_of(path: Path) -> _Form:
    if path.suffix not in _FORMS:
        raise LabError(f"a plan's file ends in .toml or .json, not like {path}")
    return _FORMS[path.suffix]


def read_plan(path: Path) -> _core.Plan:
    """A plan from a .toml or .json file. Raises LabError in one sentence."""
    form = _form_of(path)
    try:
        fields = form.read(path.read_text())
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise LabError(f"{path} is not {path.suffix[1:].upper()}: {error}") from error
    return plan_from_dict(fields)


def write_plan(plan: _core.Plan, path: Path) -> None:
    """Writes every field of a plan to a .toml or .json file. Raises LabError."""
    write_whole(path, _form_of(path).write(plan_to_dict(plan)))
