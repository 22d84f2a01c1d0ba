"""The stub says what the module has."""

import ast
from pathlib import Path

import sevenstops
from sevenstops import _core


def public(names):
    return {name for name in names if not name.startswith("_")}


def test_stub_and_module_have_the_same_names():
    tree = ast.parse((Path(sevenstops.__file__).parent / "_core.pyi").read_text())
    stub = {}
    for node in tree.body:
        if isinstance(node, ast.ClassDef):
            members = set()
            for item in node.body:
                if isinstance(item, ast.FunctionDef):
                    members.add(item.name)
                elif isinstance(item, ast.AnnAssign):
                    members.add(item.target.id)
            stub[node.name] = public(members)
        elif isinstance(node, ast.FunctionDef):
            stub[node.name] = None
    assert public(stub) == public(dir(_core))
    for name, members in stub.items():
        if members is not None and not name.startswith("_"):
            # An enumeration of pybind11 brings `value` with it.
            assert members == public(vars(getattr(_core, name))) - {"value"}, name


def test_everything_that_is_exported_is_documented():
    for name in sevenstops.__all__:
        assert name == "STOPS" or getattr(sevenstops, name).__doc__, name
