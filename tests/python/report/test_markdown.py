"""The whole report, made from the document alone."""

import json
import re
import subprocess
import sys
from pathlib import Path

from sevenstops.evidence.documents import read_evidence
from sevenstops.experiments import explained, guides
from sevenstops.report.markdown import write_report
from support import document_of_every_failure

KEPT = Path(__file__).parent / "kept.json"
PARTS = {"evidence.json", "report.md", "report.html", "map.svg", "map.pdf", "map.md",
         "runbook.md", "alerts.yml", "dashboard.json"}  # fmt: skip


def old_document():
    """Evidence as it was written before it had lessons and diagnostics."""
    document = read_evidence(KEPT)
    for evidence in document["evidence"]:
        evidence.pop("lesson", None)
        evidence.pop("diagnostics", None)
    return document


def test_a_failure_that_nobody_knows_is_reported_like_any_other(tmp_path):
    document = document_of_every_failure()
    document["evidence"] = document["evidence"][:1]
    document["evidence"][0] |= {"failure": "of-another-lab", "lesson": "Said by another lab."}
    write_report(document, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} >= PARTS
    assert "### of-another-lab: " in (tmp_path / "report.md").read_text()
    page = (tmp_path / "report.html").read_text()
    assert "Said by another lab." in page
    assert "ss -ltnmi" in page
    assert "`of-another-lab`" in (tmp_path / "runbook.md").read_text()
    assert "SevenstopsOfAnotherLab" in (tmp_path / "alerts.yml").read_text()


def test_it_is_made_without_any_experiment(tmp_path, document):
    file = tmp_path / "e.json"
    document["evidence"] = document["evidence"][:4]
    file.write_text(json.dumps(document))
    code = (
        "import json, pathlib, sys\n"
        "from sevenstops.report.markdown import write_report\n"
        f"document = json.loads(pathlib.Path({str(file)!r}).read_text())\n"
        f"write_report(document, pathlib.Path({str(tmp_path)!r}))\n"
        "print(*(m for m in sys.modules if m.startswith('sevenstops.')))\n"
    )
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    rooms = {name.split(".")[1] for name in ended.stdout.split()}
    assert rooms == {"errors", "evidence", "report"}


def test_a_document_without_lessons_is_reported_without_them(tmp_path):
    write_report(old_document(), tmp_path)
    page = (tmp_path / "report.html").read_text()
    assert "logged-in-431" in page
    assert "First diagnostic" not in page
    assert "### logged-in-431: " in (tmp_path / "report.md").read_text()


def test_what_an_older_document_lacks_is_said_of_what_is_known_here(tmp_path):
    document = explained(old_document())
    write_report(document, tmp_path, guides())
    page = (tmp_path / "report.html").read_text()
    shown = {e["failure"] for e in document["evidence"]}
    known = [g for g in guides() if g["failure"] in shown]
    assert page.count("First diagnostic") == sum(len(g["diagnostics"]) for g in known)
    unknown = {"evidence": [{"failure": "of-another-lab", "stop": "parse"}]}
    assert explained(unknown) == unknown


def test_each_failure_has_all_that_its_document_says(tmp_path, document):
    document["evidence"][0]["altered"] = True
    document["evidence"][0] |= {"verdict": "inconclusive", "reason": "nobody knows"}
    text = write_report(document, tmp_path).read_text()
    assert text.splitlines()[2] == "**15 of 16 fixed, 1 inconclusive**"
    assert text.count("changed by hand") == 2
    assert "Inconclusive, since nobody knows." in text
    figures = [i for e in document["evidence"] for i in e["figures"]]
    shown = re.findall(r"\]\(([a-z0-9-]+-\d\.png)\)", text)
    assert len(shown) == len(set(shown)) == len(figures)
    assert all((tmp_path / name).stat().st_size > 5000 for name in shown)
    found = len(document["evidence"])
    for said in ("| guard | margin | source | held |", "**Sent, medians", "3 seeds (7, 8, 9)",
                 "**In the wild:**", "**Scene:** shared sha256:c3"):  # fmt: skip
        assert text.count(said) == found, said
    assert text.count("taken back alone: mended?") == sum(
        bool(e["ablation"]) for e in document["evidence"]
    )
    lines = [(e["failure"], line) for e in document["evidence"] for line in e["runbook"]]
    assert lines
    page = (tmp_path / "report.html").read_text()
    for failure, line in lines:
        session = f"$ {line['command']}\n# before\n{failure} 431\n# after\n(nothing)\n"
        assert f"```sh-session\n{session}```" in text
        assert f"<pre>{failure} 431</pre>" in page
    assert text.count("```sh-session") == page.count("and after:") == len(lines)
    assert "> 12.0 s, > 12.0 s" in text
    assert "3 of 3 runs, 67 to 70 × lower" in text
    assert text.count("covers the median with 94 %") == 1
