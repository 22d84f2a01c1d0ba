"""`sevenstops list`."""

from pathlib import Path

import pytest

from sevenstops import client_kinds, field_infos
from sevenstops.cli.list import REGISTRIES
from sevenstops.experiments import all_experiments
from sevenstops.lab.edges import edges
from sevenstops.sweeps import SWEEPS
from support import cli


@pytest.mark.parametrize(
    ("registry", "names"),
    [
        ("failures", [e.failure for e in all_experiments()]),
        ("sweeps", [s.name for s in SWEEPS]),
        ("settings", [info.name for info in field_infos()]),
        ("crowds", list(client_kinds())),
        ("edges", list(edges())),
    ],
)
def test_each_is_one_line_that_begins_with_its_name(registry, names):
    ended = cli("list", registry)
    assert ended.returncode == 0, ended.stderr
    lines = ended.stdout.splitlines()
    assert [line.split()[0] for line in lines] == names
    assert all(len(line.split()) > 2 for line in lines)


def test_every_fault_is_listed():
    names = [line.split()[0] for line in cli("list", "faults").stdout.splitlines()]
    assert names == sorted(names)
    # Each registers itself in a file of its own, but for the constant latency's other name.
    sources = (Path(__file__).parents[3] / "cpp" / "faults").glob("*.cpp")
    files = {
        f.stem.replace("_", "-") for f in sources if "RegisterFault registered" in f.read_text()
    }
    assert set(names) == files | {"slow-dependency"}


def test_a_setting_has_both_values_unit_range_and_meaning():
    lines = {line.split()[0]: line for line in cli("list", "settings").stdout.splitlines()}
    said = " ".join(lines["parse.header_limit"].split())
    assert said.startswith(
        "parse.header_limit 16384 (fragile: 67108864), bytes 256 to 1073741824: largest head"
    )
    assert "true (fragile: false): " in lines["accept.drain_queue"]
    assert "redirect (fragile: raw), match, raw, redirect or refuse: " in lines["route.odd_paths"]


def test_another_registry_is_refused_in_a_sentence_that_names_all():
    ended = cli("list", "stops")
    assert ended.returncode == 2
    assert ended.stdout == ""
    assert ended.stderr.startswith("sevenstops: 'stops' can't be listed: there are failures, ")
    assert len(ended.stderr.splitlines()) == 1
    assert all(name in ended.stderr for name in REGISTRIES)
    assert len(REGISTRIES) == 6
