"""The check of the floors names what breaks a rule, and only that."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TOOL = ROOT / "tools" / "floors.py"


def said_of(root):
    ended = subprocess.run(
        [sys.executable, TOOL, "--root", root], capture_output=True, text=True, check=False
    )
    assert not ended.stderr
    assert ended.returncode == bool(ended.stdout)
    return ended.stdout.splitlines()


@pytest.fixture
def tree(tmp_path):
    """Makes a house of these files, and says what is wrong with it."""

    def made(files):
        lawful = {
            "cpp/base/time.hpp": "#pragma once\n",
            "cpp/http/request.hpp": '#include "base/time.hpp"\n',
            "cpp/stops/exchange.hpp": '#include "http/request.hpp"\n',
            "cpp/stops/parse/parse.hpp": '#include "stops/exchange.hpp"\n',
            "cpp/stops/route/router.hpp": '#include <vector>\n#include "stops/exchange.hpp"\n',
            "cpp/stops/walk.cpp": '#include "stops/parse/parse.hpp"\n',
            "cpp/bindings/module.cpp": "#include <pybind11/pybind11.h>\n",
            "python/sevenstops/__init__.py": '_NAMES_OF = {"lab.service": ("Service",)}\n',
            "python/sevenstops/evidence/metrics.py": "import json\n",
            "python/sevenstops/lab/service.py": "from sevenstops import _core\n",
            "python/sevenstops/lab/edges/nginx.py": "from sevenstops.lab import service\n",
            "python/sevenstops/cli/run.py": "from sevenstops import Service\n",
            "python/sevenstops/_core.pyi": "x: int\n" * 500,
        }
        for name, text in (lawful | files).items():
            path = tmp_path / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return said_of(tmp_path)

    return made


def test_this_house_keeps_to_its_rules():
    assert said_of(ROOT) == []


def test_a_lawful_tree_is_left_alone(tree):
    assert tree({}) == []


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("cpp/base/log.cpp", '\n#include "http/request.hpp"\n',
         "cpp/base/log.cpp:2: base may not use http (http/request.hpp)"),
        ("cpp/load/load.cpp", '#include "stops/exchange.hpp"\n',
         "cpp/load/load.cpp:1: load may not use stops (stops/exchange.hpp)"),
        ("cpp/stops/parse/parse.cpp", '#include "stops/route/router.hpp"\n',
         "cpp/stops/parse/parse.cpp:1: stops/parse may not use stops/route "
         "(stops/route/router.hpp)"),
        ("cpp/stops/handle/handle.cpp", '#include "stops/walk.cpp"\n',
         "cpp/stops/handle/handle.cpp:1: stops/handle may not use stops/parse "
         "(stops/parse/parse.hpp, by way of stops/walk.cpp)"),
        ("cpp/load/plan/plan.cpp", '#include "time.hpp"\n',
         'cpp/load/plan/plan.cpp:1: "time.hpp" is no file of cpp/; an include begins with its '
         "room"),
        ("cpp/load/load.cpp", "#include <load/../stops/exchange.hpp>\n",
         "cpp/load/load.cpp:1: an include has no .. in it (load/../stops/exchange.hpp)"),
        ("cpp/load/load.cpp", '\n#define ALL "stops/exchange.hpp"\n#include ALL\n',
         "cpp/load/load.cpp:3: an include names its file"),
        ("cpp/load/all.ipp", '#include "stops/exchange.hpp"\n',
         "cpp/load/all.ipp:1: neither .cpp nor .hpp: nobody would check it"),
        ("python/sevenstops/evidence/all.py", "import sevenstops\n",
         "python/sevenstops/evidence/all.py:1: an import is absolute, and names what of sevenstops "
         "it is"),
        ("cpp/service/service.cpp", "#include <pybind11/embed.h>\n",
         "cpp/service/service.cpp:1: only cpp/bindings may include pybind11/"),
        ("cpp/attic/box.cpp", "",
         "cpp/attic/box.cpp:1: no line of tools/floors.py says what the room attic may use"),
        ("cpp/load/attic/box.cpp", "",
         "cpp/load/attic/box.cpp:1: no line of tools/floors.py says what the folder load/attic may "
         "use"),
        ("cpp/faults/fail.cpp", "\n" * 401, "cpp/faults/fail.cpp:401: 401 lines, 400 are the most"),
        ("python/sevenstops/lab/costs.py", "x = 1\n" * 401,
         "python/sevenstops/lab/costs.py:401: 401 lines, 400 are the most"),
        ("python/sevenstops/evidence/files.py", "def f():\n    import sevenstops.lab.service\n",
         "python/sevenstops/evidence/files.py:2: evidence may not use lab "
         "(sevenstops.lab.service)"),
        ("python/sevenstops/report/page.py", "from sevenstops import Service\n",
         "python/sevenstops/report/page.py:1: report may not use lab "
         "(sevenstops.lab.service)"),
        ("python/sevenstops/report/page.py", "from .table import rows\n",
         "python/sevenstops/report/page.py:1: an import is absolute, and names what of sevenstops "
         "it is"),
        ("python/sevenstops/attic.py", "",
         "python/sevenstops/attic.py:1: no line of tools/floors.py says what the room attic may "
         "use"),
    ],
)  # fmt: skip
def test_what_breaks_a_rule_is_named(tree, name, text, says):
    # What points the wrong way may close a cycle besides.
    assert tree({name: text})[:1] == [says]


def test_a_cycle_is_named(tree):
    said = tree(
        {
            "cpp/stops/exchange.hpp": '#include "stops/writer.hpp"\n',
            "cpp/stops/writer.hpp": '#include "stops/exchange.hpp"\n',
        }
    )
    assert len(said) == 1
    assert "a cycle: stops/" in said[0]
    assert said[0].startswith(("cpp/stops/exchange.hpp:1: ", "cpp/stops/writer.hpp:1: "))


def test_a_cycle_of_python_is_named(tree):
    said = tree(
        {
            "python/sevenstops/lab/service.py": "from sevenstops.lab.edges import nginx\n",
            "python/sevenstops/lab/edges/nginx.py": "from sevenstops.lab.service import x\n",
        }
    )
    assert len(said) == 1
    assert "a cycle: lab/" in said[0]


def test_contributing_shows_the_rules():
    ended = subprocess.run([sys.executable, TOOL, "--table"], capture_output=True, text=True)
    assert ended.stdout in (ROOT / "CONTRIBUTING.md").read_text()
