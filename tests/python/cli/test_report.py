"""`sevenstops report`: of evidence that was measured before."""

from pathlib import Path

from sevenstops.experiments import all_experiments
from support import cli

KEPT = Path(__file__).parents[3] / "reports" / "nginx-2-cores" / "evidence.json"


def test_kept_evidence_is_reported_with_the_whole_runbook(tmp_path):
    ended = cli("report", str(KEPT), "--out", str(tmp_path))
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == f"The report is in {tmp_path / 'report.md'}\n"
    runbook = (tmp_path / "runbook.md").read_text()
    assert all(f"`{e.failure}`" in runbook for e in all_experiments())
    assert "First diagnostic" in (tmp_path / "report.html").read_text()


def test_evidence_that_is_none_is_one_sentence(tmp_path):
    file = tmp_path / "e.json"
    file.write_text("{}")
    ended = cli("report", str(file), "--out", str(tmp_path))
    assert ended.returncode == 2
    assert ended.stderr == f"sevenstops: {file} is not evidence (schema sevenstops.evidence/1)\n"
