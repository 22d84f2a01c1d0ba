"""`sevenstops load`: its contract, plans and conditions."""

import io
import json
import time

import jsonschema
from rich.console import Console

from sevenstops import (
    LoadReport,
    Plan,
    RequestSpec,
    Service,
    ServiceOptions,
    _core,
    constant,
    read_plan,
)
from sevenstops.cli.load_screen import print_load
from sevenstops.evidence.documents import schema
from support import cli


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
    assert "never sent" not in ended.stdout


def test_a_condition_that_holds_fails_the_load_and_is_named():
    with Service() as service:
        ended = cli(
            "load", f"{service.url}/nowhere", "--duration", "0.2", "--connections", "1",
            "--rate", "100", "--fail-if", "p99 > 50s", "--fail-if", "failed >= 20",
        )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stderr == "sevenstops: failed, since failed >= 20: it is 20\n"
    assert "outcomes: 4xx 20" in ended.stdout


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


def test_what_was_due_and_never_sent_is_said():
    # The only connection waits for its answer when the load is called off.
    plan = Plan(
        arrivals=[constant(100, duration=0.2)],
        requests=[RequestSpec(target="/page")],
        connections=1,
    )
    with Service(options=ServiceOptions(faults=("latency=constant/0.5",))) as service:
        run = _core.LoadRun(plan, _core.Target(service.port))
        time.sleep(0.2)
        run.cancel()
        report = LoadReport(plan, run.result())
    screen = Console(file=io.StringIO(), width=80)
    print_load(report, screen)
    unsent = report.result.due - report.result.sent
    assert 0 < unsent < 20
    assert f" of which {unsent} were never sent, " in screen.file.getvalue()
