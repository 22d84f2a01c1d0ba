"""Floods of HTTP/2: each is what its name says, and has a bound of its own."""

import pytest

from sevenstops import Crowd, Plan, RequestSpec, Service, ServiceOptions, constant
from sevenstops.lab.settings import settings_from
from sevenstops.loading.floods import FLOODS
from sevenstops.loading.running import run_plan

PROTOCOL = "http2_protocol"


def refused(flood, *changes):
    """What Parse counted while one connection sent it for half a second."""
    crowd = Crowd(
        kind="http2_flood", name="flood", count=1, rate=flood.rate, pause=5.0,
        pieces=[(flood.piece("/healthz"), 0)],
    )  # fmt: skip
    plan = Plan(
        arrivals=[constant(20, 0.5)],
        connections=1,
        requests=[RequestSpec(name="good", target="/healthz")],
        crowds=[crowd],
    )
    others = [f"{setting}=0" for setting in flood.others]
    settings = settings_from("hardened", (*others, *changes))
    with Service(settings, ServiceOptions(rows=1000)) as service:
        result = run_plan(plan, service.port)
        assert result.all.outcomes == {"2xx": result.requests}
        return service.stops()["stops"]["parse"]["refused"]


@pytest.mark.parametrize("flood", FLOODS, ids=lambda f: f.name)
def test_its_bound_ends_it_and_nothing_else_does(flood):
    assert refused(flood)[flood.reason] == 1
    # A head without an end has a limit in bytes as well.
    left = refused(flood, f"{flood.setting}=0")
    if flood.reason == PROTOCOL:
        assert left[PROTOCOL] == 1
    else:
        assert flood.reason not in left
        assert set(left) <= {"http2_message", "header_limit"}


def test_names_tell_them_apart():
    assert len({flood.name for flood in FLOODS}) == len(FLOODS)
