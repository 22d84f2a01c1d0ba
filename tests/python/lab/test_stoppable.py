"""What is started is ended once, and certainly."""

import inspect
import subprocess
import sys

import pytest

from sevenstops import LabError, Service
from sevenstops.cli.load_screen import LoadScreen
from sevenstops.cli.progress import RunProgress
from sevenstops.lab.edges.nginx import Nginx, NginxProcess
from sevenstops.lab.edges.none import NoEdge
from sevenstops.lab.measurements import PeakMemory
from sevenstops.lab.processes import Process
from sevenstops.lab.stoppable import Stoppable


class Counted(Stoppable):
    def __init__(self, troubles: int = 0) -> None:
        self.ended = 0
        self.troubles = troubles

    def _end(self) -> None:
        if self.troubles:
            self.troubles -= 1
            raise KeyboardInterrupt
        self.ended += 1


def test_a_block_ends_it_and_a_second_stop_does_nothing():
    with Counted() as one:
        assert one.ended == 0
    one.stop()
    assert one.ended == 1


def test_an_exception_in_the_block_ends_it_and_goes_on():
    one = Counted()
    with pytest.raises(ZeroDivisionError), one:
        raise ZeroDivisionError
    assert one.ended == 1


def test_an_end_that_was_interrupted_is_tried_again():
    one = Counted(troubles=1)
    with pytest.raises(KeyboardInterrupt):
        one.stop()
    one.stop()
    assert one.ended == 1


@pytest.mark.parametrize(
    "kind",
    [Service, Process, Nginx, NoEdge, NginxProcess, PeakMemory, RunProgress, LoadScreen],
)
def test_whatever_runs_is_one(kind):
    assert issubclass(kind, Stoppable)
    own = {name for one in kind.__mro__ if one is not Stoppable for name in vars(one)}
    assert not own & {"__enter__", "__exit__", "stop"}
    assert not inspect.isabstract(kind)


def test_a_process_and_its_watcher_can_be_stopped_twice():
    with Service() as service:
        with PeakMemory(service) as memory:
            service.stops()
        memory.stop()
        assert memory.growth >= 0
    service.stop()
    service.process.stop()
    assert not service.process.alive


def test_memory_that_nobody_could_watch_is_no_measurement(monkeypatch):
    def refuse():
        raise LabError("no answer")

    with Service() as service:
        memory = PeakMemory(service)
        monkeypatch.setattr(service, "memory", refuse)
        memory._thread.join(10)
        with pytest.raises(LabError, match="no answer"):
            memory.stop()


@pytest.mark.parametrize(
    "begin",
    [
        "from sevenstops.lab.machine import Witness; Witness({}, [0])",
        "from sevenstops import Service; from sevenstops.lab.measurements import PeakMemory; "
        "PeakMemory(Service())",
    ],
    ids=["machine", "memory"],
)
def test_a_watcher_that_nobody_can_stop_keeps_no_process_alive(begin):
    run = subprocess.run(
        [sys.executable, "-c", f"{begin}; raise KeyboardInterrupt"],
        capture_output=True, text=True, timeout=20,
    )  # fmt: skip
    assert "KeyboardInterrupt" in run.stderr
