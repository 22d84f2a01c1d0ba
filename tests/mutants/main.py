"""Mutants: plausible mistakes, each of which a test has to notice.

A mutant is a file NAME.toml beside this one:

    mistake = "A bearer token is compared by its length alone."
    file = "cpp/stops/middleware/chain.cpp"
    old = '''exact text, which is there once'''
    new = '''what the mistake makes of it'''
    ctest = '^Chain\\.'  # or: pytest = ["tests/python/evidence/test_verdict.py"]
    argued = "why it may survive"  # only where that is so

Each is applied to a copy of the checkout, built there, and run against its tests, which have to
pass without it. What was found is kept, so that a run may be stopped and gone on with; a mutant is
run again when it, its file or its tests have changed.
"""

import hashlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from mutants.mutant import Mutant, MutantError, all_mutants

ROOT = Path(__file__).resolve().parents[2]
WORK = ROOT / "build" / "mutants"

LEAST_SECONDS = 30.0
TIMES_SLOWER = 10.0
"""Tests that take longer than both, so many times what they take without the mutant, hang."""


@dataclass(frozen=True)
class Ended:
    """How tests ended: `passed`, `failed`, `hung` or `broken`; the first that failed; seconds."""

    how: str
    first: str = ""
    seconds: float = 0.0


class Copy:
    """The copy of the checkout, with a build tree of its own that is kept."""

    def __init__(self, folder: Path = WORK / "tree") -> None:
        """Knows the copy; `refresh` makes it."""
        self.folder = folder
        self._site = folder / "build" / "site"

    def refresh(self) -> None:
        """Makes it what the checkout is now, changing no file that is the same."""
        listed = subprocess.run(
            ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
            cwd=ROOT, capture_output=True, text=True, check=True,
        ).stdout.split("\0")  # fmt: skip
        names = {n for n in listed if (ROOT / n).is_file() and not (ROOT / n).is_symlink()}
        for name in sorted(names):
            source, target = ROOT / name, self.folder / name
            if not target.is_file() or target.read_bytes() != source.read_bytes():
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(source, target)
        for top in ("cpp", "python", "tests"):
            for old in (self.folder / top).rglob("*"):
                mine = old.is_symlink() or "__pycache__" in old.parts or old.is_dir()
                if not mine and str(old.relative_to(self.folder)) not in names:
                    old.unlink()

    def prepare(self) -> None:
        """Configures and builds it, and lets its Python find itself. Raises MutantError."""
        command = [sys.executable, "-m", "pybind11", "--cmakedir"]
        pybind = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        configured = self.run(
            ["cmake", "--preset", "release", f"-Dpybind11_DIR={pybind}",
             f"-DPYTHON_EXECUTABLE={sys.executable}"]
        )  # fmt: skip
        if configured.returncode or not self.build("sevenstops-tests", *PYTHON_TARGETS):
            raise MutantError(f"{self.folder} can't be built; cmake --build says why")
        package = self.folder / "python" / "sevenstops"
        for built in (self.folder / "build" / "release").iterdir():
            if built.name.startswith("_core.") or built.name == "sevenstops-service":
                link = package / built.name
                link.unlink(missing_ok=True)
                link.symlink_to(built)
        self._site.mkdir(exist_ok=True)
        (self._site / "sitecustomize.py").write_text(SITE)
        found = self.run([sys.executable, "-c", WHERE]).stdout.split()
        if [Path(name).parent for name in found] != [package] * 2:
            raise MutantError(f"Python imports sevenstops from elsewhere: {' '.join(found)}")

    def build(self, *targets: str) -> bool:
        """Builds these targets; false when the compiler says no."""
        command = ["cmake", "--build", "--preset", "release", "--target", *targets]
        return self.run(command).returncode == 0

    def build_for(self, mutant: Mutant) -> bool:
        """Builds what its tests need: also what an earlier mutant of C++ has left behind."""
        return self.build(*(("sevenstops-tests",) if mutant.ctest else PYTHON_TARGETS))

    def test(self, mutant: Mutant, limit: float) -> Ended:
        """Runs its tests until the first one fails, for `limit` seconds at most."""
        if mutant.ctest:
            command = ["ctest", "--preset", "release", "--no-tests=error", "--stop-on-failure"]
            command += ["-R", mutant.ctest]
        else:
            command = [sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider"]
            command += mutant.pytest
        began = time.monotonic()
        try:
            ended = self.run(command, limit)
        except subprocess.TimeoutExpired:
            return Ended("hung", seconds=time.monotonic() - began)
        seconds = time.monotonic() - began
        if ended.returncode == 0:
            return Ended("passed", seconds=seconds)
        failed = re.search(FAILED_CTEST if mutant.ctest else FAILED_PYTEST, ended.stdout, re.M)
        if failed:
            return Ended("failed", failed[1], seconds)
        return Ended("broken", (ended.stdout.strip().splitlines() or [""])[-1], seconds)

    def run(
        self, command: Sequence[str], limit: float | None = None
    ) -> "subprocess.CompletedProcess[str]":
        """Runs a command in the copy; kills it, with all that it started, after `limit` seconds."""
        paths = [str(self._site), str(self.folder / "python")]
        environment = {**os.environ, "PYTHONPATH": ":".join(paths), "PYTHONDONTWRITEBYTECODE": "1"}
        started = subprocess.Popen(
            command, cwd=self.folder, env=environment, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        try:
            output, _ = started.communicate(timeout=limit)
        except BaseException:
            os.killpg(started.pid, signal.SIGKILL)
            started.wait()
            raise
        return subprocess.CompletedProcess(command, started.returncode, output)


SOURCES = (".cpp", ".hpp", ".py")
PYTHON_TARGETS = ("_core", "sevenstops-service")
FAILED_CTEST = r"^\s+\d+ - (\S+) .*\("
FAILED_PYTEST = r"^FAILED (.+?)(?: - |$)"
# The finder of an editable install would win over the path, and import the checkout.
SITE = """import sys

sys.meta_path = [f for f in sys.meta_path if not type(f).__module__.startswith("_editable_skbc_")]
"""
WHERE = "import sevenstops, sevenstops._core as c; print(sevenstops.__file__, c.__file__)"


def digest(*parts: bytes) -> str:
    """Of all parts, each apart from the next."""
    return hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts)).hexdigest()


class State:
    """What earlier runs found, in a file that is whole after every mutant."""

    def __init__(self, path: Path = WORK / "state.json") -> None:
        """Reads it, where there is one."""
        self._path = path
        self._found: dict[str, Any] = json.loads(path.read_text()) if path.is_file() else {}

    def get(self, name: str, key: str) -> dict[str, Any] | None:
        """What was found of this name under this key."""
        found = self._found.get(name)
        return dict(found) if found and found["key"] == key else None

    def put(self, name: str, found: dict[str, Any]) -> None:
        """Keeps it."""
        self._found[name] = found
        self._path.parent.mkdir(parents=True, exist_ok=True)
        partial = self._path.with_suffix(".part")
        partial.write_text(json.dumps(self._found, indent=1))
        partial.replace(self._path)


def key_of(mutant: Mutant, root: Path = ROOT) -> str:
    """Changes with the mutant, its file and its tests. Raises MutantError."""
    files = [root / mutant.file, *mutant.test_files(root)]
    said = f"{mutant.old}\0{mutant.new}\0{mutant.tests}"
    return digest(said.encode(), *(file.read_bytes() for file in files))


def unmutated(mutant: Mutant, copy: Copy, state: State, root: Path = ROOT) -> float:
    """How long its tests take without it. Raises MutantError where they do not pass."""
    sources = [f for top in ("cpp", "python") for f in sorted((root / top).rglob("*"))]
    files = [f for f in sources if f.suffix in SOURCES] + mutant.test_files(root)
    key = digest(mutant.tests.encode(), *(file.read_bytes() for file in files))
    known = state.get(f"without: {mutant.tests}", key)
    if known is None:
        ended = copy.test(mutant, limit=600)
        if ended.how != "passed":
            raise MutantError(
                f"{mutant.name}: its tests do not pass without it: {ended.how} {ended.first}"
            )
        known = {"key": key, "seconds": ended.seconds}
        state.put(f"without: {mutant.tests}", known)
    return float(known["seconds"])


def judged(mutant: Mutant, copy: Copy, usual: float) -> dict[str, Any]:
    """Applies it, builds, runs its tests, and takes it back; what became of it."""
    path = copy.folder / mutant.file
    text = path.read_text()
    began = time.monotonic()
    path.write_text(mutant.applied(text))
    try:
        if not copy.build_for(mutant):
            ended = Ended("does not build")
        else:
            ended = copy.test(mutant, max(LEAST_SECONDS, TIMES_SLOWER * usual))
    finally:
        path.write_text(text)
    outcome = {
        "passed": "survived", "failed": "killed", "hung": "killed by timeout",
        "broken": "its tests did not run",
    }.get(ended.how, ended.how)  # fmt: skip
    return {"outcome": outcome, "by": ended.first, "seconds": time.monotonic() - began}


def run(
    mutants: Iterable[Mutant],
    copy: Copy,
    state: State,
    said: Callable[[str], None] = print,
    root: Path = ROOT,
) -> dict[str, dict[str, Any]]:
    """What became of each mutant, those that were known included."""
    found: dict[str, dict[str, Any]] = {}
    open_ones: list[tuple[Mutant, str, float]] = []
    for mutant in mutants:
        try:
            mutant.applied((root / mutant.file).read_text())
            key = key_of(mutant, root)
            known = state.get(mutant.name, key)
            if known is None:
                # Of all, before the first is applied: the build is clean then.
                open_ones.append((mutant, key, unmutated(mutant, copy, state, root)))
            else:
                found[mutant.name] = known
        except (MutantError, OSError) as error:
            found[mutant.name] = {"outcome": "error", "by": str(error), "seconds": 0.0}
            said(f"error: {error}")
    # Those of Python before what makes their extension anew; last what much is built of.
    open_ones.sort(key=lambda one: {".cpp": 1, ".hpp": 2}.get(Path(one[0].file).suffix, 0))
    for n, (mutant, key, usual) in enumerate(open_ones, 1):
        result = {"key": key, **judged(mutant, copy, usual)}
        found[mutant.name] = result
        if result["outcome"] in ("survived", "killed", "killed by timeout"):
            state.put(mutant.name, result)
        said(f"{n}/{len(open_ones)} {mutant.name}: {result['outcome']} {result['by']}".rstrip())
    return found


def cell(text: str) -> str:
    """A text within a table."""
    return text.replace("|", "\\|")


def lines_of(mutants: Sequence[Mutant], found: dict[str, dict[str, Any]]) -> list[str]:
    """The table, and what there is to say of survivors."""
    lines = ["| Mutant | Stop or room | Mistake | Tests | Outcome | Seconds |",
             "| --- | --- | --- | --- | --- | --: |"]  # fmt: skip
    for m in mutants:
        result = found[m.name]
        by = re.sub(r"^tests/\S*/", "", result["by"])
        outcome = result["outcome"] + (f": `{cell(by)}`" if by else "")
        lines.append(
            f"| {m.name} | {m.room} | {cell(m.mistake)} | `{cell(m.tests)}` | {outcome} "
            f"| {result['seconds']:.0f} |"
        )
    argued = [f"- {m.name}: {m.argued}" for m in mutants if m.argued]
    return [*lines, *(["", "Survivors that are argued for:", "", *argued] if argued else [])]


def report(mutants: Sequence[Mutant], found: dict[str, dict[str, Any]]) -> str:
    """The page about a whole run."""
    counted = Counter(result["outcome"] for result in found.values())
    totals = ", ".join(f"{n} {outcome}" for outcome, n in sorted(counted.items()))
    seconds = sum(result["seconds"] for result in found.values())
    return "\n".join([
        "# Mutants", "",
        "Each is a plausible mistake, made in a copy of the checkout; the tests beside it have to",
        "notice it. What killed it is the first of them that failed. Made by `make mutants`.",
        "", f"{len(mutants)} mutants: {totals}; {seconds / 60:.0f} minutes in all.", "",
        *lines_of(mutants, found),
    ]) + "\n"  # fmt: skip


def passes(mutants: Iterable[Mutant], found: dict[str, dict[str, Any]]) -> bool:
    """Whether every mutant was killed, or survived with an argument."""
    return all(
        found[m.name]["outcome"].startswith("killed")
        or (m.argued and found[m.name]["outcome"] == "survived")
        for m in mutants
    )


def main(arguments: list[str]) -> int:
    """Runs all mutants, or those that are named; 1 when one survived without an argument."""
    out = arguments[arguments.index("--out") + 1] if "--out" in arguments else ""
    names = [a for a in arguments if a not in ("--out", out)]
    mutants = all_mutants()
    unknown = set(names) - {m.name for m in mutants}
    if unknown:
        raise MutantError(f"there is no mutant {min(unknown)}")
    chosen = [m for m in mutants if not names or m.name in names]
    copy, state = Copy(), State()
    copy.refresh()
    copy.prepare()
    found = run(chosen, copy, state)
    if out and not names:
        Path(out).write_text(report(chosen, found))
    print("\n".join(lines_of(chosen, found)))
    return 0 if passes(chosen, found) else 1


if __name__ == "__main__":
    # Also where a shell started it in the background: what it started ends with it.
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.default_int_handler)
    try:
        sys.exit(main(sys.argv[1:]))
    except MutantError as error:
        sys.exit(f"mutants: {error}")
    except KeyboardInterrupt:
        sys.exit(130)
