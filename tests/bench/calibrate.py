"""How often a verdict is wrong: false alarms where nothing changed, slowdowns that are missed.

Real blocks are recorded: runs of a freshly started service whose page takes a known time, at four
lengths in random order. Studies are then drawn from the recorded blocks, so all but the recording
is a simulation on recorded data, and labelled so.
"""

import random
import sys
from pathlib import Path

import numpy as np

from sevenstops import LabError, Service, ServiceOptions, load
from sevenstops.baseline import WORSE, worse
from sevenstops.document import write_whole
from sevenstops.environment import Lab
from sevenstops.experiments import ROUNDS
from sevenstops.processes import pinned

BASE = 0.010
SLOWDOWNS = (0.0, 0.05, 0.10, 0.20)
BLOCKS = 40
STUDIES = 2000
METRICS = ("latency_p50_seconds", "latency_p99_seconds")


def block(lab: Lab, slowdown: float) -> dict[str, float]:
    """One run: 300 pages in a second, each of which takes a known time."""
    fault = f"slow-dependency={BASE * (1 + slowdown):.6f}"
    options = ServiceOptions(cpus=lab.service_cpus, rows=1, faults=(fault,))
    with Service(options=options) as service, pinned(lab.load_cpus):
        report = load(f"{service.url}/page", rate=300, duration=1.0, connections=64)
    if report.outcomes.keys() != {"2xx"}:
        raise LabError(f"pages failed: {report.outcomes}")
    return dict(zip(METRICS, (report.latency.quantile(q) for q in (0.5, 0.99)), strict=True))


def record(lab: Lab) -> dict[float, list[dict[str, float]]]:
    """Every block, the lengths in random order within each round."""
    order = random.Random(lab.seed)
    found: dict[float, list[dict[str, float]]] = {s: [] for s in SLOWDOWNS}
    for n in range(BLOCKS):
        for slowdown in order.sample(SLOWDOWNS, len(SLOWDOWNS)):
            found[slowdown].append(block(lab, slowdown))
        print(f"blocks: round {n + 1} of {BLOCKS}", file=sys.stderr)
    return found


def share_worse(name: str, old: list[float], new: list[float], draws: np.random.Generator) -> float:
    """In what share of studies of ROUNDS runs a side the metric is said to have got worse."""
    alarms = 0
    for _ in range(STUDIES):
        sides = [
            {"after": {"samples": list(samples), "median": float(np.median(samples))}}
            for samples in (
                draws.choice(new, ROUNDS, replace=False),
                draws.choice(old, ROUNDS, replace=False),
            )
        ]
        metric = {"name": name, "unit": "seconds", "better": "lower"}
        alarms += bool(worse({**metric, **sides[0]}, {**metric, **sides[1]}))
    return alarms / STUDIES


def main() -> int:
    """Records, draws, prints, and writes reports/calibration.md."""
    lab = Lab()
    blocks = record(lab)
    draws = np.random.default_rng(lab.seed)
    where = lab.environment()
    lines = [
        "# Calibration of `compare` and --stops-baseline", "",
        f"{BLOCKS} real runs at each of four lengths of a page ({BASE * 1000:g} ms and 5, 10 and "
        f"20 % more), {where['cores']} cores, Linux {where['kernel']}. From them {STUDIES:,} "
        f"studies of {ROUNDS} runs a side were drawn without replacement: a simulation on recorded "
        "blocks. "
        'A study says "worse" when the 95 % interval of the ratio of medians lies above '
        f"{WORSE:g}.",
        "", "| metric | nothing changed | +5 % | +10 % | +20 % |", "|---|--:|--:|--:|--:|",
    ]  # fmt: skip
    holds = True
    for name in METRICS:
        series = {s: [b[name] for b in found] for s, found in blocks.items()}
        shares = [share_worse(name, series[0.0], series[s], draws) for s in SLOWDOWNS]
        holds = holds and shares[0] <= 0.01 and shares[2] >= 0.95
        lines.append(f"| `{name}` | " + " | ".join(f"{100 * s:.2f} %" for s in shares) + " |")
        middle = np.median(series[0.0])
        spread = (np.percentile(series[0.0], 75) - np.percentile(series[0.0], 25)) / middle
        print(f"{name}: interquartile range {spread:.2%} of the median", file=sys.stderr)
    lines += ["", "False alarms must be at most 1 %, and +10 % found in at least 95 %: "
              + ("both hold." if holds else "**not both hold.**")]  # fmt: skip
    text = "\n".join(lines) + "\n"
    print(text)
    write_whole(Path("reports") / "calibration.md", text)
    return 0 if holds else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except LabError as error:
        sys.exit(f"calibrate: {error}")
