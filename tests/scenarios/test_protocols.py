"""HTTP/2 and TLS, spoken to a real nginx."""

import json
import shutil
import subprocess

import pytest

from sevenstops import Http2Spec, LabError, Plan, RequestSpec, closed, constant, load
from sevenstops.lab.edges.base import free_port
from sevenstops.lab.edges.nginx import NginxProcess
from support import cli

SERVER = """
  server {{
    listen 127.0.0.1:{plain};
    listen 127.0.0.1:{h2c} http2;
    listen 127.0.0.1:{tls} ssl http2;
    ssl_certificate {folder}/cert.pem;
    ssl_certificate_key {folder}/key.pem;
    http2_max_concurrent_streams 32;
    http2_recv_timeout 60s;
    {more}
    client_max_body_size 0;
    location / {{ default_type text/plain; return 200 "hello $http_x_name\\n"; }}
    location /big {{ root {folder}; }}
  }}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
         "-keyout", made / "key.pem", "-out", made / "cert.pem", "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    (made / "big").write_bytes(b"b" * 3_000_000)
    return made


def nginx(folder, more=""):
    ports = {name: free_port() for name in ("plain", "h2c", "tls")}
    running = NginxProcess(SERVER.format(folder=folder, more=more, **ports), ports["plain"])
    return running, ports


@pytest.fixture(scope="module")
def ports(folder):
    running, ports = nginx(folder)
    with running:
        yield ports


def h2_plan(**fields):
    return Plan(protocol="h2", **{"connections": 2, "http2": Http2Spec(streams=16), **fields})


@pytest.mark.parametrize("engine", ["epoll", "io_uring"])
def test_http2_by_prior_knowledge(ports, engine):
    greeting = RequestSpec(headers=[("X-Name", "you")], expect="hello you")
    plan = h2_plan(arrivals=[constant(2000, 0.5)], requests=[greeting])
    report = load(f"http://127.0.0.1:{ports['h2c']}", plan, engine=engine)
    assert report.outcomes == {"2xx": 1000}
    assert report.result.all.unexpected == 0
    assert report.result.phases.connect.total == 2


@pytest.mark.parametrize("engine", ["epoll", "io_uring"])
def test_http2_bodies_in_both_directions(ports, engine):
    mix = [
        RequestSpec(name="up", method="POST", body_size=300_000),
        RequestSpec(name="down", target="/big"),
    ]
    windows = Http2Spec(streams=4, stream_window=1 << 20, connection_window=1 << 22)
    plan = h2_plan(arrivals=[closed(0.5)], requests=mix, http2=windows)
    report = load(f"http://127.0.0.1:{ports['h2c']}", plan, engine=engine)
    # nginx answers 405 to a POST of a file or a return.
    assert report.outcomes.keys() <= {"2xx", "4xx"}
    assert report.result.by_name["down"].outcomes["2xx"] > 0


def test_http2_outlives_a_server_that_says_goodbye(folder):
    running, ports = nginx(folder, "keepalive_requests 50;")
    with running:
        plan = h2_plan(arrivals=[constant(2000, 0.5)])
        report = load(f"http://127.0.0.1:{ports['h2c']}", plan)
        assert report.outcomes == {"2xx": 1000}
        assert report.result.phases.connect.total >= 20


def test_http2_streams_that_get_no_answer_time_out(folder):
    # nginx reads this file at 1 KiB/s, so no answer is whole in time.
    running, ports = nginx(folder, "limit_rate 1k;")
    with running:
        plan = h2_plan(
            arrivals=[constant(20, 0.3)], requests=[RequestSpec(target="/big")], read_timeout=0.2
        )
        report = load(f"http://127.0.0.1:{ports['h2c']}", plan)
        assert report.outcomes == {"read_timeout": 6}


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
@pytest.mark.parametrize("engine", ["epoll", "io_uring"])
def test_tls(ports, folder, protocol, engine):
    url = f"https://127.0.0.1:{ports['tls']}"
    mix = [RequestSpec(expect="hello"), RequestSpec(name="big", target="/big", weight=0.05)]
    plan = Plan(protocol=protocol, arrivals=[constant(500, 0.5)], connections=4, requests=mix)
    report = load(url, plan, engine=engine, authorities=str(folder / "cert.pem"))
    assert report.outcomes == {"2xx": 250}
    assert report.result.by_name["request"].unexpected == 0


def test_a_certificate_is_checked(ports, folder):
    url = f"https://127.0.0.1:{ports['tls']}"
    with pytest.raises(LabError, match="its certificate is not trusted: self-signed certificate"):
        load(url, duration=1)
    with pytest.raises(LabError, match="holds no certificates that can be read"):
        load(url, duration=1, authorities=str(folder / "key.pem"))
    by_name = url.replace("127.0.0.1", "localhost")
    with pytest.raises(LabError, match="not trusted: hostname mismatch"):
        load(by_name, duration=1, authorities=str(folder / "cert.pem"))
    assert load(url, duration=0.1, verify=False).outcomes.keys() == {"2xx"}
    with pytest.raises(LabError, match="TLS handshake"):
        load(f"https://127.0.0.1:{ports['plain']}", duration=1)


@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed")
def test_h2load_agrees_on_what_the_server_does(ports):
    url = f"http://127.0.0.1:{ports['h2c']}/"
    said = subprocess.run(
        ["h2load", "-n", "500", "-c", "2", "-m", "16", url], capture_output=True, text=True,
        check=True,
    )  # fmt: skip
    assert "500 succeeded" in said.stdout
    ended = cli(
        "load", url, "--http2", "--streams", "16", "--connections", "2", "--rate", "1000",
        "--duration", "0.5", "--json", "-",
    )  # fmt: skip
    assert json.loads(ended.stdout)["outcomes"] == {"2xx": 500}
