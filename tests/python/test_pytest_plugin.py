"""The pytest plugin, used by pytest itself."""

import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest

pytestmark = pytest.mark.alone

pytest_plugins = ["pytester"]

EXAMPLE = Path(__file__).parents[2] / "examples" / "pytest-plugin"


def run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """pytest in a process of its own, as a project outside has it."""
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-q", *arguments],
        cwd=folder, capture_output=True, text=True, check=False,
    )  # fmt: skip


def test_the_example_passes_and_leaves_what_ci_wants(tmp_path):
    junit, report = tmp_path / "junit.xml", tmp_path / "report"
    ended = run(
        EXAMPLE, "test_stops.py", "--stops-quick", f"--junitxml={junit}", f"--stops-report={report}"
    )
    assert ended.returncode == 0, ended.stdout
    assert "misrouted_requests" in ended.stdout
    assert (report / "report.md").exists()
    properties = {
        (p.get("name"), p.get("value")) for p in ElementTree.parse(junit).getroot().iter("property")
    }
    assert {("stop", "route"), ("failure", "shadowed-route"), ("verdict", "fixed")} <= properties
    assert ("stop", "handle") in properties
    assert {"misrouted_requests_effect", "latency_p99_seconds_interval"} <= {
        n for n, _ in properties
    }


def test_workers_take_turns_and_their_evidence_comes_together(tmp_path):
    test = tmp_path / "test_two.py"
    test.write_text(
        "import pytest\n"
        "@pytest.mark.parametrize('n', [1, 2])\n"
        "def test_it(stops_evidence, n):\n"
        "    stops_evidence('shadowed-route', rounds=1).assert_fixed()\n"
    )
    ended = run(tmp_path, "-n", "2", "--stops-edge", "none", str(test))
    assert ended.returncode == 0, ended.stdout
    assert ended.stdout.count("misrouted_requests") == 2


def test_a_marker_that_names_no_stop_is_refused(pytester):
    pytester.makepyfile("import pytest\n@pytest.mark.stop('arrive')\ndef test_it():\n    pass\n")
    ended = pytester.runpytest()
    assert ended.ret == pytest.ExitCode.USAGE_ERROR
    ended.stderr.fnmatch_lines(["*no stop is called 'arrive': there are accept, parse*"])


def test_a_promise_that_is_broken_names_stop_metric_and_interval(pytester):
    pytester.makepyfile(
        "import pytest\n"
        "@pytest.mark.stop('handle')\n"
        "def test_it(stops_service, stops_load):\n"
        "    service = stops_service(rows=1, faults=('slow-dependency=0.02',))\n"
        "    result = stops_load(service.url + '/page', rate=200, duration=1, connections=32)\n"
        "    result.assert_that('failed == 0')\n"
        "    result.assert_that('p50 < 10ms')\n"
    )
    ended = pytester.runpytest()
    ended.assert_outcomes(failed=1)
    ended.stdout.fnmatch_lines(
        ["*AssertionError: handle: p50 < 10ms does not hold: it is 2*ms*(95% interval)*"]
    )


def test_an_edge_refuses_the_heads_that_its_service_would(tmp_path):
    (tmp_path / "test_edge.py").write_text(
        "from sevenstops import RequestSpec\n"
        "def test_it(stops_service, stops_edge, stops_load):\n"
        "    service = stops_service(rows=1, set={'parse.header_limit': 8192})\n"
        "    fields = [('Cookie', 'c' * 5000), ('Authorization', 'a' * 5000)]\n"
        "    large = RequestSpec(target='/users/me', headers=fields)\n"
        "    stops_load(stops_edge(service).url, rate=20, duration=0.5, requests=[large])\n"
        "    stops = service.stops()['stops']\n"
        "    assert stops['parse']['refused'] == {} and stops['handle']['entered'] == 0\n"
    )
    ended = run(tmp_path, "--stops-edge", "nginx")
    assert ended.returncode == 0, ended.stdout
