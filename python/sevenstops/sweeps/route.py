"""What a match costs as routes become more."""

import random
import string
from collections.abc import Callable

from sevenstops import _core
from sevenstops.evidence.metrics import Sample
from sevenstops.sweeps.base import Calculation, Sweep

COUNTS = (10, 100, 1_000, 10_000)
LINES = {"tree": "true", "in order of registration": "false"}
PER_GROUP = 20
"""Routes that share their first segment."""

# Enough draws that each of many routes is asked for; a scan takes so long that fewer do.
DRAWS = {"tree": 20_000, "in order of registration": 2_000}
REPEATS = {"tree": 25, "in order of registration": 5}

Route = tuple[str, str]


def routes(count: int, seed: int) -> list[Route]:
    """A table of so many routes: of ten, six without a parameter, three with one, one wildcard."""
    draw = random.Random(seed)
    groups = [_word(draw) for _ in range(-(-count // PER_GROUP))]
    made = []
    for n in range(count):
        # The number keeps any two apart.
        path = f"/{draw.choice(groups)}/{_word(draw)}{n}"
        end = "/{path...}" if n % 10 == 9 else "/{id}" if n % 10 >= 6 else ""
        made.append((draw.choice(("GET", "GET", "POST")), path + end))
    return made


def requests(table: list[Route], draws: int, seed: int) -> list[Route]:
    """So many requests for routes drawn at random."""
    draw = random.Random(seed)
    made = []
    for method, pattern in draw.choices(table, k=draws):
        number = str(draw.randrange(1_000_000))
        made.append((method, pattern.replace("{id}", number).replace("{path...}", f"a/{number}")))
    return made


def _word(draw: random.Random) -> str:
    return "".join(draw.choices(string.ascii_lowercase, k=draw.randint(3, 9)))


def _work(line: str, count: int) -> Callable[[int], Sample]:
    def work(seed: int) -> Sample:
        settings = _core.hardened()
        settings.set("route.tree", LINES[line])
        table = routes(count, seed)
        router = _core.Router(table, settings)
        asked = requests(table, DRAWS[line], seed + 1)
        return {"match_seconds": router.match_seconds(asked, REPEATS[line])}

    return work


def _points(seed: int) -> list[Calculation]:
    return [
        Calculation(line, str(count), _work(line, count), f"routes:{count}")
        for line in LINES
        for count in COUNTS
    ]


MATCH = Sweep(
    name="route-match",
    title="A match among 10 to 10,000 routes",
    question=(
        "What does it cost to find a request's route, drawn at random, in a tree and in the order "
        "of registration?"
    ),
    line="routes are matched by",
    axis="routes",
    columns={"match_seconds": "seconds"},
    points=_points,
    drawn="match_seconds",
    logarithmic=True,
)
