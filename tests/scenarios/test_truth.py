"""What the load core says of a service whose behaviour is known."""

import os
import signal
import threading
import time

import pytest

from sevenstops import Crowd, Plan, RequestSpec, Service, ServiceOptions, constant, load

pytestmark = pytest.mark.alone

RATE = 500
SECONDS = 5.0
FREEZE = 2.0


class Freeze(threading.Thread):
    """Stops a process for two seconds in the middle of a load; `took` tells how long it was."""

    def __init__(self, pid: int) -> None:
        super().__init__()
        self.pid = pid
        self.took = 0.0

    def run(self) -> None:
        time.sleep(1.5)
        os.kill(self.pid, signal.SIGSTOP)
        began = time.monotonic()
        time.sleep(FREEZE)
        os.kill(self.pid, signal.SIGCONT)
        self.took = time.monotonic() - began


@pytest.fixture
def service():
    with Service(options=ServiceOptions(rows=1)) as running:
        yield running


@pytest.mark.parametrize("engine", ["epoll", "io_uring"])
def test_a_freeze_shows_in_full(service, engine):
    freeze = Freeze(service.process.pid)
    freeze.start()
    report = load(
        f"{service.url}/healthz", rate=RATE, duration=SECONDS, connections=50, engine=engine
    )
    freeze.join()
    latency = report.latency
    # Requests that were due in the freeze wait for the rest of it: evenly from all of it to none.
    due = RATE * freeze.took
    total = RATE * SECONDS

    def quantile(q: float) -> float:
        """By arithmetic: the slowest `due` of all lie evenly between 0 and the freeze."""
        return max(0.0, freeze.took * (1 - (1 - q) * total / due))

    tolerance = 0.01 * freeze.took
    assert report.outcomes == {"2xx": total}
    assert latency.quantile(0.5) < tolerance
    for q in (0.9, 0.99, 1.0):
        assert latency.quantile(q) == pytest.approx(quantile(q), abs=tolerance), q
    slow = due * (freeze.took - 1) / freeze.took
    # None may be hidden. Serving a thousand that wait takes time as well, and makes some more slow.
    serving = 0.05
    assert 0.99 * slow <= latency.slower_than(1.0) <= 1.01 * slow + serving * RATE
    # The same from the actual send hides it: fifty connections waited, the others were not sent.
    assert report.result.all.response.slower_than(1.0) <= 50
    assert report.result.blocked.no_connection > 0.9 * (due - 50)


def test_a_closed_loop_hides_the_same_freeze(service):
    freeze = Freeze(service.process.pid)
    freeze.start()
    report = load(f"{service.url}/healthz", duration=SECONDS, connections=50)
    freeze.join()
    assert report.latency.slower_than(1.0) == 50
    assert report.latency.quantile(0.99) < 0.1 * freeze.took


def test_good_users_are_unharmed_by_every_kind_of_bad_one(service):
    bad = [
        Crowd(kind="connection_flood", count=100),
        Crowd(kind="slow_header", count=50, rate=50),
        Crowd(kind="slow_body", target="/echo", count=50, rate=100, bytes=100_000),
        Crowd(kind="endless_header", count=2, bytes=10_000_000, repeat=True),
        Crowd(kind="endless_body", target="/echo", count=2, bytes=100_000_000, repeat=True),
        # Few: many exports that begin at once are a load of queries, whoever reads them.
        Crowd(kind="slow_reader", target="/export.csv", count=5, rate=20_000),
        Crowd(kind="stopped_reader", target="/export.csv", count=5, bytes=1000),
        Crowd(kind="half_closer", count=2, repeat=True),
        Crowd(kind="resetter", count=2, repeat=True),
        Crowd(kind="raw", count=2, pieces=[("GET / HT\x00TP\r\n\r\n", 0.1)], repeat=True),
        Crowd(kind="pipeliner", count=2, depth=50, repeat=True),
    ]
    with Service(options=ServiceOptions(rows=20000)) as hardened:
        plan = Plan(
            arrivals=[constant(500, 4)],
            connections=32,
            requests=[
                RequestSpec(name="user", target="/users/{1..500}", weight=3),
                RequestSpec(name="orders", target="/orders?limit=20", expect='"orders":[{'),
            ],
            crowds=bad,
        )
        report = load(hardened.url, plan)
        broken = hardened.stops()["walks_broken_total"]
    assert report.outcomes == {"2xx": 2000}
    assert sum(r.unexpected for r in report.result.by_name.values()) == 0
    assert broken == 0
    by_kind = {c.kind: r for c, r in zip(bad, report.result.crowds, strict=True)}
    assert set(by_kind["endless_header"].statuses) <= {431, 0}
    assert by_kind["endless_header"].statuses[431] > 2
    assert by_kind["endless_body"].statuses[413] > 2
    assert by_kind["raw"].statuses[400] > 2
    assert by_kind["connection_flood"].bytes_read == 0
