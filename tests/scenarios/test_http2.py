"""The service's HTTP/2, spoken by foreign clients: curl, nghttp and h2load."""

import re
import subprocess

import pytest

from sevenstops import Http2Spec, Plan, RequestSpec, Service, closed, hardened, load
from sevenstops.lab.service import ServiceOptions

TARGETS = [
    "/healthz",
    "/users/7",
    "/orders?limit=50",
    "/report",
    "/export.csv",
    "/page",
    "/nothing",
]


@pytest.fixture(scope="module")
def service():
    with Service(hardened(), ServiceOptions(rows=5000)) as running:
        yield running


def run(*command):
    return subprocess.run(command, capture_output=True, timeout=60, check=True).stdout


def curl(service, target, *options):
    return run("curl", "-s", "--max-time", "30", *options, f"{service.url}{target}")


@pytest.mark.parametrize("target", TARGETS)
def test_curl_gets_the_same_by_either_protocol(service, target):
    told = ["-w", "\n%{http_code} %{content_type}"]
    by_http1 = curl(service, target, "--http1.1", *told)
    assert curl(service, target, "--http2-prior-knowledge", *told) == by_http1


def test_curl_uploads(service, tmp_path):
    body = bytes(range(256)) * 3000
    (tmp_path / "body").write_bytes(body)
    upload = ["--data-binary", f"@{tmp_path}/body", "--http2-prior-knowledge"]
    assert curl(service, "/echo", *upload) == body
    (tmp_path / "body").write_bytes(body * 3)
    assert curl(service, "/echo", *upload, "-o", "/dev/null", "-w", "%{http_code}") == b"413"


def test_nghttp_asks_for_much_at_once(service):
    targets = [f"{service.url}{target}" for target in TARGETS]
    said = run("nghttp", "-n", "--stat", "-m", "5", *targets).decode()
    statuses = re.findall(r"s  (\d{3}) +\S+ /", said)
    assert sorted(statuses) == ["200"] * 30 + ["404"] * 5


@pytest.mark.parametrize("target", ["/healthz", "/export.csv"])
def test_h2load_fails_nowhere(service, target):
    said = run("h2load", "-n", "200", "-c", "4", "-m", "20", f"{service.url}{target}").decode()
    assert "200 succeeded, 0 failed, 0 errored, 0 timeout" in said


def test_our_own_load_fails_nowhere_and_every_stop_counts_it(service):
    before = service.stops()["stops"]
    plan = Plan(
        connections=4,
        protocol="h2",
        http2=Http2Spec(streams=16),
        requests=[RequestSpec(target="/users/{1..500}")],
        arrivals=[closed(1.0)],
    )
    report = load(service.url, plan)
    after = service.stops()["stops"]
    answered = report.outcomes["2xx"]
    assert answered > 100
    assert report.outcomes == {"2xx": answered}
    for stop in ("parse", "route", "middleware", "handle", "serialize", "drain"):
        assert after[stop]["entered"] - before[stop]["entered"] >= answered
