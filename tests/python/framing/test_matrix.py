"""From a case to its row, with real proxies and services and with one that misreads."""

import contextlib
import socket
import threading

import jsonschema
import pytest

from sevenstops import LabError, Service
from sevenstops.evidence.documents import schema
from sevenstops.framing.cases import all_cases
from sevenstops.framing.judge import outcome
from sevenstops.framing.matrix import SCHEMA, Lane, judged, proxies, replay, require, run, take_late
from sevenstops.lab.edges import edges

CASES = {case.id: case for case in all_cases()}
HANDFUL = ("ok-get", "ok-post-cl", "ok-chunked", "clte-cl-first", "cl-undersend", "hdr-64k")


def installed(name: str) -> bool:
    try:
        require([name])
    except LabError:
        return False
    return True


@pytest.mark.parametrize("name", proxies())
def test_a_handful_of_cases_make_a_document(name):
    if not installed(name):
        pytest.skip(f"{name} is not installed")
    told = []
    document = run([name], [CASES[i] for i in HANDFUL], lambda done, of: told.append((done, of)))
    jsonschema.validate(document, schema("framing-1"))
    assert document["schema"] == SCHEMA
    assert document["cases"] == len(HANDFUL)
    assert told == [(0, 2), (1, 2)]
    assert [edge["configuration"] for edge in document["edges"]] == ["stock", "hardened"]
    for edge in document["edges"]:
        assert f"{edge['name']}/{edge['version']}" == edges()[name].version()
        assert edge["refused"] + edge["rewritten"] + edge["forwarded"] == len(HANDFUL)
        assert edge["disagreements"] == {"fragile": 0, "hardened": 0}
        found = {case["id"]: case for case in edge["cases"]}
        assert list(found) == list(HANDFUL)
        # Stock proxies may let more pass than the service takes.
        assert edge["configuration"] == "stock" or found["hdr-64k"]["outcome"] == "refused"
        for case in ("ok-post-cl", "ok-chunked"):
            (written,) = found[case]["proxy"]["connections"]
            assert [r["length"] for r in written["requests"]] == [5]
            (heard,) = found[case]["hardened"]["connections"]
            assert heard["answers"] == [{"status": 200, "length": 5, "refusal": False}]


def test_a_proxy_that_lets_nothing_through_agrees_with_nobody(monkeypatch):
    """With a proxy that turns everybody away there is nothing to agree on, and that is said."""

    class Deaf(edges()["none"]):
        name = "deaf"

        def __init__(self, service_port, options=None):
            self.listener = socket.create_server(("127.0.0.1", 0))
            self.port = self.listener.getsockname()[1]
            self.thread = threading.Thread(target=self.turn_away, daemon=True)
            self.thread.start()

        def turn_away(self):
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = self.listener.accept()
                    with connection:
                        connection.recv(65536)
                        connection.sendall(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n")

        def _end(self):
            self.listener.shutdown(socket.SHUT_RDWR)
            self.listener.close()

        @classmethod
        def version(cls):
            return "deaf/1"

    monkeypatch.setattr("sevenstops.framing.matrix.edge_named", lambda name: Deaf)
    with pytest.raises(LabError, match=r"^deaf \(stock\) and the fragile .*ok-post-cl"):
        run(["deaf"], [CASES[i] for i in ("ok-get", "ok-post-cl")])


def test_what_is_passed_on_late_or_beside_is_looked_at():
    half = b"POST /echo HTTP/1.1\r\nHost: a"
    whole = b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello"
    assert outcome(whole, [half]) == ("refused", [])
    assert outcome(whole, [half, whole]) == ("rewritten", ["sent on 2 connections"])

    class Later:
        def __init__(self):
            self.came = []

        def take(self):
            taken, self.came = self.came, []
            return taken

    lane = Lane(Later(), None)
    recorded = lane.recorded
    lane.recorder.came = [whole]
    take_late(lane)
    assert recorded == [whole]


@contextlib.contextmanager
def careless():
    """A service that takes a body's declared length, whatever else is said of it."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection:
                        data = b""
                        while piece := connection.recv(65536):
                            data += piece
                        length = int(data.lower().split(b"content-length:")[1].split(b"\r\n")[0])
                        head = f"HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
                        connection.sendall(head.encode() + b"x" * length)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(5)


def test_a_service_that_reads_another_body_than_the_proxy_wrote_is_caught():
    case = CASES["clte-agree"]
    with careless() as port, Service() as service:
        row = judged(case, [case.sent], {"fragile": port, "hardened": service.port})
    assert row["outcome"] == "forwarded"
    assert row["fragile"]["disagreement"] == "body 1: the proxy wrote 5 bytes, the service read 15"
    assert row["hardened"]["disagreement"] == ""
    assert row["hardened"]["connections"][0]["answers"][0]["refusal"]


def test_every_connection_of_a_case_is_judged():
    good, bad = CASES["ok-post-cl"].sent, CASES["clte-agree"].sent
    with careless() as port:
        row = judged(CASES["ok-post-cl"], [good, bad], {"fragile": port, "hardened": port})
    assert row["hardened"]["disagreement"].startswith("body 1: ")
    assert len(row["hardened"]["connections"]) == 2


def test_a_service_that_does_not_end_is_a_sentence(monkeypatch):
    monkeypatch.setattr("sevenstops.framing.matrix.PATIENCE", 0.3)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with pytest.raises(LabError, match="neither answers nor closes"):
            replay(port, b"GET / HTTP/1.1\r\n\r\n")
    with pytest.raises(LabError, match="can't be asked: Connection refused"):
        replay(port, b"x")


def test_no_proxy_is_a_sentence():
    assert {"apache", "caddy", "haproxy", "nginx"} <= set(proxies()) <= set(edges()) - {"none"}
    with pytest.raises(LabError, match="'none' is no proxy"):
        run(["none"], [])
    with pytest.raises(LabError, match="unknown edge 'squid'"):
        run(["squid"], [])
