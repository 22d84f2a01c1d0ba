"""slowhttptest, which others wrote, takes the fragile service down and not the hardened one."""

import contextlib
import re
import shutil
import subprocess
import time

import pytest

from sevenstops import _core
from sevenstops.experiments import experiment_named
from sevenstops.lab.service import Service

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(not shutil.which("slowhttptest"), reason="slowhttptest is not installed"),
]

CONNECTIONS = 200


def attacked(service, mode, path):
    """A slowhttptest that opens 100 connections a second and goes on with each once a second."""
    return subprocess.Popen(
        ["slowhttptest", mode, "-c", str(CONNECTIONS), "-r", "100", "-i", "1", "-l", "4",
         "-x", "5", "-s", "65536", "-u", service.url + path],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip


def asked(service):
    """The status that a newcomer gets."""
    status, _ = _core.fetch(_core.Target(service.port), "/healthz")
    return status


def report_of(attacker):
    """Its last words, without their colours."""
    said, _ = attacker.communicate(timeout=20)
    assert attacker.returncode == 0, said
    plain = re.sub(r"\x1b\[[\d;]*[A-Za-z]", "", said)
    connected = re.findall(r"connected: +(\d+)", plain)
    (status,) = re.findall(r"Exit status: *(.+)", plain)
    return int(connected[-1]), status.strip()


@pytest.mark.parametrize(
    ("failure", "mode", "path", "held", "reason"),
    [
        ("slowloris", "-H", "/healthz", "heads_unfinished", "head_timeout"),
        ("slow-body", "-B", "/echo", "bodies_unfinished", "body_timeout"),
    ],
)
def test_a_foreign_attacker_holds_the_fragile_service_alone(failure, mode, path, held, reason):
    experiment = experiment_named(failure)
    places = int(experiment.settings["accept.max_connections"])
    with contextlib.ExitStack() as stack:
        fragile, hardened = (
            stack.enter_context(Service(side.settings)) for side in experiment.sides()
        )
        attackers = [attacked(service, mode, path) for service in (fragile, hardened)]
        for attacker in attackers:
            stack.callback(attacker.kill)
        end = time.monotonic() + 10
        while fragile.stops()[held] < places and time.monotonic() < end:
            time.sleep(0.02)
        assert fragile.stops()[held] == places
        assert (asked(fragile), asked(hardened)) == (503, 200)
        (kept, before), (left, after) = map(report_of, attackers)
        assert (kept, before) == (places, "Hit test time limit")
        assert (left, after) == (0, "No open connections left")
        refused = hardened.stops()["stops"]["parse"]["refused"]
        assert refused == {reason: CONNECTIONS}
        assert hardened.stops()["stops"]["accept"]["refused"] == {}
