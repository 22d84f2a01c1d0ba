"""The pytest plugin, used by pytest itself."""

import json
import math
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

import pytest
from sevenstops.checking import CheckedEvidence, quantile_interval

from sevenstops import LabError
from sevenstops.evidence.baselines import compare, load_baseline, save

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
        "    stops_evidence('shadowed-route').assert_fixed()\n"
    )
    ended = run(tmp_path, "-n", "2", "--stops-quick", "--stops-edge", "none", str(test))
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


def metric(name, before, after, passes=True):
    from sevenstops.evidence.statistics import effect

    return {
        "name": name, "unit": "seconds", "better": "lower", "threshold": "after < 1",
        "pass": passes, "before": {"samples": before, "median": before[1]},
        "after": {"samples": after, "median": after[1]}, "effect": effect(before, after),
    }  # fmt: skip


def evidence(**fields):
    return {
        "stop": "accept", "failure": "accept-queue-overflow", "verdict": "not fixed",
        "reason": "x_seconds after is not always < 1", "plan": {"fingerprint": "sha256:0"},
        "metrics": [metric("x_seconds", [3.0, 3.1, 3.2], [2.0, 2.1, 2.2], passes=False)],
        **fields,
    }  # fmt: skip


def test_the_message_says_what_to_do_first():
    with pytest.raises(AssertionError) as failed:
        CheckedEvidence(evidence()).assert_fixed()
    message = str(failed.value)
    assert message.startswith("accept: accept-queue-overflow is not fixed, since x_seconds after")
    assert "x_seconds: 3.10 s before, 2.10 s after, 1.48 × lower [" in message
    assert "first diagnostic: ss -ltnmi" in message
    with pytest.raises(AssertionError, match="worse than the baseline: it was better"):
        CheckedEvidence(evidence(verdict="fixed"), ("it was better",)).assert_fixed()
    CheckedEvidence(evidence(verdict="fixed")).assert_fixed()


def document(after, **environment):
    where = {"cores": 2, "machine": "x", "kernel": "k", "edge": "none", "isolation": "none"}
    return {
        "schema": "sevenstops.evidence/1",
        "environment": {**where, **environment},
        "evidence": [evidence(metrics=[metric("x_seconds", [9.0, 9.0, 9.0], after)])],
    }


def test_a_baseline_is_kept_and_compared(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    save("good", document([1.0, 1.01, 1.02]))
    kept = load_baseline("good")
    assert compare(document([1.0, 1.02, 1.01]), kept) == []
    worse = compare(document([1.3, 1.31, 1.32]), kept)
    assert worse == [("accept", "accept-queue-overflow: x_seconds was 1.01 s and is 1.31 s")]
    with pytest.raises(LabError, match=r"another machine \(cores 2 then and 8 now\)"):
        compare(document([1.0, 1.0, 1.0], cores=8), kept)
    assert compare(document([1.0, 1.0, 1.0], cores=8), kept, force=True) == []
    with pytest.raises(LabError, match="letters, digits"):
        save("../x", document([1.0, 1.0, 1.0]))
    with pytest.raises(LabError, match="cannot be read"):
        load_baseline("none")
    (tmp_path / "x.json").write_text(json.dumps({"schema": "other"}))
    with pytest.raises(LabError, match="is not evidence"):
        load_baseline(str(tmp_path / "x.json"))


def test_an_interval_of_a_quantile_covers_it():
    from sevenstops._core import Histogram

    few, many = Histogram(), Histogram()
    for micros in range(1, 101):
        few.record(micros)
        many.record(micros, 100)
    low, high = quantile_interval(few, 0.5, 0.95)
    assert low < 50e-6 < high
    narrow_low, narrow_high = quantile_interval(many, 0.5, 0.95)
    assert low < narrow_low <= 50e-6 <= narrow_high < high
    assert quantile_interval(Histogram(), 0.5, 0.95) == (math.inf, math.inf)
