"""`sevenstops framing`: what it writes, and how it ends."""

import json
import signal
import time

import jsonschema
import pytest
from typer.testing import CliRunner

from sevenstops.cli.main import app
from sevenstops.evidence.documents import schema
from sevenstops.framing import matrix
from sevenstops.framing.cases import all_cases
from support import cli


@pytest.fixture
def short(monkeypatch):
    """The command in this process, with a few cases; `judge` may say what is disagreed on."""
    few = all_cases()[:4]
    monkeypatch.setenv("SEVENSTOPS_ISOLATION", "none")
    monkeypatch.setattr("sevenstops.cli.framing.all_cases", lambda: few)
    return lambda *arguments: CliRunner().invoke(app, ["framing", *arguments])


def test_agreement_is_zero_and_the_document_keeps_its_contract(short, tmp_path):
    file, out = tmp_path / "f.json", tmp_path / "new" / "out"
    ended = short("--edge", "nginx", "--edge", "nginx", "--json", str(file), "--out", str(out))
    assert ended.exit_code == 0, ended.output
    document = json.loads(file.read_text())
    jsonschema.validate(document, schema("framing-1"))
    assert [edge["name"] for edge in document["edges"]] == ["nginx", "nginx"]
    assert "nginx" in ended.output
    assert sorted(p.name for p in out.iterdir()) == ["framing.md", "framing.png"]


def test_a_disagreement_of_the_hardened_service_is_one(short, monkeypatch):
    monkeypatch.setattr(matrix, "disagreement", lambda framed, answered: "something else")
    ended = short("--edge", "nginx")
    assert ended.exit_code == 1
    assert "nginx (hardened), ok-get:\n  something else" in ended.output


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--edge", "squid"], "unknown edge 'squid'"),
        (["--edge", "none"], "the edge 'none' is no proxy"),
        (["--edge", "nginx", "--json", "/nowhere/f.json"], "/nowhere/f.json cannot be written"),
        (["--edge", "nginx", "--out", "/proc/x"], "/proc/x cannot be made"),
    ],
)
def test_bad_input_is_one_sentence(arguments, sentence):
    ended = cli("framing", *arguments)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert ended.stderr.startswith("sevenstops: ")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_ctrl_c_ends_everything(tagged_run, tmp_path):
    run = tagged_run("framing", "--edge", "nginx", "--json", "f.json", isolated=False)
    end = time.monotonic() + 20
    while "nginx" not in run.commands() or "sevenstops-serv" not in run.commands():
        assert time.monotonic() < end, "nothing was started"
        time.sleep(0.01)
    time.sleep(0.3)
    run.popen.send_signal(signal.SIGINT)
    _, errors = run.popen.communicate(timeout=20)
    assert run.popen.returncode == 130
    assert errors.endswith("sevenstops: interrupted\n")
    assert "Traceback" not in errors
    assert not run.processes()
    assert not list(tmp_path.glob("sevenstops-*"))
    assert not (tmp_path / "f.json").exists()
