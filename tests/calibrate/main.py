"""How often the verdicts err: `make calibrate-costs`.

An A/A study (the same on both sides, so that every alarm is false) and a power study (a known
slowdown, so that every silence is a miss), for both ways of noticing that a build got slower:
`compare` with a baseline, and `stops_costs`. Blocks are measured; 2,000 studies are then drawn of
them, which simulates making each whole study anew, and is labelled so. Then pytest itself runs,
unchanged and slowed. Prints Markdown, and writes it to the file named by --out.
"""

import random
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sevenstops import LabError, Plan, RequestSpec, Service, ServiceOptions, constant
from sevenstops.evidence.baselines import WORSE, worse
from sevenstops.evidence.costs import StopCosts
from sevenstops.evidence.files import write_whole
from sevenstops.experiments import ROUNDS
from sevenstops.lab.costs import ROUNDS as COST_ROUNDS
from sevenstops.lab.costs import Side, stop_costs
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import pinned
from sevenstops.loading.running import run_plan

SLOWDOWNS = (0.0, 0.05, 0.10, 0.20)
BLOCKS = 30
STUDIES = 2000
GREEN_RUNS = 20
SLOWED = ("parse", "handle", "serialize", "drain")
EXAMPLE = Path(__file__).parents[2] / "examples" / "pytest-plugin"
WORK = 0.010
METRICS = {"latency_p50_seconds": 0.5, "latency_p99_seconds": 0.99}

Block = TypeVar("Block")
Blocks = dict[float, list[Block]]


def page_block(lab: Lab, slowdown: float) -> dict[str, float]:
    """One run of a fresh service whose /page works for WORK seconds and the slowdown's share."""
    plan = Plan(
        arrivals=[constant(300, 1.0)], requests=[RequestSpec(target="/page")], connections=32
    )
    fault = f"slow-dependency={WORK * (1 + slowdown)}"
    options = ServiceOptions(cpus=lab.service_cpus, rows=100, faults=(fault,))
    with Service(options=options) as service:
        latency = run_plan(plan, service.port).all.latency
    return {name: latency.quantile(q) for name, q in METRICS.items()}


def cost_block(lab: Lab, slowdown: float) -> StopCosts:
    """One round of stops_costs with serialize slowed."""
    faults = (f"slow-stop=serialize/{slowdown}",) if slowdown else ()
    return stop_costs(Side(options=ServiceOptions(rows=2000, faults=faults)), rounds=1, lab=lab)


def record(lab: Lab, one: Callable[[Lab, float], Block]) -> tuple[Blocks[Block], float]:
    """BLOCKS blocks of each slowdown in random order, and the seconds that one takes."""
    order = [slowdown for slowdown in SLOWDOWNS for _ in range(BLOCKS)]
    random.Random(lab.seed).shuffle(order)
    blocks: Blocks[Block] = {slowdown: [] for slowdown in SLOWDOWNS}
    began = time.monotonic()
    with pinned(lab.load_cpus):
        for n, slowdown in enumerate(order):
            blocks[slowdown].append(one(replace(lab, seed=lab.seed + n), slowdown))
    return blocks, (time.monotonic() - began) / len(order)


def page_alarm(blocks: Blocks[dict[str, float]], slowdown: float, draw: random.Random) -> list[str]:
    """What `compare` finds worse in one study of ROUNDS runs a side."""
    both = draw.sample(blocks[0.0], 2 * ROUNDS)
    old = both[:ROUNDS]
    new = draw.sample(blocks[slowdown], ROUNDS) if slowdown else both[ROUNDS:]

    def metric(name: str, side: list[dict[str, float]]) -> dict[str, object]:
        samples = [block[name] for block in side]
        after = {"samples": samples, "median": sorted(samples)[ROUNDS // 2]}
        return {"name": name, "unit": "seconds", "better": "lower", "after": after}

    return [name for name in METRICS if worse(metric(name, new), metric(name, old))]


def cost_alarm(blocks: Blocks[StopCosts], slowdown: float, draw: random.Random) -> list[str]:
    """The stops that stops_costs calls slower in one study."""
    rounds = draw.sample(blocks[slowdown], COST_ROUNDS)
    stops = rounds[0].reference
    return StopCosts(
        {stop: [r.reference[stop][0] for r in rounds] for stop in stops},
        {stop: [r.candidate[stop][0] for r in rounds] for stop in stops},
    ).slower()


def table(
    blocks: Blocks[Block],
    alarm: Callable[[Blocks[Block], float, random.Random], list[str]],
    right: str,
) -> tuple[list[str], bool]:
    """Rows of shares over STUDIES drawn studies, and whether both bounds hold."""
    draw = random.Random(7)
    lines = ["| Slowdown | Alarm | Of those, " + right + " named first |", "| --- | --- | --- |"]
    holds = True
    for slowdown in SLOWDOWNS:
        found = [alarm(blocks, slowdown, draw) for _ in range(STUDIES)]
        alarms = [names for names in found if names]
        share = len(alarms) / STUDIES
        named = sum(names[0] == right for names in alarms) / len(alarms) if alarms else None
        lines.append(
            f"| {slowdown:.0%} | {share:.2%} | {'' if named is None else f'{named:.1%}'} |"
        )
        holds = holds and not (slowdown == 0.0 and share > 0.01)
        holds = holds and not (slowdown >= 0.1 and share < 0.95)
    return [*lines, ""], holds


def pytest_run(*options: str) -> tuple[bool, str]:
    """Whether the example's test of costs is green, and which stop its message names."""
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "test_costs.py", *options],
        cwd=EXAMPLE, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ended.returncode not in (0, 1):
        raise LabError(f"pytest ended with {ended.returncode}: {ended.stdout[-300:]}")
    _, found, after = ended.stdout.partition("AssertionError: slower: ")
    return ended.returncode == 0, after.splitlines()[0] if found else ""


def pytest_study() -> tuple[list[str], bool]:
    """GREEN_RUNS unchanged, and one for each stop that is slowed by a tenth."""
    green = sum(pytest_run()[0] for _ in range(GREEN_RUNS))
    lines = ["| Run of pytest | Result |", "| --- | --- |"]
    lines.append(f"| unchanged, {GREEN_RUNS} times in a row | {green} green |")
    holds = green == GREEN_RUNS
    for stop in SLOWED:
        passed, named = pytest_run("--stops-fault", f"slow-stop={stop}/0.10")
        lines.append(f"| {stop} slowed by 10 % | {'green' if passed else f'red: {named}'} |")
        holds = holds and named == stop
    return [*lines, ""], holds


def main(arguments: list[str]) -> int:
    """Runs the studies; 1 when a bound does not hold."""
    lab = Lab(edge="none")
    where = lab.environment()
    pages, page_seconds = record(lab, page_block)
    costs, cost_seconds = record(lab, cost_block)
    page_table, pages_hold = table(pages, page_alarm, "latency_p50_seconds")
    cost_table, costs_hold = table(costs, cost_alarm, "serialize")
    pytest_table, pytest_holds = pytest_study()
    lines = [
        "# Calibration", "",
        f"{where['cores']} cores of {where['machine']}, Linux {where['kernel']}.",
        "Bounds: at most 1 % of alarms without a slowdown, at least 95 % from 10 % on.", "",
        f"`compare` with a baseline, worse from {WORSE - 1:.0%} on: simulated, {STUDIES:,} studies "
        f"of {ROUNDS} runs a side drawn from {BLOCKS} measured runs of each kind. A run asks "
        f"/page, which works for {1000 * WORK:g} ms and the slowdown's share, 300 times in 1 s; a "
        f"study takes {2 * ROUNDS * page_seconds:.0f} s.", "", *page_table,
        f"`stops_costs`: simulated, {STUDIES:,} studies of {COST_ROUNDS} rounds drawn from "
        f"{BLOCKS} measured rounds of each kind, in which serialize needs the slowdown's "
        f"share longer; a study takes {COST_ROUNDS * cost_seconds:.0f} s.", "", *cost_table,
        "The example project's test_costs.py under pytest, every run measured:", "",
        *pytest_table,
    ]  # fmt: skip
    text = "\n".join(lines).rstrip() + "\n"
    print(text)
    if "--out" in arguments:
        write_whole(Path(arguments[arguments.index("--out") + 1]), text)
    return 0 if pages_hold and costs_hold and pytest_holds else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LabError as error:
        sys.exit(f"calibrate: {error}")
