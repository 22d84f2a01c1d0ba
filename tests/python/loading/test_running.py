"""The load core from Python."""

import os
import pickle
import signal
import threading
import time

import pytest

from sevenstops import (
    LabError,
    Plan,
    RequestSpec,
    Service,
    ServiceOptions,
    closed,
    constant,
    load,
    poisson,
)  # fmt: skip
from sevenstops.lab.edges.nginx import Nginx


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
        report = load(f"{edge.url}/healthz", rate=2000, duration=10, connections=64)
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
    # No thread can keep a million arrivals a second.
    report = load(service.url, Plan(arrivals=[constant(1e6, 0.3)], connections=4, cool_down=0.0))
    assert report.saturation
    with pytest.raises(LabError, match="the client was the bottleneck: "):
        report.require_unsaturated()
    easy = load(service.url, rate=50, duration=0.5)
    easy.require_unsaturated()


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
