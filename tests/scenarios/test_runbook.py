"""Every command of the runbook is run as it is printed, and shows what the runbook says."""

import re
import subprocess

import pytest

from sevenstops import Service, ServiceOptions
from sevenstops.experiments import all_experiments, guides
from sevenstops.report.runbook import markdown_runbook

pytestmark = pytest.mark.alone

PAGE = markdown_runbook(guides())
EXPORTS, *COMMANDS = re.findall(r"^```sh\n(.*?)\n```$", PAGE, re.M | re.S)
# One for each command, in the page's order.
LINES = [(e, d) for e in all_experiments() for d in e.diagnostics]


def exports(**numbers):
    """The page's first block with these numbers in place of its own."""
    text = EXPORTS
    for name, number in numbers.items():
        text, found = re.subn(rf"^(export {name}=)\d+", rf"\g<1>{number}", text, flags=re.M)
        assert found == 1, name
    return text


@pytest.fixture(scope="module")
def idle():
    """A service that nobody has asked for anything."""
    with Service(options=ServiceOptions(rows=1)) as service:
        yield service


@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize(
    ("line", "command"),
    list(zip(LINES, COMMANDS, strict=True)),
    ids=[d.symptom.split(":")[0] for _, d in LINES],
)
def test_the_diagnostic_tells_the_failure_from_its_fix(measured, line, command, side):
    experiment, diagnostic = line
    lines = measured.of(experiment.failure)["runbook"]
    (told,) = [told for told in lines if told["symptom"] == diagnostic.symptom]
    # What ran beside the load is what the page prints.
    assert told["command"] == command
    assert told[side]["shows"] is (side == "before"), told[side]


def test_the_run_says_how_many_commands_told_the_sides_apart(measured):
    lines = [told for e in measured.document["evidence"] for told in e["runbook"]]
    apart = [told for told in lines if told["before"]["shows"] and not told["after"]["shows"]]
    assert f"{len(apart)} of {len(lines)} commands of the runbook" in measured.ended.stderr


@pytest.mark.parametrize("command", COMMANDS, ids=[d.symptom.split(":")[0] for _, d in LINES])
def test_a_shell_puts_every_number_in_its_place(command):
    # What the shell makes of it: no variable of the page is left in any word of a program.
    shadows = "".join(
        f'{tool}() {{ printf "%s\\n" "$@" >&2; }}; ' for tool in ("curl", "ss", "awk", "xargs")
    )
    said = subprocess.run(
        ["sh", "-c", f"{exports(PORT=1, ADMIN_PORT=2, PID=3)}\n{shadows}\n{command}"],
        capture_output=True, text=True, check=False, timeout=30,
    )  # fmt: skip
    assert said.stderr
    assert not re.search(r"\$(PORT|ADMIN_PORT|PID)\b", said.stderr), said.stderr


@pytest.mark.parametrize("command", [c for c in COMMANDS if " / " in c])
def test_a_share_of_nothing_is_a_number(command, idle):
    numbers = exports(PORT=idle.port, ADMIN_PORT=idle.admin_port, PID=idle.process.pid)
    said = subprocess.run(
        ["sh", "-c", f"{numbers}\n{command}"],
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    assert "nan" not in said.stdout
    assert said.stdout.strip()
