"""Every experiment, measured: the lab's main job as a regression check."""

import json

import jsonschema
import pytest

from sevenstops.evidence.documents import schema
from sevenstops.experiments import all_experiments
from support import cli

FAILURES = (
    "accept-queue-overflow", "unbounded-head-and-body", "logged-in-431", "shadowed-route",
    "auth-after-route", "deadline-not-propagated", "unbounded-serialization",
    "ignored-backpressure",
)  # fmt: skip


@pytest.fixture(scope="session")
def quick_run(tmp_path_factory):
    """`sevenstops run --quick`, as its user runs it."""
    folder = tmp_path_factory.mktemp("quick")
    ended = cli("run", "--quick", "--json", str(folder / "e.json"), "--out", str(folder / "out"))
    assert ended.returncode in (0, 1), ended.stderr
    return ended, folder, json.loads((folder / "e.json").read_text())


def test_the_document_keeps_its_contract(quick_run):
    _, _, document = quick_run
    jsonschema.validate(document, schema("evidence-1"))
    assert tuple(e["failure"] for e in document["evidence"]) == FAILURES
    for evidence in document["evidence"]:
        assert all(name.startswith(evidence["stop"] + ".") for name in evidence["settings"])
        for metric in evidence["metrics"]:
            assert len(metric["before"]["samples"]) == len(metric["after"]["samples"]) == 3


@pytest.mark.parametrize("failure", FAILURES)
def test_the_failure_is_shown_and_fixed(quick_run, failure):
    _, _, document = quick_run
    evidence = next(e for e in document["evidence"] if e["failure"] == failure)
    why = f"{evidence['reason']}: {json.dumps(evidence['metrics'], indent=1)}"
    assert evidence["verdict"] == "fixed", why


def test_the_report_has_a_figure_for_each_stop(quick_run):
    ended, folder, _ = quick_run
    text = (folder / "out" / "report.md").read_text()
    for experiment in (e for e in all_experiments() if e.core):
        assert f"### {experiment.failure}: " in text
        assert f"]({experiment.stop}.png)" in text
        assert (folder / "out" / f"{experiment.stop}.png").stat().st_size > 10_000
        assert experiment.symptom in text
    assert "verdict" in ended.stdout
    assert "8/8 drain: ignored-backpressure" in ended.stderr
