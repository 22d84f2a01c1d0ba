"""`sevenstops compare`: of two files of evidence."""

import json
from pathlib import Path

from support import cli

KEPT = Path(__file__).parents[3] / "reports" / "nginx-2-cores" / "evidence.json"


def test_evidence_is_no_worse_than_itself():
    ended = cli("compare", str(KEPT), str(KEPT), "--fail-on-regression")
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout == "nothing got worse\n"


def test_what_got_worse_is_told_and_can_fail(tmp_path):
    document = json.loads(KEPT.read_text())
    metric = document["evidence"][0]["metrics"][0]
    metric["after"] = {"samples": [5.0] * 5, "median": 5.0}
    worse = tmp_path / "worse.json"
    worse.write_text(json.dumps(document))
    said = f"{document['evidence'][0]['stop']}: {document['evidence'][0]['failure']}: "
    ended = cli("compare", str(KEPT), str(worse))
    assert ended.returncode == 0
    assert ended.stdout.startswith(said)
    assert cli("compare", str(KEPT), str(worse), "--fail-on-regression").returncode == 1
