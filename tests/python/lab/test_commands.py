"""Commands beside a load."""

import os
import time

import pytest

from sevenstops import LabError
from sevenstops.lab import commands
from sevenstops.lab.commands import Answer, Command, require_tools, run_beside

TAG = "SEVENSTOPS_TEST_COMMAND"


def left_of(value):
    """Whether any process has the tag with this value."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/environ", "rb") as environment:
                found.append(f"{TAG}={value}".encode() in environment.read().split(b"\0"))
        except OSError:
            continue
    return any(found)


def test_each_runs_in_its_time_with_the_variables_and_says_all():
    began = time.monotonic()
    lines = [Command("echo $PORT", 0.3), Command("echo wrong >&2; exit 3", 0.0)]
    with run_beside(lines, {"PORT": 8080}) as answers:
        assert answers == []
    assert time.monotonic() - began >= 0.3
    assert answers == [Answer("8080\n", "", 0), Answer("", "wrong\n", 3)]


def test_what_does_not_end_is_ended_with_all_that_it_started(monkeypatch):
    monkeypatch.setattr(commands, "PATIENCE", 0.3)
    with run_beside([Command("echo a; sleep 60 | cat", 0.0)], {TAG: 1}) as answers:
        pass
    assert answers == [Answer("a\n", "", None)]
    assert not answers[0].told
    assert not left_of(1)


def test_an_exception_ends_what_runs_and_begins_nothing():
    began = time.monotonic()
    lines = [Command("sleep 60 | cat", 0.0), Command("sleep 61", 30.0)]

    def interrupted():
        with run_beside(lines, {TAG: 2}):
            time.sleep(0.5)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert time.monotonic() - began < 10
    assert not left_of(2)


def test_bytes_that_are_no_text_are_no_trouble():
    with run_beside([Command("printf '\\377'", 0.0)], {}) as answers:
        pass
    assert answers == [Answer("�", "", 0)]


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        (Answer("431", "", 0), True),
        # One that cuts connections is told by curl's status.
        (Answer("401 000 401", "", 52), True),
        (Answer("000", "curl: (7) refused", 7), False),
        (Answer("", "", 1), False),
        (Answer("x", "sh: 1: curl: not found", 127), False),
        (Answer("x", "", None), False),
    ],
)
def test_only_what_answered_is_read(answer, told):
    assert answer.told == told


def test_a_tool_that_is_not_there_is_said(monkeypatch):
    require_tools()
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LabError, match="need curl, which is not installed"):
        require_tools()
