"""What a sweep is made of."""

import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from statistics import median
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.evidence.metrics import Sample
from sevenstops.lab.environment import Lab
from sevenstops.lab.network import link_possible
from sevenstops.lab.processes import pinned
from sevenstops.lab.scenes import Scene
from sevenstops.lab.settings import SideSettings, parse_changes

SceneOf = Callable[[Lab, SideSettings], AbstractContextManager[Scene]]
Measure = Callable[[Scene, _core.Plan], tuple[Sample, list[float]]]

Measured = tuple[Sample, list[float], list[str]]
"""A sample, its course over time, and the client's doubts."""

ROUNDS = 3
# The estimate of a dependency's latency takes 1,000 answers.
WARM = 1000


def side(shared: Mapping[str, str], changes: Iterable[str] = ()) -> SideSettings:
    """The hardened preset with what all points share, and a point's own `stop.field=value`."""
    return SideSettings(_core.hardened()).changed(shared).changed(parse_changes(changes))


@dataclass(frozen=True)
class Point:
    """One of a sweep's places: a line's name, where on it, and what is measured there."""

    line: str
    at: str
    settings: SideSettings
    scene: SceneOf
    plan: _core.Plan
    # What theory says of a column.
    theory: Mapping[str, float] = field(default_factory=dict)

    @property
    def fingerprint(self) -> str:
        """Its plan's."""
        return self.plan.fingerprint()

    def once(self, lab: Lab, measure: Measure | None) -> Measured:
        """Measures a freshly started service. Raises LabError where nothing says how."""
        if measure is None:
            raise LabError(f"the sweep does not say what it measures at {self.line} {self.at}")
        with self.scene(lab, self.settings) as made:
            sample, course = measure(made, self.plan)
        return sample, course, [doubt.text for doubt in made.doubts]


@dataclass(frozen=True)
class Calculation:
    """A place where something is measured within this process: no service, no load.

    `work` takes the lab's seed. `fingerprint` says in a word what was worked on.
    """

    line: str
    at: str
    work: Callable[[int], Sample]
    fingerprint: str
    theory: Mapping[str, float] = field(default_factory=dict)

    def once(self, lab: Lab, measure: Measure | None) -> Measured:
        """Does the work; it measures by itself."""
        return self.work(lab.seed), [], []


@dataclass(frozen=True)
class Sweep:
    """A question, the points that answer it, and the columns of the answer.

    `columns` maps a metric's name to its unit; `line` and `axis` name what a point's line and place
    are, where it has them. `measure` is for points that have a scene. With `curve` every point has
    a course over time as well, of that name.
    """

    name: str
    title: str
    question: str
    line: str
    axis: str
    columns: Mapping[str, str]
    points: Callable[[int], Sequence[Point | Calculation]]
    # The metric that is drawn, and whether on a logarithmic axis.
    drawn: str
    measure: Measure | None = None
    logarithmic: bool = False
    curve: str = ""
    # What the course is a share of, and the seconds between its values.
    curve_of: str = "requests"
    curve_step: float = 0.5
    # Whether the edge stays out, which would have to carry what is to overload the service.
    without_edge: bool = False
    # Whether clients are at the other end of a link, which not every system allows.
    needs_link: bool = False

    def possible(self) -> bool:
        """Whether this system allows what it needs."""
        return not self.needs_link or link_possible()

    def run(
        self, lab: Lab, rounds: int, progress: Callable[[int, int], None] = lambda done, of: None
    ) -> dict[str, Any]:
        """Measures each point `rounds` times, every round in random order; gives the document."""
        lab = replace(lab, edge="none") if self.without_edge else lab
        points = self.points(lab.seed)
        samples: list[list[Sample]] = [[] for _ in points]
        courses: list[list[list[float]]] = [[] for _ in points]
        doubts: list[str] = []
        order = random.Random(lab.seed)
        done = 0
        with pinned(lab.load_cpus):
            for n in range(rounds):
                for place in order.sample(range(len(points)), len(points)):
                    progress(done, rounds * len(points))
                    point = points[place]
                    of_round = replace(lab, seed=lab.seed + 100 * n)
                    sample, course, doubted = point.once(of_round, self.measure)
                    samples[place].append(sample)
                    courses[place].append(course)
                    doubts += doubted
                    done += 1
        rows = [
            {
                "line": point.line,
                "at": point.at,
                "median": {name: median(s[name] for s in found) for name in self.columns},
                "samples": {name: [s[name] for s in found] for name in self.columns},
                "theory": dict(point.theory),
                "plan": point.fingerprint,
                "course": [median(values) for values in zip(*course, strict=False)],
            }
            for point, found, course in zip(points, samples, courses, strict=True)
        ]
        environment = lab.environment()
        if self.measure is None:
            # Nothing went through it.
            del environment["edge"]
        return {
            "schema": "sevenstops.sweep/1",
            "sweep": self.name,
            "title": self.title,
            "question": self.question,
            "line": self.line,
            "axis": self.axis,
            "units": dict(self.columns),
            "drawn": self.drawn,
            "logarithmic": self.logarithmic,
            "curve": self.curve,
            "curve_of": self.curve_of,
            "curve_step": self.curve_step,
            "seed": lab.seed,
            "rounds": rounds,
            "environment": environment,
            "doubts": doubts,
            "rows": rows,
        }
