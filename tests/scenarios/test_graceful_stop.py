"""SIGTERM: what is in progress gets its answer, and nobody is told too late."""

import http.client
import shutil
import signal
import socket
import subprocess
import time

import pytest

from sevenstops import LoadReport, Plan, RequestSpec, Service, ServiceOptions, _core, closed
from sevenstops.lab.settings import SideSettings, parse_changes

pytestmark = pytest.mark.alone

SLOW = ("latency=constant/0.5",)


LISTENERS = pytest.mark.parametrize(
    "listeners", ["accept.reuse_port=true", "accept.reuse_port=false", "accept.share_listener=true"]
)


def service(faults=(), listeners="accept.reuse_port=true", **drain):
    """A hardened service that is left as these settings of drain say."""
    changes = {"handle.deadline": "60", **parse_changes([listeners])}
    changes |= {f"drain.{name}": str(value) for name, value in drain.items()}
    settings = SideSettings(_core.hardened()).changed(changes).settings
    return Service(settings, ServiceOptions(faults=faults, threads=2))


def term(running):
    running.process.popen.send_signal(signal.SIGTERM)


def ended(running, patience=5.0):
    """The exit code of a service that ends by itself."""
    return running.process.popen.wait(patience)


def asked(running, path="/page"):
    """A connection with a request on its way."""
    connection = http.client.HTTPConnection("127.0.0.1", running.port, timeout=5)
    connection.request("GET", path)
    return connection


@pytest.mark.parametrize(("grace", "answered"), [(10, True), (0, False)])
def test_a_request_in_progress_is_answered_where_there_is_grace(grace, answered):
    with service(SLOW, grace=grace) as running:
        connection = asked(running)
        time.sleep(0.2)
        term(running)
        if answered:
            response = connection.getresponse()
            assert response.status == 200
            assert response.getheader("Connection") == "close"
            response.read()
        else:
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                connection.getresponse()
        assert ended(running) == 0


@LISTENERS
def test_a_silent_connection_may_ask_once_more_and_nobody_new_comes(listeners):
    with service(listeners=listeners, idle_grace=1) as running:
        connections = [asked(running, "/users/2") for _ in range(2)]
        for connection in connections:
            assert connection.getresponse().read()
        asking, silent = connections
        term(running)
        time.sleep(0.3)
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", running.port), 1)
        asking.request("GET", "/users/2")
        response = asking.getresponse()
        assert (response.status, response.getheader("Connection")) == (200, "close")
        assert silent.sock.recv(1) == b""
        assert ended(running) == 0


def test_notice_is_given_before_connections_end():
    with service(notice=30, idle_grace=0) as running:
        connection = asked(running, "/users/2")
        assert connection.getresponse().read()
        term(running)
        time.sleep(0.2)
        connection.request("GET", "/users/2")
        response = connection.getresponse()
        assert (response.status, response.getheader("Connection")) != (200, "close")
        response.read()
        health = asked(running, "/healthz").getresponse()
        assert (health.status, health.read()) == (503, b"leaving\n")
        assert running.stops()["stops"]["accept"]["refused"]["leaving"] == 1
        # A second one ends what the first one began.
        term(running)
        assert ended(running) == 0


def test_a_request_that_takes_longer_than_the_grace_is_cut():
    with service(("latency=constant/30",), grace=0.5) as running:
        connection = asked(running)
        time.sleep(0.1)
        term(running)
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            connection.getresponse()
        assert ended(running) == 0


def test_serve_is_left_as_the_service_is(tagged_run):
    run = tagged_run("serve", "--port", "0", "--set", "drain.idle_grace=2", isolated=False)
    port = int(run.popen.stdout.readline().rpartition(":")[2])
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    connection.request("GET", "/users/2")
    assert connection.getresponse().read()
    run.popen.send_signal(signal.SIGTERM)
    time.sleep(0.3)
    connection.request("GET", "/users/2")
    assert connection.getresponse().getheader("Connection") == "close"
    assert run.popen.wait(5) == 0


@pytest.mark.skipif(not shutil.which("nghttp"), reason="nghttp is not installed")
def test_goaway_is_said_twice():
    with service(("latency=constant/1",), idle_grace=0.3) as running:
        client = subprocess.Popen(
            ["nghttp", "-v", "--no-dep", f"http://127.0.0.1:{running.port}/page"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(0.3)
        term(running)
        said, _ = client.communicate(timeout=10)
        assert ended(running) == 0
    received = said.split("recv GOAWAY frame")[1:]
    last = [text.split("last_stream_id=")[1].split(",")[0] for text in received]
    assert last[0] == str(2**31 - 1)
    assert len(last) == 2
    assert 0 < int(last[1]) < 2**31 - 1
    assert ":status: 200" in said


@LISTENERS
def test_under_load_no_request_that_was_taken_is_lost(listeners):
    plan = Plan(arrivals=[closed(2)], requests=[RequestSpec(target="/users/2")], connections=32)
    with service(listeners=listeners) as running:
        run = _core.LoadRun(plan, _core.Target(running.port))
        time.sleep(1)
        term(running)
        assert ended(running) == 0
        outcomes = LoadReport(plan, run.result()).outcomes
    assert outcomes["2xx"] > 100
    assert set(outcomes) <= {"2xx", "connect_error"}, outcomes
