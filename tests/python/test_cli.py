"""Bad input is one clear sentence and a non-zero exit."""

import json
import shutil
import socket
import subprocess
import sys

import jsonschema
import pytest
from conftest import cli

from sevenstops import Service
from sevenstops import cli as command_line
from sevenstops.document import schema
from sevenstops.processes import EXECUTABLE


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["run", "nosuch"], "unknown stop 'nosuch': the stops are accept, parse"),
        (["run", "--edge", "squid"], "unknown edge 'squid': there are nginx, none"),
        (["run", "--seed", "-1"], "Invalid value for '--seed'"),
        (["run", "--json", "/nowhere/e.json"], "/nowhere/e.json cannot be written"),
        (["run", "--out", "/proc/nowhere"], "/proc/nowhere cannot be made"),
        (["serve", "--preset", "soft"], "unknown preset 'soft': there are fragile and hardened"),
        (["serve", "--set", "parse.nope=1"], "unknown setting 'parse.nope'"),
        (["serve", "--set", "route.tree"], "a setting is given as stop.field=value"),
        (["serve", "--set", "parse.header_limit=4"], "must lie between 256 and 1073741824, not 4"),
        (["serve", "--set", "accept.backlog=many"], "accept.backlog"),
        (["serve", "--port", "65536"], "Invalid value for '--port'"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "1"],
         "nothing answers on 127.0.0.1:1: Connection refused"),
        (["load", "https://127.0.0.1/", "--duration", "1", "--connections", "1"], "http://HOST"),
        (["load", "http://127.0.0.1:x/", "--duration", "1", "--connections", "1"], "not a URL"),
        (["load", "http://no.invalid/", "--duration", "1", "--connections", "1"], "is unknown"),
        (["load", "http://127.0.0.1:1/", "--duration", "0", "--connections", "1"], "duration"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "1",
          "--arrivals", "bursty"], "arrivals are constant or poisson"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(arguments, sentence):
    ended = cli(*arguments)
    assert ended.returncode == 2
    assert sentence in ended.stderr
    assert ended.stderr.startswith("sevenstops: ")
    assert ended.stderr.count("\n") == 1
    assert ended.stdout == ""


def test_a_taken_port_is_one_sentence():
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ended = cli("serve", "--port", str(holder.getsockname()[1]))
    assert ended.returncode == 2
    assert ended.stderr.endswith("Address already in use\n")
    assert ended.stderr.count("\n") == 1


def test_a_missing_nginx_is_one_sentence(monkeypatch, capsys):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    monkeypatch.setattr(sys, "argv", ["sevenstops", "run", "route"])
    with pytest.raises(SystemExit) as ended:
        command_line.main()
    assert ended.value.code == 2
    sentence = "nginx is not installed: apt-get install nginx-light, or use --edge none"
    assert capsys.readouterr().err == f"sevenstops: {sentence}\n"


def test_a_refused_namespace_is_one_sentence_and_the_run_goes_on():
    # In a user namespace its own limit can be set to none, and unshare is then refused for real.
    if not works("unshare", "-Ur", "true"):
        pytest.skip("this system has no user namespaces to forbid others in")
    script = 'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"'
    inner = [str(EXECUTABLE), "--isolate", "sh", "-c", "echo $SEVENSTOPS_ISOLATION"]
    ended = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", script, "sh", *inner],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout == "none\n"
    assert ended.stderr.startswith("sevenstops: this system allows no network namespace: ")
    assert ended.stderr.count("\n") == 1


def works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_isolation_without_privileges_takes_a_user_namespace():
    drop = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
    if not works(*drop, "unshare", "-Urn", "true"):
        pytest.skip("this system has no user namespaces, or root can't give up its privilege")
    script = "echo $SEVENSTOPS_ISOLATION; cat /proc/net/dev"
    command = [*drop, str(EXECUTABLE), "--isolate", "sh", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    kind, *devices = ended.stdout.splitlines()
    assert kind == "userns+netns"
    assert [line.split(":")[0].strip() for line in devices if ":" in line] == ["lo"]


def test_load_writes_its_contract(tmp_path):
    with Service() as service:
        result = tmp_path / "load.json"
        ended = cli(
            "load", f"{service.url}/healthz", "--duration", "0.5", "--connections", "4",
            "--rate", "200", "--json", str(result),
        )  # fmt: skip
        assert ended.returncode == 0
        document = json.loads(result.read_text())
        counted = service.stops()["requests_total"]
    jsonschema.validate(document, schema("load-1"))
    assert document["requests"] == 100 == document["outcomes"]["2xx"] == counted
    assert "outcomes: 2xx 100" in ended.stdout
