"""How often the verdicts of `sevenstops run` err: `make calibrate`.

For every failure, quick verdicts (three rounds a side) of four kinds: both sides hardened and both
fragile, which must never come out `fixed`; the true pair, which should; and the true pair beside a
neighbour that spins on every processor, which must never come out `not fixed`. In a round of the
quiet kinds each side runs twice, in random order: the four runs make two true pairs, one pair of
hardened sides and one of fragile ones, so that no verdict has a run twice, and a run serves two
verdicts. Outcomes are appended to a file: a study of hours is made in batches. Prints the table of
all of them.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from scipy.stats import beta

from sevenstops import LabError
from sevenstops.evidence.files import write_json, write_whole
from sevenstops.evidence.runs import Run
from sevenstops.experiments import QUICK_ROUNDS, Experiment, Lab, all_experiments
from sevenstops.experiments.base import round_seed
from sevenstops.lab.environment import ISOLATION_VARIABLE
from sevenstops.lab.processes import EXECUTABLE, pinned

HARDENED, FRAGILE, TRUE, BUSY = "both hardened", "both fragile", "true pair", "busy neighbour"
WANTED = {HARDENED: 12, FRAGILE: 12, TRUE: 25, BUSY: 3}
NEVER = {HARDENED: "fixed", FRAGILE: "fixed", BUSY: "not fixed"}
STARTS = 3
"""Separate starts that the true pairs have to come from."""

# Which of a round's runs are held against each other, for each verdict: side and number.
TWICE = (("before", 0), ("before", 1), ("after", 0), ("after", 1))
QUIET = (
    (TRUE, ("before", 0), ("after", 0)),
    (TRUE, ("before", 1), ("after", 1)),
    (FRAGILE, ("before", 0), ("before", 1)),
    (HARDENED, ("after", 0), ("after", 1)),
)
ONCE = (("before", 0), ("after", 0))
PAIR = ((BUSY, ("before", 0), ("after", 0)),)


def spin() -> None:
    """Uses a processor."""
    while True:
        pass


@contextlib.contextmanager
def neighbour() -> Iterator[None]:
    """A process on each processor that does nothing but use it."""
    cpus = sorted(os.sched_getaffinity(0))
    found = [multiprocessing.Process(target=spin, daemon=True) for _ in cpus]
    for cpu, process in zip(cpus, found, strict=True):
        process.start()
        os.sched_setaffinity(process.pid or 0, {cpu})
    try:
        yield
    finally:
        for process in found:
            process.kill()
            process.join()


def judged(experiment: Experiment, seed: int, busy: bool) -> list[dict[str, Any]]:
    """The verdicts of one group of runs."""
    lab = experiment.lab_of(Lab("nginx", seed))
    sides = dict(zip(("before", "after"), experiment.sides(), strict=True))
    runs, pairs = (ONCE, PAIR) if busy else (TWICE, QUIET)
    found = [experiment.evidence(lab) for _ in pairs]
    order = random.Random(seed)
    with pinned(lab.load_cpus), neighbour() if busy else contextlib.nullcontext():
        for n in range(QUICK_ROUNDS):
            one = replace(lab, seed=round_seed(seed, n))
            plan = experiment.plan(one.seed)
            done: dict[tuple[str, int], Run] = {}
            for run in order.sample(runs, len(runs)):
                done[run] = experiment.once(one, sides[run[0]], plan)
            for evidence, (_, before, after) in zip(found, pairs, strict=True):
                evidence.add_round(one.seed, plan.fingerprint(), done[before], done[after])
    outcomes = []
    for evidence, (kind, _, _) in zip(found, pairs, strict=True):
        verdict, reason = evidence.judge()
        outcomes.append(
            {
                "kind": kind,
                "failure": experiment.failure,
                "seed": seed,
                "verdict": verdict,
                "reason": reason,
            }
        )
    return outcomes


def those_possible() -> list[Experiment]:
    """The failures that can be measured here; what is left out is said."""
    for experiment in all_experiments():
        if not experiment.possible():
            said = f"{experiment.failure} is left out, no network namespace is allowed"
            print(f"calibrate: {said}: {experiment.needs_network}", file=sys.stderr)
    return [e for e in all_experiments() if e.possible()]


def missing(
    outcomes: Sequence[dict[str, Any]], start: int, experiments: Sequence[Experiment]
) -> list[tuple[Experiment, bool]]:
    """The groups that are still to be run, and whether beside a neighbour: of the true pairs at
    most a third in one start.
    """
    done = Counter((o["kind"], o["failure"]) for o in outcomes)
    here = Counter(o["failure"] for o in outcomes if o["kind"] == TRUE and o["start"] == start)
    left = []
    for experiment in experiments:
        failure = experiment.failure
        kinds = Counter(kind for kind, _, _ in QUIET)
        groups = max(-(-(WANTED[k] - done[k, failure]) // n) for k, n in kinds.items())
        most = -(-WANTED[TRUE] // STARTS // kinds[TRUE]) - here[failure] // kinds[TRUE]
        left += [(experiment, False)] * min(groups, most)
        left += [(experiment, True)] * (WANTED[BUSY] - done[BUSY, failure])
    return left


def bounds(errors: int, runs: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Clopper and Pearson 1934)."""
    low = 0.0 if errors == 0 else float(beta.ppf(0.025, errors, runs - errors + 1))
    high = 1.0 if errors == runs else float(beta.ppf(0.975, errors + 1, runs - errors))
    return low, high


def table(outcomes: list[dict[str, Any]]) -> list[str]:
    """Verdicts by kind, over all failures and for each that erred."""
    lines = [
        "| kind | runs | fixed | not fixed | inconclusive | must never be | rate, 95 % |",
        "|---|--:|--:|--:|--:|---|---|",
    ]
    for kind in WANTED:
        found = Counter(o["verdict"] for o in outcomes if o["kind"] == kind)
        runs = found.total()
        never = NEVER.get(kind)
        errors = found[never] if never else runs - found["fixed"]
        rate = "no runs yet"
        if runs:
            low, high = bounds(errors, runs)
            rate = f"{errors} of {runs}: {low:.1%} to {high:.1%}"
        counts = " | ".join(str(found[v]) for v in ("fixed", "not fixed", "inconclusive"))
        lines.append(f"| {kind} | {runs} | {counts} | {never or 'else than fixed'} | {rate} |")
    wrong = [o for o in outcomes if o["verdict"] == NEVER.get(o["kind"])]
    wrong += [o for o in outcomes if o["kind"] == "true pair" and o["verdict"] != "fixed"]
    if wrong:
        lines += ["", "| kind | failure | seed | verdict | reason |", "|---|---|--:|---|---|"]
        lines += [
            f"| {o['kind']} | {o['failure']} | {o['seed']} | {o['verdict']} | {o['reason']} |"
            for o in wrong
        ]
    return lines


def main() -> int:
    """One batch; 1 when a verdict was what it must never be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=30, help="how long this batch may take")
    parser.add_argument("--file", type=Path, default=Path("reports/calibration.json"))
    given = parser.parse_args()
    if ISOLATION_VARIABLE not in os.environ:
        command = [str(EXECUTABLE), "--isolate", sys.executable, *sys.argv]
        os.execv(EXECUTABLE, command)
    outcomes: list[dict[str, Any]] = []
    if given.file.exists():
        outcomes = json.loads(given.file.read_text())["outcomes"]
    start = 1 + max((o["start"] for o in outcomes), default=0)
    end = time.monotonic() + 60 * given.minutes
    left = missing(outcomes, start, those_possible())
    order = random.Random(start)
    order.shuffle(left)
    # Whatever has been run least comes first.
    seen = Counter((o["failure"], o["kind"] == BUSY) for o in outcomes)
    left.sort(key=lambda group: seen[group[0].failure, group[1]])
    for n, (experiment, busy) in enumerate(left):
        if time.monotonic() > end:
            break
        for outcome in judged(experiment, 1000 * start + n, busy):
            text = ": ".join(outcome[k] for k in ("kind", "failure", "verdict"))
            print(f"{text}{outcome['reason'] and ': '}{outcome['reason']}", flush=True)
            outcomes.append({**outcome, "start": start})
        write_json(given.file, {"outcomes": outcomes})
    lines = ["# How often verdicts err", "", (__doc__ or "").partition("\n\n")[2], *table(outcomes)]
    write_whole(given.file.with_name("calibration-verdicts.md"), "\n".join(lines) + "\n")
    print("\n".join(table(outcomes)))
    return int(any(o["verdict"] == NEVER.get(o["kind"]) for o in outcomes))


if __name__ == "__main__":
    try:
        raise SystemExit(main())
    except LabError as error:
        raise SystemExit(f"calibrate: {error}") from error
