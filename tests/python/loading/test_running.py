"""The load core from Python."""

import hashlib
import os
import pickle
import signal
import threading
import time
import urllib.request
from types import SimpleNamespace

import jsonschema
import pytest

from sevenstops import (
    Crowd,
    LabError,
    LoadReport,
    Plan,
    RequestSpec,
    Service,
    ServiceOptions,
    _core,
    burst,
    closed,
    constant,
    load,
    poisson,
)  # fmt: skip
from sevenstops.evidence.documents import schema
from sevenstops.lab.edges.nginx import Nginx

pytestmark = pytest.mark.alone


@pytest.fixture(scope="module")
def service():
    with Service() as running:
        yield running


def test_every_request_has_one_outcome(service):
    before = service.stops()["requests_total"]
    mix = [RequestSpec(), RequestSpec(name="missing", target="/nowhere")]
    report = load(service.url, Plan(arrivals=[closed(0.3)], connections=4, requests=mix))
    assert report.outcomes.keys() == {"2xx", "4xx"}
    assert sum(report.outcomes.values()) == report.result.requests
    assert service.stops()["requests_total"] - before == report.result.requests
    assert report.result.by_name["missing"].statuses.keys() == {404}


def test_open_loop_sends_what_was_planned_however_many_threads(service):
    plan = Plan(arrivals=[poisson(500, 0.5)], connections=8)
    counts = []
    for threads in (1, 3):
        plan.threads = threads
        counts.append(load(service.url, plan).result.requests)
    assert counts[0] == counts[1] > 0


def test_latency_counts_from_the_intended_time():
    # One connection and a service that needs 0.2 s: the tenth request waits for nine others.
    slow = ServiceOptions(faults=("slow-dependency=0.2",), rows=1)
    with Service(options=slow) as service:
        report = load(
            f"{service.url}/page", rate=100, duration=0.1, connections=1, read_timeout=10.0
        )
    assert report.outcomes == {"2xx": 10}
    assert report.latency.quantile(1) > 1.7


def test_clean_traffic_through_nginx_loses_nothing(service):
    with Nginx(service.port) as edge:
        report = load(f"{edge.url}/healthz", rate=4000, duration=5, connections=64)
    assert report.result.requests == 20000
    assert report.outcomes == {"2xx": 20000}


def test_a_load_ends_with_ctrl_c(service):
    threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT)).start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        load(service.url, duration=60, connections=2)
    assert time.monotonic() - began < 10


def test_fields_are_checked(service):
    with pytest.raises(LabError, match="duration"):
        load(service.url, duration=-1)
    with pytest.raises(LabError, match="either a plan or its fields"):
        load(service.url, Plan(), connections=1)
    with pytest.raises(LabError, match="needs a duration"):
        load(service.url)
    with pytest.raises(LabError, match="no duration or rate goes with them"):
        load(service.url, arrivals=[closed(1)], duration=1)
    with pytest.raises(TypeError, match="no field 'rhythm'"):
        Plan(rhythm=1)


def test_the_client_says_when_it_is_the_bottleneck(service):
    # A million at one moment: a thread would have to come to each within 5 ns to be in time, less
    # than a look at its clock takes.
    at_once = burst(1_000_000, period=1.0, duration=0.3)
    report = load(service.url, Plan(arrivals=[at_once], connections=4, cool_down=0.0))
    assert "ms late at p99" in report.saturation
    with pytest.raises(LabError, match="the client was the bottleneck: "):
        report.require_unsaturated()


def test_a_client_is_the_bottleneck_when_it_is_late_or_has_no_time_left():
    def saturation(arrivals, late, busiest):
        lateness = _core.Histogram()
        lateness.record(10, 98)
        lateness.record(late, 2)
        client = SimpleNamespace(lateness=lateness, busiest=busiest)
        return LoadReport(Plan(arrivals=[arrivals]), SimpleNamespace(client=client)).saturation

    assert saturation(constant(100, 1), 4900, 0.94) == ""
    assert "7.0 ms late" in saturation(constant(100, 1), 7000, 0.5)
    assert "busy 96%" in saturation(constant(100, 1), 10, 0.96)
    # Requests of a closed loop have no time to be late for.
    assert saturation(closed(1), 7000, 0.5) == ""


def test_what_was_sent_is_counted():
    # One connection, on which the first request waits: the others come due and are never sent.
    stuck = ServiceOptions(faults=("slow-dependency=10",), rows=1)
    with Service(options=stuck) as service:
        report = load(
            service.url, rate=50, duration=0.2, connections=1, cool_down=0.0,
            requests=[RequestSpec(name="page", target="/page")],
            crowds=[Crowd(kind="half_closer", count=2)],
        )  # fmt: skip
    result = report.result
    assert (result.requests, result.due, result.sent, result.answered) == (10, 10, 1, 0)
    document = report.as_dict()
    jsonschema.validate(document, schema("load-1"))
    request = b"GET /page HTTP/1.1\r\nHost: " + service.url[7:].encode() + b"\r\n\r\n"
    sent = {
        "due": 10, "sent": 1, "answered": 0, "bytes_sent": len(request), "bytes_received": 0,
    }  # fmt: skip
    assert document["sent"] == sent
    assert document["requests_by_name"]["page"]["sent"] == sent
    assert sum(document["series"]["sent"]) == 1
    assert report.rate == 1 / result.sending
    crowd = document["crowds"][0]
    assert (crowd["due"], crowd["started"], crowd["answered"]) == (2, 2, 2)


def test_documents_from_before_are_valid_still(service):
    document = load(service.url, duration=0.1).as_dict()
    del document["sent"]
    del document["requests_by_name"]["request"]["sent"]
    jsonschema.validate(document, schema("load-1"))


def test_crowds_tell_what_each_client_got(service):
    ask = "GET /export.csv HTTP/1.1\r\nHost: a\r\n\r\n"
    crowds = [
        Crowd(kind="slow_reader", target="/export.csv", count=2, rate=1e9),
        Crowd(kind="raw", pieces=[(ask, 0)]),
        Crowd(kind="stopped_reader", target="/export.csv", bytes=1000),
        Crowd(kind="half_closer"),
        Crowd(kind="pager", target="/nowhere", rate=10),
    ]
    readers, raw, stopped, halves, pager = load(
        service.url, rate=20, duration=2, crowds=crowds, cool_down=60.0
    ).result.crowds
    with urllib.request.urlopen(f"{service.url}/export.csv") as answer:
        content = answer.read()
    for client in [*readers.clients, *raw.clients]:
        assert (client.status, client.whole) == (200, True)
        assert client.body_bytes == len(content)
        assert client.sha256 == hashlib.sha256(content).hexdigest()
    assert [len(c.clients) for c in (readers, raw, stopped, halves)] == [2, 1, 1, 0]
    assert not stopped.clients[0].whole
    assert stopped.clients[0].body_bytes < 1000
    assert readers.clients_cut == 0
    assert pager.fetches_due >= len(pager.clients) > 0
    first = pager.clients[0]
    assert (first.status, first.whole, first.pages) == (404, False, 0)
    assert first.why == "an answer other than 200"


def test_a_figure_can_be_drawn_of_every_time(service):
    result = load(service.url, duration=0.2, connections=3).result
    for histogram in (result.phases.connect, result.by_name["request"].latency):
        points = histogram.distribution()
        assert points == [(micros / 1e6, count) for micros, count in histogram.counts()]
        assert sum(count for _, count in points) == histogram.total > 0
    assert result.phases.connect.total == 3
    assert any(interval.quantile(0.99) > 0 for interval in result.series)


def test_histograms_survive_their_way_to_another_process(service):
    report = load(service.url, duration=0.2, connections=2)
    there = pickle.loads(pickle.dumps(report.latency))
    assert there == report.latency
    there.merge(report.latency)
    assert there.total == 2 * report.latency.total
    assert there.quantile(0.9) == report.latency.quantile(0.9)


def test_a_load_can_be_watched(service):
    seen = []
    report = load(
        service.url, rate=200, duration=0.6,
        watch=lambda run: seen.append(sum(i.answered for i in run.series())),
    )  # fmt: skip
    assert seen == sorted(seen)
    assert 0 < seen[-1] <= report.result.requests == 120


def test_an_ipv6_host_can_be_named():
    with pytest.raises(LabError, match=r"nothing answers on \[::1\]:1"):
        load("http://[::1]:1/", duration=1)
