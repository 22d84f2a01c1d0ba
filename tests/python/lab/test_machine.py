"""The machine as a witness."""

import os
import subprocess
import time

import pytest

from sevenstops.lab.machine import OTHERS, WAITED, Witness, machine_doubts, unused

pytestmark = pytest.mark.alone

SPIN = "while :; do :; done"


def watched(roles, seconds=0.6):
    """What a witness of this processor reports after some seconds."""
    witness = Witness(roles, [min(os.sched_getaffinity(0))])
    time.sleep(seconds)
    witness.stop()
    return witness.report


@pytest.fixture
def spinner():
    """A process that does nothing but use the first processor."""
    cpu = min(os.sched_getaffinity(0))
    with subprocess.Popen(
        ["sh", "-c", SPIN], preexec_fn=lambda: os.sched_setaffinity(0, {cpu})
    ) as process:
        yield process.pid
        process.kill()


def test_a_foreign_process_is_seen(spinner):
    report = watched({"service": []})
    assert report["others"] > 0.5
    assert machine_doubts(report)[0].about == "machine"


def test_what_the_lab_itself_runs_is_not_foreign(spinner):
    report = watched({"load": [spinner]})
    # Less than half where a neighbour spins as well.
    assert report["ours"] > 0.2
    assert report["ours"] + report["others"] <= 1.1


def test_unused_time_is_what_nobody_used():
    cpus = sorted(os.sched_getaffinity(0))
    began, before = time.monotonic(), unused(cpus)
    time.sleep(0.5)
    left = unused(cpus) - before
    assert 0 <= left <= (time.monotonic() - began + 0.05) * len(cpus)


@pytest.mark.parametrize(
    ("others", "waited_for_others", "doubtful"),
    [
        (OTHERS, WAITED, False),
        (OTHERS + 0.01, 0.0, True),
        (0.0, WAITED + 0.01, True),
    ],
)
def test_either_bound_raises_the_doubt(others, waited_for_others, doubtful):
    report = {
        "others": others,
        "waited": {"service": 0.2, "load": 0.1},
        "waited_for_others": waited_for_others,
    }
    assert bool(machine_doubts(report)) is doubtful
