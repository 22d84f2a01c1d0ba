"""Bad input is one clear sentence and a non-zero exit."""

import importlib
import shutil
import socket
import sys

import pytest

from sevenstops.cli.main import COMMANDS, main
from support import cli


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["bogus"], "No such command 'bogus'"),
        (["run", "nosuch"], "unknown stop 'nosuch': the stops are accept, parse"),
        (["run", "--edge", "squid"], "unknown edge 'squid': there are apache, caddy, "),
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
        main()
    assert ended.value.code == 2
    sentence = "nginx is not installed: apt-get install nginx-light, or use --edge none"
    assert capsys.readouterr().err == f"sevenstops: {sentence}\n"


@pytest.mark.parametrize("name", COMMANDS)
def test_the_help_of_all_says_what_each_says_itself(name):
    said = importlib.import_module(f"sevenstops.cli.{name}").command.__doc__
    assert " ".join(said.split("\n\n")[0].split()) == COMMANDS[name]


def test_without_a_command_there_is_help():
    ended = cli()
    assert ended.returncode == 0
    assert ended.stdout == cli("--help").stdout
    assert ended.stderr == ""


@pytest.mark.parametrize(
    ("command", "options"),
    [
        ("run", ("--edge", "--quick", "--json", "--out", "--seed", "--rounds", "--max-time",
                 "--save", "--all")),
        ("sweep", ("--out", "--edge", "--rounds", "--seed")),
        ("framing", ("--edge", "--json", "--out")),
        ("report", ("--out",)),
        ("compare", ("--edge", "--quick", "--fail-on-regression", "--force")),
        ("serve", ("--preset", "--port", "--admin-port", "--threads", "--rows", "--access-log",
                   "--token-file", "--set")),
        ("load", ("--duration", "--connections", "--rate", "--arrivals", "--threads", "--plan",
                  "--new-connections", "--http2", "--streams", "--warm-up", "--seed", "--engine",
                  "--insecure", "--cacert", "--allow-remote", "--fail-if", "--json", "--hdr")),
        ("list", ("failures|sweeps|settings|crowds|edges|faults",)),
    ],
)  # fmt: skip
def test_the_help_of_a_command_has_all_its_options(command, options):
    said = cli(command, "-h").stdout
    assert all(option in said for option in options)
