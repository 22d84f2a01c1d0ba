"""Bad input is one clear sentence and a non-zero exit."""

import json
import shutil
import socket
import subprocess
import sys

import jsonschema
import pytest
from conftest import cli

from sevenstops import (
    Plan,
    RequestSpec,
    Service,
    ServiceOptions,
    constant,
    load,
    read_plan,
)
from sevenstops import cli as command_line
from sevenstops.evidence.documents import schema
from sevenstops.lab.processes import EXECUTABLE
from sevenstops.loading.conditions import condition


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
        (["load", "ftp://127.0.0.1/", "--duration", "1", "--connections", "1"], "http://HOST"),
        (["load", "http://192.0.2.1/", "--duration", "1", "--connections", "1"],
         "192.0.2.1:80 is not this machine: a load goes to loopback only"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "100000"],
         "needs 100064 file descriptors"),
        (["load", "http://127.0.0.1:1/"], "needs --duration and --connections, or a --plan"),
        (["load", "http://127.0.0.1:1/", "--plan", "/no/x.toml"], "/no/x.toml cannot be read"),
        (["load", "http://127.0.0.1:1/", "--plan", "x.yaml"], "ends in .toml or .json"),
        (["load", "http://127.0.0.1:1/", "--plan", "x.toml", "--rate", "1"],
         "no other option of it goes with it"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "1", "--rate", "-5"],
         "plan: arrivals[0].rate must lie between 0 and 1e7"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "1",
          "--fail-if", "p99 above 3"], "a condition is like 'p99 > 50ms'"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "1",
          "--fail-if", "p42 > 3"], "speaks of 'p42'"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "1",
          "--streams", "3"], "--streams belongs to --http2"),
        (["load", "http://127.0.0.1:1/", "--duration", "1", "--connections", "1",
          "--hdr", "/nowhere/x.hdr"], "/nowhere/x.hdr cannot be written"),
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


def test_a_condition_that_holds_fails_the_load_and_is_named():
    with Service() as service:
        ended = cli(
            "load", f"{service.url}/nowhere", "--duration", "0.2", "--connections", "1",
            "--rate", "100", "--fail-if", "p99 > 50s", "--fail-if", "failed >= 20",
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == "sevenstops: failed, since failed >= 20: it is 20\n"
    assert "outcomes: 4xx 20" in ended.stdout


def test_a_latency_that_was_never_measured_is_not_a_good_one():
    with Service(options=ServiceOptions(faults=("slow-dependency=9",), rows=1)) as service:
        plan = Plan(arrivals=[constant(20, 0.2)], requests=[RequestSpec(target="/page")])
        plan.read_timeout = 0.1
        report = load(service.url, plan)
    assert report.latency.total == 0
    assert condition("p99 > 50ms").met(report)
    assert not condition("p99 < 50ms").met(report)


def test_a_plan_file_says_everything(tmp_path):
    path = tmp_path / "plan.toml"
    path.write_text(
        """
        connections = 4
        [[arrivals]]
        kind = "poisson"
        rate = 300
        duration = 0.4
        [[requests]]
        name = "user"
        target = "/users/{1..100}"
        expect = '"handler":"user"'
        [[crowds]]
        kind = "half_closer"
        count = 2
        """
    )
    with Service() as service:
        ended = cli("load", service.url, "--plan", str(path), "--json", "-")
    assert ended.returncode == 0, ended.stderr
    document = json.loads(ended.stdout)
    jsonschema.validate(document, schema("load-1"))
    assert document["plan"]["fingerprint"] == read_plan(path).fingerprint()
    assert document["crowds"][0]["statuses"] == {"200": 2}
    assert document["requests_by_name"]["user"]["outcomes"] == {"2xx": document["requests"]}
