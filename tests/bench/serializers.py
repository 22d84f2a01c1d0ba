"""How fast rows become JSON: the service's serializer beside other libraries'."""

import json
import statistics
import subprocess
import sys
import time
from pathlib import Path

import orjson

from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import pinned

SERIALIZERS = Path("build/release/serializers")
COUNTS = (1000, 50_000)
ROUNDS = 9
ROWS_A_ROUND = 100_000


def with_orjson(page: bytes, rows: int) -> list[float]:
    """Seconds for one answer in each round: orjson over the same rows, as Python has them."""
    document = orjson.loads(page)
    repeats = max(1, ROWS_A_ROUND // rows)
    found = []
    orjson.dumps(document)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(repeats):
            orjson.dumps(document)
        found.append((time.perf_counter() - start) / repeats)
    return found


def measure(lab: Lab) -> tuple[list[str], bool]:
    """Markdown lines, and whether ours is as fast as it must be."""
    print("serializers: about 20 s", file=sys.stderr)
    counts = [str(n) for n in COUNTS]
    with pinned(lab.service_cpus):
        told = subprocess.run([SERIALIZERS, *counts], capture_output=True, check=True).stdout
        results = json.loads(told)
        for rows in COUNTS:
            page = subprocess.run(
                [SERIALIZERS, "--page", str(rows)], capture_output=True, check=True
            ).stdout
            results.append(
                {"name": "orjson", "rows": rows, "bytes": len(page),
                 "seconds": with_orjson(page, rows)}
            )  # fmt: skip
    speed = {(r["name"], r["rows"]): r["bytes"] / statistics.median(r["seconds"]) for r in results}
    ours = {rows: speed["sevenstops", rows] for rows in COUNTS}
    lines = [
        "## The serializer, beside others", "",
        f"MB/s on one core, median of {ROUNDS} rounds in turns, over the same rows of eight "
        "fields, as the compiler makes them with -O3 (RapidJSON without its SIMD switches; orjson "
        "in rounds of its own, over Python's objects). In brackets: how many times as fast ours "
        "is.", "",
        "| | " + " | ".join(f"{rows:,} rows" for rows in COUNTS) + " |", "|---|---:|---:|",
    ]  # fmt: skip
    for name in dict.fromkeys(r["name"] for r in results):
        cells = [
            f"{speed[name, rows] / 1e6:,.0f}"
            + ("" if name == "sevenstops" else f" ({ours[rows] / speed[name, rows]:.1f} ×)")
            for rows in COUNTS
        ]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    holds = (
        ours[1000] >= 1.5 * speed["RapidJSON Writer", 1000]
        and ours[50_000] >= 1.3 * speed["RapidJSON Writer", 50_000]
        and all(ours[rows] >= 5 * speed["Boost.JSON", rows] for rows in COUNTS)
    )
    word = "yes" if holds else "**no**"
    must = (
        "At least 1.5 × RapidJSON's Writer at 1,000 rows, 1.3 × at 50,000, 5 × Boost.JSON: "
        f"{word}. All write the same bytes, all escaping on."
    )
    return [*lines, "", must, ""], holds
