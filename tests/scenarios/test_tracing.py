"""Trace context on its way through the service, and Server-Timing on its way back."""

import json
import re
import socket
import threading

import pytest

from sevenstops import LabError, Service, ServiceOptions
from sevenstops.evidence.stops import STOPS
from sevenstops.lab.settings import settings_from

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = f"00-{TRACE}-00f067aa0ba902b7-01"


class Dependency:
    """Answers one request and keeps its head."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.head = b""
        self.thread = threading.Thread(target=self._serve)
        self.thread.start()

    def _serve(self):
        with self.listener, self.listener.accept()[0] as peer:
            while b"\r\n\r\n" not in self.head:
                self.head += peer.recv(65536)
            peer.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")

    def field(self, name):
        self.thread.join(10)
        found = re.findall(rf"^{name}: (.*)\r$", self.head.decode(), re.M | re.I)
        return found[0] if found else None


def ask(port, path, *fields, times=1):
    """The heads of as many answers on one connection."""
    heads = []
    with socket.create_connection(("127.0.0.1", port), timeout=10) as peer:
        stream = peer.makefile("rb")
        for _ in range(times):
            head = "\r\n".join([f"GET {path} HTTP/1.1", "Host: x", *fields]) + "\r\n\r\n"
            peer.sendall(head.encode())
            lines = []
            while (line := stream.readline()) not in (b"\r\n", b""):
                lines.append(line.decode())
            heads.append("".join(lines))
            stream.read(int(re.search(r"Content-Length: (\d+)", heads[-1])[1]))
    return heads


@pytest.mark.parametrize(
    ("fields", "trace", "flags", "state"),
    [
        ((f"traceparent: {PARENT}", "tracestate: a=1"), TRACE, "01", "a=1"),
        ((f"traceparent: {PARENT[:-2]}00",), TRACE, "00", None),
        ((f"traceparent: {PARENT}x", "tracestate: a=1"), None, "00", None),
        ((), None, "00", None),
    ],
)
def test_a_trace_is_passed_on_to_a_dependency(fields, trace, flags, state, tmp_path):
    dependency = Dependency()
    log = tmp_path / "access.log"
    options = ServiceOptions(dependencies=(("catalog", dependency.port),), access_log=log)
    with Service(options=options) as service:
        ask(service.port, "/page", *fields)
    version, passed, parent, passed_flags = dependency.field("traceparent").split("-")
    assert (version, passed_flags) == ("00", flags)
    assert re.fullmatch("[0-9a-f]{32}", passed)
    assert passed == trace if trace else passed != TRACE
    assert re.fullmatch("[0-9a-f]{16}", parent)
    assert parent not in PARENT
    assert dependency.field("tracestate") == state
    # Whether it came or was made, the log has it.
    assert json.loads(log.read_text())["trace"] == passed


def timing(head):
    found = re.search(r"^Server-Timing: (.*)\r$", head, re.M)
    if not found:
        return None
    return {name: duration for name, _, duration in (p.partition(";dur=") for p in
                                                     found[1].split(", "))}  # fmt: skip


def test_a_sampled_request_hears_how_long_each_stop_took():
    settings = settings_from("hardened", ["drain.server_timing_sampled=true"])
    options = ServiceOptions(faults=("slow-dependency=0.05",))
    with Service(settings, options) as service:
        assert timing(ask(service.port, "/page")[0]) is None
        assert timing(ask(service.port, "/page", f"traceparent: {PARENT[:-2]}00")[0]) is None
        first, second = map(timing, ask(service.port, "/page", f"traceparent: {PARENT}", times=2))
        refused = timing(ask(service.port, "/nowhere", f"traceparent: {PARENT}")[0])
    assert tuple(first) == STOPS
    durations = {stop: float(text) for stop, text in first.items() if text}
    # These bytes are part of drain, and only a connection's first request was accepted.
    assert set(durations) == set(STOPS) - {"drain"}
    assert durations["handle"] >= 50
    assert max(d for stop, d in durations.items() if stop != "handle") < durations["handle"]
    assert {stop for stop, text in second.items() if not text} == {"accept", "drain"}
    assert {stop for stop, text in refused.items() if text} == {"accept", "parse", "route"}


def test_a_stranger_does_not_hear_it():
    with Service() as service:
        assert timing(ask(service.port, "/healthz", f"traceparent: {PARENT}")[0]) is None


def test_server_timing_can_be_in_every_answer():
    with Service(settings_from("hardened", ["drain.server_timing=true"])) as service:
        assert timing(ask(service.port, "/healthz")[0])


@pytest.mark.alone
def test_a_slow_stop_takes_its_share_longer():
    def costs(*faults):
        with Service(options=ServiceOptions(faults=faults)) as service:
            ask(service.port, "/orders?limit=1000", times=30)
            return {s: m["seconds"] for s, m in service.stops()["stops"].items()}

    plain, slowed = costs(), costs("slow-stop=serialize/9")
    grown = {stop: slowed[stop] / plain[stop] for stop in STOPS if plain[stop]}
    assert max(grown, key=grown.get) == "serialize"
    assert grown["serialize"] > 5


@pytest.mark.parametrize("fault", ["slow-stop=kitchen/1", "slow-stop=accept/1", "slow-stop=route"])
def test_a_slow_stop_names_a_stop_and_a_share(fault):
    with pytest.raises(LabError, match="slow-stop"):
        Service(options=ServiceOptions(faults=(fault,)))
