"""What a mutant is: a file NAME.toml beside this one, as main.py has it."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).resolve().parent
FIELDS = {"mistake", "file", "old", "new", "ctest", "pytest", "argued"}


class MutantError(Exception):
    """What is wrong with a mutant, or with the copy, in one sentence."""


@dataclass(frozen=True)
class Mutant:
    """One mistake: `file`'s text `old`, which is there once, becomes `new`."""

    name: str
    mistake: str
    file: str
    old: str
    new: str
    # A regular expression of ctest, or else node ids of pytest.
    ctest: str = ""
    pytest: tuple[str, ...] = ()
    # Why it may survive.
    argued: str = ""

    @property
    def room(self) -> str:
        """The stop, or else the room, that it is in."""
        parts = Path(self.file).parts
        within = parts[:2] in (("cpp", "stops"), ("python", "sevenstops"))
        return Path(parts[2] if within else parts[1]).stem

    @property
    def tests(self) -> str:
        """Its tests as people read them; the same for the same tests."""
        return f"ctest {self.ctest}" if self.ctest else " ".join(self.pytest)

    def applied(self, text: str) -> str:
        """The file's text with the mistake. Raises MutantError where `old` is not there once."""
        found = text.count(self.old)
        if found != 1:
            raise MutantError(f"{self.name}: its text is {found} times in {self.file}, not once")
        return text.replace(self.old, self.new)

    def test_files(self, root: Path) -> list[Path]:
        """The files that hold its tests. Raises MutantError where there are none."""
        if self.pytest:
            files = [root / node.partition("::")[0] for node in self.pytest]
            lost = [str(file.relative_to(root)) for file in files if not file.is_file()]
            if lost:
                raise MutantError(f"{self.name}: there is no {lost[0]}")
            return files
        sources = [*root.glob("tests/cpp/**/*.cpp"), *root.glob("tests/scenarios/*.cpp")]
        files = [source for source in sorted(sources) if self._names_a_test(source.read_text())]
        if not files:
            raise MutantError(f"{self.name}: no C++ test is named like {self.ctest}")
        return files

    def _names_a_test(self, source: str) -> bool:
        declared = re.findall(r"^TEST(?:_F|_P)?\((\w+), (\w+)\)", source, re.M)
        return any(re.search(self.ctest, ".".join(names)) for names in declared)


def read_mutant(path: Path) -> Mutant:
    """A mutant from its file. Raises MutantError in one sentence."""
    try:
        fields = tomllib.loads(path.read_text())
    except ValueError as error:
        raise MutantError(f"{path.name} is not TOML: {error}") from error
    strange = fields.keys() - FIELDS
    missing = {"mistake", "file", "old", "new"} - fields.keys()
    if strange or missing:
        what = f"knows no {min(strange)}" if strange else f"needs {min(missing)}"
        raise MutantError(f"{path.name}: a mutant {what}")
    if ("ctest" in fields) == ("pytest" in fields):
        raise MutantError(f"{path.name}: a mutant names its tests by ctest or by pytest")
    if fields["old"] == fields["new"]:
        raise MutantError(f"{path.name} changes nothing")
    return Mutant(path.stem, **{**fields, "pytest": tuple(fields.get("pytest", ()))})


def all_mutants(folder: Path = HERE) -> list[Mutant]:
    """Every mutant there is, by room and name."""
    found = [read_mutant(path) for path in folder.glob("*.toml")]
    return sorted(found, key=lambda mutant: (mutant.room, mutant.name))
