"""Services beneath that fail, are late, or are down: what a page does about it."""

import contextlib
import json
import signal
import urllib.request

import pytest

from sevenstops import RequestSpec, Service, ServiceOptions, load, poisson
from sevenstops.lab.measurements import extra_requests
from sevenstops.lab.settings import settings_from

pytestmark = pytest.mark.alone

WITHOUT_BREAKER = "handle.breaker.share=0"


@contextlib.contextmanager
def page_over(dependencies, *changes, preset="hardened"):
    """An entry over services, given as {name: their faults, one tuple for each replica}."""
    with contextlib.ExitStack() as stack:
        below = {
            name: [
                stack.enter_context(
                    Service(options=ServiceOptions(rows=1, faults=faults, hold_faults=True))
                )
                for faults in replicas
            ]
            for name, replicas in dependencies.items()
        }
        options = ServiceOptions(
            rows=1,
            dependencies=tuple((n, tuple(s.port for s in found)) for n, found in below.items()),
        )
        entry = stack.enter_context(Service(settings_from(preset, list(changes)), options))
        for service in (service for found in below.values() for service in found):
            service.begin_faults()
        yield entry, below


def ask(service, path="/page", **more):
    """A load whose requests don't wait for each other."""
    return load(service.url + path, connections=64, **more)


def fetch(service, path="/page"):
    with urllib.request.urlopen(service.url + path, timeout=5) as answer:
        return json.load(answer)


def test_a_page_is_answered_without_what_is_optional_and_says_so():
    dependencies = {"leaf": [()], "ads?*3": [("slow-dependency=9",)]}
    with page_over(dependencies, WITHOUT_BREAKER) as (entry, below):
        assert fetch(entry) == {"page": "partial", "missing": ["ads"]}
        report = ask(entry, rate=20, duration=0.5)
        assert report.outcomes == {"2xx": 10}
        # Half of 0.3 s is theirs, and no more.
        assert 0.14 < report.latency.quantile(0.5) < 0.29
        assert entry.stops()["pages_partial_total"] == 11
        assert below["ads?*3"][0].stops()["work_completed_total"] == 0


def test_the_fragile_page_fails_with_what_is_optional():
    dependencies = {"leaf": [()], "ads?": [("slow-dependency=9",)]}
    with page_over(dependencies, preset="fragile") as (entry, _):
        report = ask(entry, rate=20, duration=0.5)
        assert report.outcomes == {"5xx": 10}
        assert entry.stops()["pages_partial_total"] == 0


def test_a_tree_of_leaves_and_a_chain_answers_as_one_page():
    with contextlib.ExitStack() as stack:
        below = ()
        chain = {}
        for name in ("inventory", "pricing", "catalog"):
            options = ServiceOptions(rows=1, dependencies=below, faults=("latency=constant/0.002",))
            chain[name] = stack.enter_context(Service(options=options))
            below = ((name, chain[name].port),)
        leaves = [
            stack.enter_context(Service(options=ServiceOptions(rows=1, faults=(f"seed={n}",))))
            for n in range(2)
        ]
        options = ServiceOptions(
            rows=1, dependencies=(*below, ("leaf*20", tuple(s.port for s in leaves)))
        )
        entry = stack.enter_context(Service(options=options))
        assert ask(entry, rate=50, duration=1).outcomes == {"2xx": 50}
        assert [s.stops()["requests_total"] for s in chain.values()] == [50, 50, 50]
        assert sum(s.stops()["requests_total"] for s in leaves) == 1000


def test_errors_are_asked_again_within_the_budget():
    faults = ("fail=0.05",)
    with page_over({"leaf": [faults]}) as (entry, _):
        ask(entry, rate=400, duration=1)
        report = ask(entry, rate=400, duration=2)
        counters = entry.stops()
        assert 0.02 < extra_requests(counters) <= 0.1
        # Once and again one time in 20 each: one page in 8,000 fails twice and then once more.
        assert report.outcomes["2xx"] >= 795


def test_the_budget_bounds_what_is_asked_again():
    with page_over({"leaf": [("fail=1",)]}, WITHOUT_BREAKER) as (entry, below):
        report = ask(entry, rate=400, duration=1)
        assert report.outcomes == {"5xx": 400}
        assert sum(i.errors for i in report.result.series) == 400
        counters = entry.stops()
        assert 30 <= counters["dependency_retries_total"] <= 40
        assert counters["dependency_retries_denied_total"] >= 300
        asked = counters["dependency_requests_total"]
        assert below["leaf"][0].stops()["requests_total"] == asked
        assert asked == 400 + counters["dependency_retries_total"]


def test_without_bound_all_is_asked_again_until_the_time_is_up():
    with page_over({"leaf": [("fail=1",)]}, preset="fragile") as (entry, _):
        assert ask(entry, rate=20, duration=0.5).outcomes == {"5xx": 10}
        # Every 10 ms for 0.3 s.
        assert entry.stops()["dependency_retries_total"] >= 100


@pytest.mark.parametrize("way", ["refused", "late"])
def test_a_breaker_stops_asking_who_fails_and_tries_again(way):
    fault = "slowdown=1000/0/1.5" if way == "late" else "fail=1"
    faults = ("slow-dependency=0.002", fault)
    with page_over({"leaf": [faults]}, "handle.deadline=0.1", "handle.retry.most=0") as (
        entry,
        below,
    ):
        ask(entry, rate=200, duration=1.2)
        counters = entry.stops()
        assert counters["breakers_opened_total"] >= 1
        assert counters["dependency_stopped_total"] > 100
        assert counters["stops"]["handle"]["refused"]["dependency_stopped"] > 100
        assert below["leaf"][0].stops()["requests_total"] < 120
        if way == "late":
            ask(entry, rate=50, duration=1)
            assert ask(entry, rate=50, duration=0.5).outcomes == {"2xx": 25}
            assert entry.stops()["breakers_open"] == 0


def test_who_brings_no_time_opens_no_breaker():
    hasty = RequestSpec(target="/page", headers=[("X-Request-Deadline-Ms", "5")])
    with page_over({"leaf": [("slow-dependency=0.05",)]}) as (entry, _):
        assert ask(entry, requests=[hasty], rate=200, duration=0.5).outcomes == {"5xx": 100}
        assert entry.stops()["breakers_opened_total"] == 0
        assert fetch(entry) == {"page": "ok"}


def test_what_must_not_be_asked_twice_is_not():
    replicas = [("fail=1",), ("fail=1",)]
    with page_over({"ledger!": replicas}, WITHOUT_BREAKER, "handle.retry.budget=1000") as made:
        entry, below = made
        assert ask(entry, rate=100, duration=0.5).outcomes == {"5xx": 50}
        assert sum(s.stops()["requests_total"] for s in below["ledger!"]) == 50
        assert entry.stops()["dependency_retries_total"] == 0


def test_one_dependency_is_asked_by_its_name():
    with page_over({"quick": [()], "slow": [("slow-dependency=9",)]}) as (entry, below):
        assert ask(entry, path="/page?of=quick", rate=50, duration=0.2).outcomes == {"2xx": 10}
        assert below["slow"][0].stops()["requests_total"] == 0
        assert ask(entry, path="/page?of=nobody", rate=50, duration=0.2).outcomes == {"4xx": 10}


def test_tied_requests_are_worked_on_once():
    # A worker each, busy for 0.7 of the time: who finds one busy asks the other as well.
    faults = ("slow-dependency=0.02", "workers=1")
    with page_over(
        {"leaf": [faults, faults]}, "handle.hedge.tied=true", "handle.deadline=5"
    ) as made:
        entry, below = made
        report = ask(entry, arrivals=[poisson(70, 3)])
        pages = report.outcomes["2xx"]
        assert report.outcomes == {"2xx": pages}
        worked = sum(s.stops()["work_completed_total"] for s in below["leaf"])
        hedges = entry.stops()["dependency_hedges_total"]
        print(f"{pages} pages, {hedges} asked twice, {worked} times worked")
        # Who begins at once is not asked twice.
        assert 10 < hedges < pages
        # Both may begin in the moment before one can be called off, and then both may end.
        assert pages <= worked <= pages + hedges / 4


def test_a_page_that_failed_gives_up_the_rest():
    dependencies = {"broken": [("fail=1",)], "slow": [("slow-dependency=9",)]}
    with page_over(dependencies, WITHOUT_BREAKER, "handle.deadline=20") as (entry, _):
        report = ask(entry, rate=50, duration=0.4)
        assert report.outcomes == {"5xx": 20}
        assert report.latency.quantile(0.5) < 2
        assert entry.stops()["stops"]["handle"]["refused"] == {"dependency_failed": 20}


def test_a_replica_that_pauses_is_left_behind():
    settings = ("handle.hedge.budget=1", "handle.hedge.quantile=0.95", "handle.deadline=5")
    replicas = [("latency=lognormal/0.004/0.3", f"seed={n}") for n in range(4)]
    with page_over({"leaf*10": replicas}, *settings) as (entry, below):
        # Enough answers for an estimate.
        ask(entry, rate=100, duration=1.5)
        paused = below["leaf*10"][0].process.popen
        paused.send_signal(signal.SIGSTOP)
        try:
            report = ask(entry, rate=50, duration=1)
        finally:
            paused.send_signal(signal.SIGCONT)
        assert report.outcomes == {"2xx": 50}
        # Each page has two or three leaves there: without hedges it would wait for a second.
        assert report.latency.quantile(0.9) < 0.3
        assert entry.stops()["dependency_hedges_won_total"] > 100
