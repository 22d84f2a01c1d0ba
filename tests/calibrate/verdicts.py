"""How often the verdicts of `sevenstops run` err: `make calibrate`.

For every failure, quick runs (three rounds a side) of four kinds: both sides hardened and both
fragile, which must never come out `fixed`; the true pair, which should; and the true pair beside a
neighbour that spins on every processor, which must never come out `not fixed`. Outcomes are
appended to a file, so that a study of hours is made in batches. Prints the table of all of them.
"""

import argparse
import contextlib
import json
import multiprocessing
import os
import random
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from scipy.stats import beta

from sevenstops import LabError, experiments
from sevenstops.evidence.files import write_json, write_whole
from sevenstops.experiments import Experiment, all_experiments

WANTED = {"both hardened": 12, "both fragile": 12, "true pair": 25, "busy neighbour": 3}
NEVER = {"both hardened": "fixed", "both fragile": "fixed", "busy neighbour": "not fixed"}
STARTS = 3
"""Separate starts that the true pairs have to come from."""


def said(kind: str, experiment: Experiment) -> dict[str, dict[str, str]]:
    """The changes that make both sides of an experiment the same."""
    before, after = (
        {name: values[side] for name, values in experiment.switch.items()} for side in (0, 1)
    )
    return {"both hardened": {"before": after}, "both fragile": {"after": before}}.get(kind, {})


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


def judged(kind: str, experiment: Experiment, seed: int) -> dict[str, Any]:
    """One quick run's verdict."""
    beside = neighbour() if kind == "busy neighbour" else contextlib.nullcontext()
    with beside:
        document = experiments.run(experiment.failure, seed=seed, said=said(kind, experiment))
    evidence = document["evidence"][0]
    return {
        "kind": kind, "failure": experiment.failure, "seed": seed,
        "verdict": evidence["verdict"], "reason": evidence["reason"],
    }  # fmt: skip


def missing(outcomes: list[dict[str, Any]], start: int) -> list[tuple[str, Experiment]]:
    """What is still to be run: of the true pairs at most a third in one start."""
    done = Counter((o["kind"], o["failure"]) for o in outcomes)
    here = Counter(o["failure"] for o in outcomes if o["start"] == start)
    left = []
    for kind, wanted in WANTED.items():
        for experiment in all_experiments():
            count = wanted - done[kind, experiment.failure]
            if kind == "true pair":
                count = min(count, -(-wanted // STARTS) - here[experiment.failure])
            left += [(kind, experiment)] * max(0, count)
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
    outcomes: list[dict[str, Any]] = []
    if given.file.exists():
        outcomes = json.loads(given.file.read_text())["outcomes"]
    start = 1 + max((o["start"] for o in outcomes), default=0)
    end = time.monotonic() + 60 * given.minutes
    left = missing(outcomes, start)
    random.Random(start).shuffle(left)
    for n, (kind, experiment) in enumerate(left):
        if time.monotonic() > end:
            break
        seed = 1000 * start + n
        outcome = {**judged(kind, experiment, seed), "start": start}
        print(f"{kind}: {experiment.failure}: {outcome['verdict']}", flush=True)
        outcomes.append(outcome)
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
