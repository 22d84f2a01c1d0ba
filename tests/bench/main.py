"""The benchmarks: `make bench` runs all, `python tests/bench/main.py PART...` some of them.

Prints Markdown, and writes it to the file named by --out.
"""

import sys
from pathlib import Path

import clients
import edges
import floods
import healthz
import room
import serializers
import start
import truth

from sevenstops import LabError
from sevenstops.evidence.files import write_whole
from sevenstops.lab.environment import Lab

PARTS = ("healthz", "clients", "serializers", "truth", "room", "floods", "start", "edges")


def main(arguments: list[str]) -> int:
    """Measures the parts that are asked for; 1 when something that must hold does not."""
    out = None
    if "--out" in arguments:
        place = arguments.index("--out")
        out = Path(arguments[place + 1])
        del arguments[place : place + 2]
    wanted = arguments or list(PARTS)
    for part in wanted:
        if part not in PARTS:
            raise LabError(f"unknown part '{part}': there are {', '.join(PARTS)}")
    lab = Lab()
    where = lab.environment()
    lines = [
        "# Benchmarks", "",
        f"{where['cores']} cores of {where['machine']}, Linux {where['kernel']}, {where['edge']}.",
        "",
    ]  # fmt: skip
    held = []
    judged = (
        ("healthz", healthz), ("clients", clients), ("serializers", serializers), ("truth", truth),
        ("room", room), ("floods", floods), ("start", start), ("edges", edges),
    )  # fmt: skip
    for part, of in judged:
        if part in wanted:
            told, holds = of.measure(lab)
            lines += told
            held.append(holds)
    text = "\n".join(lines).rstrip() + "\n"
    print(text)
    if out:
        write_whole(out, text)
    return 0 if all(held) else 1


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except LabError as error:
        sys.exit(f"bench: {error}")
