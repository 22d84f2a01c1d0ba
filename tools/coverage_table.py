"""Prints the covered lines of each room, from the summaries of gcovr and coverage.py.

.venv/bin/python tools/coverage_table.py CPP.json PYTHON.json
"""

import json
import sys
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

Lines = Iterator[tuple[str, int, int]]


def of_cpp(path: Path) -> Lines:
    """File, lines that were run, lines there are."""
    for file in json.loads(path.read_text())["files"]:
        yield file["filename"], file["line_covered"], file["line_total"]


def of_python(path: Path) -> Lines:
    """The same of Python."""
    for name, file in json.loads(path.read_text())["files"].items():
        yield name, file["summary"]["covered_lines"], file["summary"]["num_statements"]


def room_of(name: str) -> str:
    """The room of a file: "cpp/stops", or "python/sevenstops/lab"."""
    parts = Path(name).parts
    at = parts.index("cpp") + 1 if "cpp" in parts else parts.index("sevenstops") + 1
    return "/".join((*parts[:at], parts[at]) if at < len(parts) - 1 else parts[:at])


def show(title: str, lines: Lines) -> None:
    """A line for each room, and one for all."""
    rooms: dict[str, list[int]] = defaultdict(lambda: [0, 0])
    for name, covered, total in lines:
        for room in (room_of(name), title):
            rooms[room][0] += covered
            rooms[room][1] += total
    for room, (covered, total) in sorted(rooms.items(), key=lambda item: item[0] == title):
        print(f"{room:28} {covered:6} of {total:6} lines  {covered / max(1, total):6.1%}")
    print()


def main() -> None:
    """Both languages, one after the other."""
    cpp, python = map(Path, sys.argv[1:])
    show("C++", of_cpp(cpp))
    show("Python", of_python(python))


if __name__ == "__main__":
    main()
