"""The floors of the house: which room may use which, and how long a file may be.

    .venv/bin/python tools/floors.py            # says what breaks a rule, and ends with 1 then
    .venv/bin/python tools/floors.py --table    # the rules as CONTRIBUTING.md shows them

A room is a folder of cpp/ or python/sevenstops/, or a module that lies directly in the latter. It
uses itself and what its line below names, nothing else, neither directly nor, for a folder within a
room, by way of files in between.
"""

import argparse
import ast
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

MOST_LINES = 400
# Signatures and sentences of the whole extension, one after the other.
MAY_BE_LONG = {"python/sevenstops/_core.pyi"}

# C++: a room and those it may include.
CPP = {
    "base": "",
    "http": "base",
    "upstream": "http base",
    "store": "http base",
    "faults": "http base",
    "probes": "http base",
    "stops": "upstream store faults http base",
    "load": "http base",
    "service": "stops probes upstream store faults http base",
    # They name the faults that there are, may be told of one, and show the router by itself.
    "bindings": "service load stops probes faults http base",
    "app": "service load probes faults http base",
}

# A folder within a room uses the files that lie directly in the room (as far as they don't lead to
# another folder of it), what the room may use, and of the room's other folders these.
CPP_WITHIN = {
    # A stop knows nothing of its neighbours; the walk brings them together.
    "stops/accept": "stops/accept/admission",
    "stops/accept/admission": "",
    "stops/parse": "",
    "stops/route": "",
    "stops/middleware": "",
    "stops/handle": "",
    "stops/handle/endpoints": "stops/handle",
    "stops/serialize": "",
    "stops/drain": "",
    # The protocol beneath knows the interfaces that it fills, and no stop.
    "stops/http1": "",
    "stops/http2": "",
    "load/tasks": "",
    "load/record": "",
    "load/plan": "load/tasks",
    "load/engine": "load/tasks",
    "load/dispatch": "load/engine load/plan load/record load/tasks",
    "load/users": "load/dispatch load/engine load/plan load/record load/tasks",
    "load/clients": "load/dispatch load/engine load/plan load/record load/tasks",
}

# A library that one room alone includes.
CPP_LIBRARIES = {"pybind11/": "bindings"}

# Python: a room and those it may import. The extension, _core, is everybody's.
PYTHON = {
    "errors": "",
    "evidence": "errors",
    "loading": "errors evidence",
    "lab": "errors evidence loading",
    "framing": "errors evidence lab",
    # Made from documents alone.
    "report": "errors evidence",
    "experiments": "errors evidence loading lab",
    # A sweep looks at an experiment's scene over a range.
    "sweeps": "errors evidence loading lab experiments",
    "cli": "errors evidence loading lab framing report experiments sweeps",
    "notebook": "errors evidence lab report experiments sweeps",
    "pytest_plugin": "evidence loading lab report experiments",
    "__main__": "cli",
}


@dataclass(frozen=True)
class Use:
    """A line in which a file uses another; both as paths within the tree."""

    by: str
    line: int
    of: str


def folder(path: str) -> str:
    """The folder of a file: "stops/parse" of "stops/parse/parse.hpp"."""
    return path.rpartition("/")[0]


def closure(table: dict[str, str], room: str) -> set[str]:
    """What a room may reach: itself, what it may use, what that may use."""
    reached, left = set(), [room]
    while left:
        if (one := left.pop()) not in reached:
            reached.add(one)
            left += table.get(one, "").split()
    return reached


# C++


INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
BY_MACRO = re.compile(r"^\s*#\s*include\s+\w", re.MULTILINE)


def sources(root: Path, *endings: str) -> dict[str, str]:
    """The text of each file with one of these endings, by its path beneath the root."""
    found = (p for p in sorted(root.rglob("*")) if p.suffix in endings and p.is_file())
    return {str(p.relative_to(root)): p.read_text() for p in found}


def includes(files: dict[str, str]) -> Iterator[tuple[Use, bool]]:
    """Every include, and whether it is one of a file of the house."""
    for path, text in files.items():
        for number, line in enumerate(text.splitlines(), 1):
            if found := INCLUDE.match(line):
                yield Use(path, number, found[2]), found[1] == '"'


def check_cpp(root: Path) -> Iterator[str]:
    """What in cpp/ breaks a rule."""
    files = sources(root, ".cpp", ".hpp")
    ours: list[Use] = []
    for use, quoted in includes(files):
        where = f"cpp/{use.by}:{use.line}"
        room = use.by.split("/")[0]
        for library, home in CPP_LIBRARIES.items():
            if use.of.startswith(library) and room != home:
                yield f"{where}: only cpp/{home} may include {library}"
        if ".." in use.of.split("/"):
            yield f"{where}: an include has no .. in it ({use.of})"
        elif quoted and use.of not in files:
            yield f'{where}: "{use.of}" is no file of cpp/; an include begins with its room'
        if use.of in files:
            ours.append(use)
    for file in sorted(root.rglob("*")):
        if file.is_file() and file.suffix not in (".cpp", ".hpp"):
            yield f"cpp/{file.relative_to(root)}:1: neither .cpp nor .hpp: nobody would check it"
    for path, text in files.items():
        if found := BY_MACRO.search(text):
            line = text.count("\n", 0, found.start()) + 1
            yield f"cpp/{path}:{line}: an include names its file"
        if (room := path.split("/")[0]) not in CPP:
            yield f"cpp/{path}:1: no line of tools/floors.py says what the room {room} may use"
        elif (inner := folder(path)) != room and inner not in CPP_WITHIN:
            yield f"cpp/{path}:1: no line of tools/floors.py says what the folder {inner} may use"
    yield from unlawful(ours)
    yield from cycle("cpp", ours, unit_of(files))


def unlawful(uses: list[Use]) -> Iterator[str]:
    """The includes that the tables do not allow."""
    by_file: dict[str, list[Use]] = {}
    for use in uses:
        by_file.setdefault(use.by, []).append(use)
    for use in uses:
        room, other = use.by.split("/")[0], use.of.split("/")[0]
        where = f"cpp/{use.by}:{use.line}"
        if room != other:
            if room in CPP and other not in CPP[room].split():
                yield f"{where}: {room} may not use {other} ({use.of})"
        elif (inner := folder(use.by)) in CPP_WITHIN:
            allowed = closure(CPP_WITHIN, inner)
            for way in ways(use, by_file, room):
                if (end := folder(way[-1])) != room and end not in allowed:
                    by_way = f", by way of {way[0]}" if len(way) > 1 else ""
                    yield f"{where}: {inner} may not use {end} ({way[-1]}{by_way})"
                    break


def ways(first: Use, by_file: dict[str, list[Use]], room: str) -> Iterator[list[str]]:
    """The ways from an include to files of the room's folders, through files of the room itself."""
    seen, left = {first.of}, [[first.of]]
    while left:
        way = left.pop(0)
        yield way
        # What a folder includes in its turn is its own affair: its own lines are looked at.
        if folder(way[-1]) == room:
            for use in by_file.get(way[-1], []):
                if use.of.startswith(f"{room}/") and use.of not in seen:
                    seen.add(use.of)
                    left.append([*way, use.of])


# Python


def homes(package: Path) -> dict[str, str]:
    """Where a name lives that the package itself offers: `_NAMES_OF` of its __init__.py."""
    init = package / "__init__.py"
    for node in ast.parse(init.read_text()).body if init.exists() else []:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "_NAMES_OF":
            table: dict[str, tuple[str, ...]] = ast.literal_eval(node.value)
            return {name: home for home, names in table.items() for name in names}
    return {}


def imports(path: str, text: str, public: dict[str, str]) -> Iterator[tuple[int, str]]:
    """Line and module of each import of the package, without the package's name.

    "." stands for the module of a relative one, and for the package itself.
    """
    for node in ast.walk(ast.parse(text, path)):
        if not isinstance(node, ast.Import | ast.ImportFrom):
            continue
        names: list[str] = []
        if isinstance(node, ast.ImportFrom):
            module = node.module or ""
            if node.level:
                yield node.lineno, "."
            elif module == "sevenstops":
                names = [f"sevenstops.{public.get(a.name, a.name)}" for a in node.names]
            else:
                names = [f"{module}.{a.name}" for a in node.names]
        else:
            names = [alias.name for alias in node.names]
        for name in names:
            if name == "sevenstops":
                yield node.lineno, "."
            if name.startswith("sevenstops."):
                yield node.lineno, name.removeprefix("sevenstops.")


def check_python(root: Path) -> Iterator[str]:
    """What in python/ breaks a rule."""
    package = root / "sevenstops"
    files = sources(package, ".py")
    files.pop("__init__.py", None)
    public = homes(package)
    uses = []
    for path, text in files.items():
        room = path.split("/")[0].removesuffix(".py")
        where = f"python/sevenstops/{path}"
        if room not in PYTHON:
            yield f"{where}:1: no line of tools/floors.py says what the room {room} may use"
            continue
        for number, module in imports(path, text, public):
            other = module.split(".")[0]
            if module == ".":
                yield f"{where}:{number}: an import is absolute, and names what of sevenstops it is"
            elif other not in {room, "_core", *PYTHON[room].split()}:
                yield f"{where}:{number}: {room} may not use {other} (sevenstops.{module})"
            elif found := file_of(module, files):
                uses.append(Use(path, number, found))
    yield from cycle("python/sevenstops", uses, unit_of(files))


def file_of(module: str, files: dict[str, str]) -> str | None:
    """The file that an import means: a module's own, or that of the module with the name in it."""
    parts = module.split(".")
    for end in range(len(parts), 0, -1):
        stem = "/".join(parts[:end])
        for path in (f"{stem}.py", f"{stem}/__init__.py"):
            if path in files:
                return path
    return None


# Both


def unit_of(files: Iterable[str]) -> Callable[[str], str]:
    """What may not form a cycle: folders. Files that lie beside folders count one by one (a header
    and its source as one): there are the interfaces that the folders use, and there is what brings
    the folders together.
    """
    folders = {folder(path) for path in files}
    parents = {folder(each) for each in folders}

    def unit(path: str) -> str:
        return path.rpartition(".")[0] if folder(path) in parents else folder(path)

    return unit


def cycle(tree: str, uses: list[Use], unit: Callable[[str], str]) -> Iterator[str]:
    """The first cycle there is."""
    first: dict[tuple[str, str], Use] = {}
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for use in uses:
        by, of = unit(use.by), unit(use.of)
        if by != of:
            first.setdefault((by, of), use)
            sorter.add(by, of)
    try:
        sorter.prepare()
    except CycleError as error:
        # In the order in which the one before is used by the next.
        nodes: list[str] = error.args[1][::-1]
        begin = first[nodes[0], nodes[1]]
        yield f"{tree}/{begin.by}:{begin.line}: a cycle: {' → '.join(nodes)}"


def check_lengths(root: Path) -> Iterator[str]:
    """Files that can't be read at one sitting."""
    for tree in ("cpp", "python"):
        for path, text in sources(root / tree, ".cpp", ".hpp", ".py", ".pyi").items():
            lines = text.count("\n")
            if lines > MOST_LINES and f"{tree}/{path}" not in MAY_BE_LONG:
                yield f"{tree}/{path}:{MOST_LINES + 1}: {lines} lines, {MOST_LINES} are the most"


def violations(root: Path) -> list[str]:
    """One sentence for each line that breaks a rule."""
    return [
        *check_cpp(root / "cpp"),
        *check_python(root / "python"),
        *check_lengths(root),
    ]


def table() -> str:
    """The rules in Markdown."""
    lines: list[str] = []
    for title, rules in (
        ("a room of `cpp/`", CPP),
        ("a folder within one", CPP_WITHIN),
        ("a room of `python/sevenstops/`", PYTHON),
    ):
        lines += ["", f"| {title} | may use |", "|---|---|"]
        for room, uses in rules.items():
            lines.append(f"| `{room}` | {', '.join(uses.split()) or 'nothing'} |")
    return "\n".join(lines[1:])


def main() -> int:
    """Checks the tree that this file lies in, or the one that is given."""
    parser = argparse.ArgumentParser(description="Checks which room uses which.")
    parser.add_argument("--root", type=Path, default=Path(__file__).parents[1])
    parser.add_argument("--table", action="store_true", help="print the rules")
    asked = parser.parse_args()
    if asked.table:
        print(table())
        return 0
    found = violations(asked.root)
    print(*found, sep="\n", end="\n" if found else "")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
