"""Commands on a terminal of 80 columns."""

import re

import pytest

from sevenstops import Service
from sevenstops.cli.main import COMMANDS

CTRL_C = "\x03"


def test_the_help_fits(terminal):
    shown = terminal("--help")
    assert shown.end() == 0
    assert shown.widest() <= 80
    assert all(f"  {name} " in shown.shown() for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_help_of_a_command_fits(terminal, command):
    shown = terminal(command, "--help")
    assert shown.end() == 0
    assert shown.widest() <= 80


@pytest.mark.parametrize("registry", ["failures", "settings"])
def test_a_list_is_one_a_line(terminal, registry):
    shown = terminal("list", registry)
    assert shown.end() == 0
    assert "\x1b" not in shown.output


def test_a_run_shows_how_far_it_is_and_what_it_found(terminal):
    shown = terminal("run", "shadowed-route", "--rounds", "1", "--edge", "none")
    # One run may be too few to tell.
    assert shown.end() in (0, 1)
    text = shown.shown()
    assert "route: shadowed-route, before 1/1" in text
    assert "s left" in text
    assert "1/1 route: shadowed-route: " in text
    assert "misrouted_requests" in text
    assert re.search("the wrong handler answers  (fixed|inconclusive|not fixed)", text)
    assert shown.widest() <= 80


def test_a_sweep_shows_how_far_it_is_and_ends_with_ctrl_c(terminal):
    shown = terminal("sweep", "retry-storm", "--rounds", "1", "--edge", "none")
    shown.read_until("0 of 5")
    shown.press(CTRL_C)
    assert shown.end() == 130
    assert "sevenstops: interrupted" in shown.shown()
    assert "Traceback" not in shown.shown()
    assert shown.widest() <= 80


def test_a_load_is_shown_on_its_way(terminal):
    with Service() as service:
        shown = terminal(
            "load", f"{service.url}/healthz", "--duration", "2.5", "--connections", "4",
            "--rate", "200",
        )  # fmt: skip
        assert shown.end() == 0
    text = shown.shown()
    assert "last second: p50" in text
    assert "outcomes: 2xx 500" in text
    assert shown.widest() <= 80


def test_serve_says_where_it_is_and_ends_with_ctrl_c(terminal):
    shown = terminal("serve", "--port", "0")
    shown.read_until("/metrics and /stops on http://127.0.0.1:")
    assert "hardened service on http://127.0.0.1:" in shown.shown()
    shown.press(CTRL_C)
    assert shown.end() == 130
    assert "Traceback" not in shown.shown()
