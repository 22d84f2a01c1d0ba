"""What is imported when. Which room may use which is the business of tools/floors.py."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import sevenstops
from sevenstops.cli.main import COMMANDS

PACKAGE = Path(sevenstops.__file__).parent
HEAVY = {
    "sevenstops._core", "numpy", "scipy", "matplotlib", "rich", "jinja2", "yaml", "hdrh",
    "tomli_w", "h11",
}  # fmt: skip


def imported(code: str) -> set[str]:
    """The modules there are after this code, in an interpreter of its own."""
    ended = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.__stdout__)"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    return set(ended.stdout.splitlines()[-1].split())


def test_the_package_imports_what_is_used():
    found = imported("import sevenstops; dir(sevenstops)")
    assert {name for name in found if name.startswith("sevenstops")} == {"sevenstops"}
    assert not found & (HEAVY | {"typer"})
    assert "sevenstops._core" in imported("from sevenstops import Plan")
    assert not imported("from sevenstops import LabError, STOPS") & HEAVY
    started = imported("import sevenstops; sevenstops.Service; sevenstops.load")
    assert not started & (HEAVY - {"sevenstops._core", "tomli_w"})


def test_the_plugin_imports_what_is_used(tmp_path):
    (tmp_path / "test_nothing.py").write_text("def test_nothing():\n    pass\n")
    options = ["-q", "-p", "no:cacheprovider", str(tmp_path)]
    found = imported(f"import pytest\nassert pytest.main({options}) == 0")
    assert "sevenstops.pytest_plugin" in found
    assert not found & (HEAVY | {"typer"})
    assert {name for name in found if name.startswith("sevenstops")} == {
        "sevenstops", "sevenstops.pytest_plugin", "sevenstops.evidence",
        "sevenstops.evidence.stops",
    }  # fmt: skip


def test_the_help_imports_no_command():
    code = """
from sevenstops.cli.main import main
sys.argv = ["sevenstops", "--help"]
try:
    main()
except SystemExit as ended:
    assert not ended.code
"""
    found = imported(code)
    assert "sevenstops.cli.main" in found
    assert not found & HEAVY
    assert not found & {f"sevenstops.cli.{name}" for name in COMMANDS}


def test_every_public_name_is_there_in_every_way():
    assert set(sevenstops.__all__) <= set(dir(sevenstops))
    for name in sevenstops.__all__:
        space: dict[str, object] = {}
        exec(f"from sevenstops import {name}", space)
        exec(f"import sevenstops; again = sevenstops.{name}", space)
        assert space[name] is space["again"], name
    with pytest.raises(AttributeError, match="no attribute 'lood'"):
        sevenstops.lood  # noqa: B018
    with pytest.raises(ImportError, match="lood"):
        from sevenstops import lood  # noqa: F401


def test_type_checkers_and_the_interpreter_are_told_the_same():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    told = {
        (node.module, alias.name)
        for guard in tree.body
        if isinstance(guard, ast.If)
        for node in ast.walk(guard)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    known = {(f"sevenstops.{home}", name) for name, home in sevenstops._HOME.items()}
    assert told == known | {("sevenstops", "experiments")}
    assert {name for _, name in told} == set(sevenstops.__all__)


def test_no_room_has_a_public_name():
    rooms = {path.name for path in PACKAGE.iterdir() if path.is_dir()}
    assert rooms & set(sevenstops.__all__) == {"experiments"}


def test_no_attribute_is_looked_up_by_a_name_that_was_made():
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id != "setattr", path
                if node.func.id == "getattr":
                    assert isinstance(node.args[1], ast.Constant), path
