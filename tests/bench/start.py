"""What waiting for Python costs: `sevenstops --help`, and the plugin where nothing uses it."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from clients import spread

from sevenstops import LabError
from sevenstops.lab.environment import Lab

ROUNDS = 9
MOST_HELP = 0.4
MOST_MORE = 0.1
EMPTY = "def test_nothing():\n    pass\n"


def measure(_: Lab) -> tuple[list[str], bool]:
    """In turns: Markdown lines, and whether nobody waits for longer than he should."""
    pytest = [sys.executable, "-m", "pytest", "-q"]
    commands = {
        "sevenstops --help": [str(Path(sys.executable).with_name("sevenstops")), "--help"],
        "pytest over an empty test": pytest,
        "the same without the plugin": [*pytest, "-p", "no:sevenstops"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").write_text(EMPTY)
        for n in range(ROUNDS):
            for name in sorted(commands, reverse=n % 2 == 0):
                begun = time.monotonic()
                ended = subprocess.run(
                    commands[name], cwd=folder, env=os.environ, capture_output=True, check=False
                )
                seconds[name].append(time.monotonic() - begun)
                if ended.returncode:
                    raise LabError(f"{name} failed: {ended.stderr.decode().strip()[-200:]}")
            print(f"start: round {n + 1} of {ROUNDS}", file=sys.stderr)
    helped, with_it, without = (statistics.median(found) for found in seconds.values())
    held = helped <= MOST_HELP and with_it - without <= MOST_MORE
    said = "Both hold" if held else "That does **not** hold"
    lines = [
        "## What waiting for Python costs", "",
        f"{ROUNDS} rounds in turns; median [range].", "",
        "| command | s |", "|---|---|",
        *(f"| {name} | {spread(found, 2)} |" for name, found in seconds.items()), "",
        f"The plugin takes {with_it - without:+.2f} s; must be at most {MOST_MORE} s, and "
        f"`sevenstops --help` at most {MOST_HELP} s. {said}.", "",
    ]  # fmt: skip
    return lines, held
