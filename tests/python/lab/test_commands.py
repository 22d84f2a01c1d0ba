"""Commands beside a load."""

import time

from sevenstops.lab import commands
from sevenstops.lab.commands import Command, run_beside


def test_each_runs_in_its_time_with_the_variables_and_says_all():
    began = time.monotonic()
    lines = [Command("date +%s.%N; echo $PORT", 0.3), Command("echo wrong >&2; exit 3", 0.0)]
    with run_beside(lines, {"PORT": 8080}) as said:
        assert said == []
    assert time.monotonic() - began >= 0.3
    (_, port), (wrong,) = (text.splitlines() for text in said)
    assert (port, wrong) == ("8080", "wrong")


def test_a_command_that_does_not_end_is_ended_and_said(monkeypatch):
    monkeypatch.setattr(commands, "PATIENCE", 0.2)
    with run_beside([Command("exec sleep 60", 0.0)], {}) as said:
        pass
    assert said == ["no answer within 0.2 s\n"]


def test_without_commands_nothing_is_started():
    with run_beside([], {"PORT": 1}) as said:
        pass
    assert said == []
