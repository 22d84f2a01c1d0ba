"""Every edge that there is: what it lets through, what it refuses, and that it ends."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sevenstops import LabError, Service, _core
from sevenstops.lab.edges import EdgeOptions, apache, caddy, edges, haproxy, nginx
from sevenstops.lab.edges.base import free_port
from sevenstops.lab.settings import SideSettings
from support import all_pids, name_of

LIMIT = 16384
# For documentation (RFC 5737).
ADDRESSES = ("192.0.2.1", "192.0.2.2", "198.51.100.3, 192.0.2.4")
# The shortest limit of a head that each can keep; of another edge the test finds it out.
LEAST = {"apache": 0, "caddy": 4353, "haproxy": 2048, "nginx": 2304}
REAL = sorted(set(edges()) - {"none"})


@pytest.fixture(scope="module")
def service():
    with Service() as running:
        yield running


@pytest.fixture(params=REAL)
def kind(request):
    """An edge's class; a test of one that isn't installed is passed over."""
    found = edges()[request.param]
    try:
        found.version()
    except LabError as error:
        pytest.skip(str(error))
    return found


def answers(port: int, *requests: str, source: str = "127.0.0.1") -> list[str]:
    """Status line and body of what each gets, one after the other on one connection."""
    found = []
    at = ("127.0.0.1", port)
    with socket.create_connection(at, timeout=10, source_address=(source, 0)) as connection:
        reader = connection.makefile("rb")
        for request in requests:
            connection.sendall(request.encode())
            status, length = reader.readline().decode().strip(), 0
            while (line := reader.readline().decode().lower().strip()) != "":
                if line.startswith("content-length:"):
                    length = int(line.split(":")[1])
            found.append(f"{status} {reader.read(length).decode()}")
    return found


def get(target: str, fields: str = "") -> str:
    return f"GET {target} HTTP/1.1\r\nHost: a.test\r\n{fields}\r\n"


def post(body: str) -> str:
    head = f"POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: {len(body)}\r\n\r\n"
    return head + body


@pytest.mark.parametrize("stock", [False, True])
def test_requests_come_through_on_one_connection(kind, service, stock):
    chunks = "POST /echo HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n"
    chunks += "5\r\nhello\r\n0\r\n\r\n"
    with kind(service.port, EdgeOptions(stock=stock)) as edge:
        first, second, third = answers(edge.port, get("/users/42"), post("a body"), chunks)
        assert edge.configuration
        assert str(edge.port) not in edge.configuration
    assert first.startswith("HTTP/1.1 200 OK")
    assert first.endswith('{"handler":"user","id":"42"}')
    assert second.endswith(" a body")
    assert third.endswith(" hello")


def test_the_service_is_asked_on_connections_that_are_kept(kind, service):
    before = service.stops()["stops"]["accept"]["entered"]
    with kind(service.port) as edge:
        for answer in answers(edge.port, *[get("/healthz")] * 20):
            assert answer.startswith("HTTP/1.1 200 OK")
    assert service.stops()["stops"]["accept"]["entered"] - before < 5


def test_what_passes_is_no_head_that_the_service_refuses_for_its_size(kind, service):
    many = "".join(f"X-{n}: {'v' * 400}\r\n" for n in range(38))
    two = f"Cookie: {'c' * 8100}\r\nAuthorization: {'a' * 8100}\r\n"
    before = service.stops()["stops"]["parse"]["refused"]
    with kind(service.port, EdgeOptions(header_limit=LIMIT)) as edge:
        fields = [f"X: {'v' * (LIMIT - 64 + n)}\r\n" for n in range(-600, 200, 50)]
        # Each line of these may become longer on its way.
        terse = "".join(f"x{n:02}:{'v' * 160}\n" for n in range(97))
        for more in (*fields, many, many + "Y: " + "v" * 700 + "\r\n", two, terse):
            (answer,) = answers(edge.port, get("/healthz", more))
            assert answer.split()[1] in ("200", "400", "431")
        usual = f"Cookie: {'c' * 5000}\r\nAuthorization: {'a' * 5000}\r\n"
        assert answers(edge.port, get("/healthz", usual))[0].startswith("HTTP/1.1 200")
        for more in (two, f"X: {'v' * LIMIT}\r\n"):
            (answer,) = answers(edge.port, get("/healthz", more))
            assert answer.split()[1] in ("400", "431")
    assert service.stops()["stops"]["parse"]["refused"] == before


def test_a_denied_target_is_looked_at_as_it_was_sent(kind, service):
    with kind(service.port, EdgeOptions(deny="/ad'\"min")) as edge:
        asked = [f"{path}{more}" for path in ("/ad'%22min", "/ad'\"min") for more in ("", "/x")]
        denied = {t: answers(edge.port, get(t))[0].split()[1] for t in asked}
    assert {t for t, status in denied.items() if status == "403"} <= set(asked[2:])
    with kind(service.port, EdgeOptions(deny="/admin")) as edge:
        for target in ("/admin", "/admin/wipe", "/administrator", "/admin?x"):
            assert answers(edge.port, get(target))[0].split()[1] == "403", target
        for target in ("//admin", "/%61dmin", "/x/../admin", "/./admin", "/%2e/admin"):
            (answer,) = answers(edge.port, get(target))
            # The service's own answer: the spelling has reached it.
            assert answer.split()[1] == "308", target
        assert answers(edge.port, get("/users/42"))[0].split()[1] == "200"
        # In absolute form as well, whose path begins behind the host; a query is no path.
        for target in ("http://a.test/admin", "HTTP://a.test/admin", "http://a.test/admin/wipe"):
            assert answers(edge.port, get(target))[0].split()[1] == "403", target
        for target in ("http://a.test?/admin", "http://a.test?/users/42"):
            assert answers(edge.port, get(target))[0].split()[1] != "200", target


def test_the_service_learns_who_asks_from_the_edge_and_not_from_the_client(kind):
    by_client = {"middleware.client_by": "x_forwarded_for", "middleware.rate_limit": "0.01",
                 "middleware.rate_burst": "1"}  # fmt: skip
    settings = SideSettings(_core.hardened()).changed(by_client).settings
    told = [f"X-Forwarded-For: {address}\r\n" for address in ADDRESSES]
    told += ["", "Connection: X-Forwarded-For\r\n", "Connection: keep-alive, x-forwarded-FOR\r\n"]
    with Service(settings) as limited, kind(limited.port) as edge:
        for source in ("127.0.0.2", "127.0.0.3", "127.0.0.4"):
            # Each has a rate of its own, whatever it says.
            got = [answers(edge.port, get("/users/42", more), source=source)[0] for more in told]
            assert [answer.split()[1] for answer in got] == ["200", *["429"] * 5], source
        # Who asks the service itself is believed.
        direct = answers(limited.port, *(get("/users/42", more) for more in told[:3]))
    assert [answer.split()[1] for answer in direct] == ["200", "200", "200"]


@pytest.mark.parametrize("limit", [512, 3000, 8192])
def test_a_limit_is_kept_or_refused_in_a_sentence(kind, service, limit):
    refused = limit < LEAST.get(kind.name, 0)
    if kind.name not in LEAST:
        try:
            with kind(service.port, EdgeOptions(header_limit=limit)):
                pass
        except LabError:
            refused = True
    if refused:
        sentence = f"{kind.name} can't refuse heads as short as {limit} bytes"
        with pytest.raises(LabError, match=sentence):
            kind(service.port, EdgeOptions(header_limit=limit))
        # A stock one is told of no limit.
        with kind(service.port, EdgeOptions(header_limit=limit, stock=True)) as edge:
            assert answers(edge.port, get("/healthz"))[0].split()[1] == "200"
        return
    with kind(service.port, EdgeOptions(header_limit=limit)) as edge:
        (answer,) = answers(edge.port, get("/healthz", f"X: {'v' * limit}\r\n"))
        assert answer.split()[1] in ("400", "431")
        assert answers(edge.port, get("/healthz"))[0].split()[1] == "200"


def test_bodies_are_passed_on_before_they_are_whole(kind):
    head = b"POST /echo HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n"
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        listener.settimeout(10)
        with (
            kind(listener.getsockname()[1]) as edge,
            socket.create_connection(("127.0.0.1", edge.port), timeout=10) as client,
        ):
            client.sendall(head + b"x" * 50000)
            taken, _ = listener.accept()
            with taken:
                taken.settimeout(10)
                seen = taken.recv(65536)
                while seen.count(b"x") < 30000:
                    seen += taken.recv(65536)
                client.sendall(b"x" * 50000)
                while seen.count(b"x") < 100000:
                    seen += taken.recv(65536)
                taken.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nhalf")
                answer = b""
                while not answer.endswith(b"half"):
                    answer += client.recv(65536)
                taken.sendall(b"last")


def test_nothing_is_left(kind, service, tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    edge = kind(service.port)
    (pid,) = edge.pids()
    children = f"/proc/{pid}/task/{pid}/children"
    assert Path(children).read_text() == ""
    assert list(tmp_path.glob("sevenstops-*"))
    edge.stop()
    edge.stop()
    assert not Path(f"/proc/{pid}").exists()
    assert not list(tmp_path.iterdir())
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", edge.port)) != 0


def test_it_dies_with_its_parent(kind, service, tmp_path):
    code = (
        "import time\nfrom sevenstops import edge_named\n"
        f"e = edge_named('{kind.name}')({service.port})\nprint(*e.pids(), flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )  # fmt: skip
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert name_of(pid)
    parent.send_signal(signal.SIGKILL)
    parent.communicate()
    end = time.monotonic() + 10
    while pid in all_pids() and time.monotonic() < end:
        time.sleep(0.01)
    assert pid not in all_pids()


@pytest.fixture
def replicas():
    """Two of a service, which take their time to leave."""
    settings = SideSettings(_core.hardened()).changed({"drain.notice": "30"}).settings
    with Service(settings) as first, Service(settings) as second:
        yield first, second


def asked(replica) -> int:
    """The POST requests that it was sent; checks of health have no body."""
    return replica.stops()["stops"]["handle"]["entered"]


def statuses(port: int, count: int) -> set[str]:
    """What so many requests get, each on a connection of its own."""
    return {answers(port, post("a body"))[0].split()[1] for _ in range(count)}


def test_replicas_are_asked_in_turn_until_one_leaves(kind, replicas):
    first, second = replicas
    with kind(first.port, EdgeOptions(replicas=(second.port,))) as edge:
        assert "REPLICA1" in edge.configuration
        assert statuses(edge.port, 40) == {"200"}
        assert min(asked(first), asked(second)) >= 20
        first.leave()
        edge.take_out(first.port)
        # Two checks of its health, and as much again.
        time.sleep(0.6)
        before = asked(first), asked(second)
        assert statuses(edge.port, 40) == {"200"}
        assert asked(first) == before[0] or kind.name != "nginx"
        assert asked(second) - before[1] >= 40
        assert first.process.alive


def test_a_replica_that_is_gone_costs_its_share(kind, replicas):
    first, second = replicas
    with kind(first.port, EdgeOptions(replicas=(second.port,))) as edge:
        assert statuses(edge.port, 4) == {"200"}
        first.stop()
        seen = statuses(edge.port, 10)
        assert seen <= {"200", "502", "503"}
        # Nothing is sent twice. Others may have asked for its health meanwhile.
        assert seen == {"200", "502"} or kind.name != "nginx"
        edge.take_out(first.port)
        time.sleep(0.6)
        assert statuses(edge.port, 10) == {"200"}


def test_what_goes_wrong_is_logged(service):
    for kind in (nginx.Nginx, apache.Apache):
        gone = free_port()
        with kind(gone) as edge:
            assert statuses(edge.port, 1) <= {"502", "503"}
            assert any(str(gone) in line for line in edge.error_log()), kind.name
    assert haproxy.HAProxy(service.port).error_log() == []


def test_it_says_its_version(kind):
    name, number = kind.version().split("/")
    assert name == kind.name
    assert all(part.isdigit() for part in number.split("."))


@pytest.mark.parametrize(
    ("module", "sentence"),
    [
        (apache, "apache2 is not installed: apt-get install apache2, or use --edge none"),
        (caddy, "caddy is not installed: apt-get install caddy, or use --edge none"),
        (haproxy, "haproxy is not installed: apt-get install haproxy, or use --edge none"),
        (nginx, "nginx is not installed: apt-get install nginx-light, or use --edge none"),
    ],
)
def test_a_missing_one_is_a_sentence_that_names_its_package(monkeypatch, module, sentence):
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(LabError) as raised:
        module.EDGE(1)
    assert str(raised.value) == sentence
    with pytest.raises(LabError):
        module.EDGE.version()


def test_a_limit_that_caddy_can_not_hold_is_a_sentence():
    with pytest.raises(LabError, match="caddy can't refuse heads as short as 4352 bytes"):
        caddy.head_limit(4352)
    assert caddy.head_limit(LIMIT) == 12032


def test_a_lua_string_holds_any_text():
    assert apache.lua_string('a"\\') == '"\\097\\034\\092"'
    assert json.dumps("/a") == '"/a"'
