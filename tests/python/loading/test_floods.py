"""Floods of HTTP/2: each is what its name says, and has a bound of its own."""

import pytest

from sevenstops import Crowd, Plan, RequestSpec, Service, ServiceOptions, constant
from sevenstops.lab.settings import settings_from
from sevenstops.loading.floods import FLOODS, PROTOCOL
from sevenstops.loading.running import run_plan


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
    with Service(settings_from("hardened", changes), ServiceOptions(rows=1000)) as service:
        result = run_plan(plan, service.port)
        assert result.all.outcomes == {"2xx": result.requests}
        return service.stops()["stops"]["parse"]["refused"]


@pytest.mark.parametrize("flood", FLOODS, ids=lambda f: f.name)
def test_its_bound_ends_it_and_without_it_no_other_bound_of_frames_does(flood):
    others = [f"{setting}=0" for setting in flood.others]
    assert refused(flood, *others)[flood.reason] == 1
    left = refused(flood, *flood.unbounded)
    if flood.reason == PROTOCOL:
        assert left[PROTOCOL] == 1
    else:
        assert flood.reason not in left
        # Requests that are wrong; and a head without an end has a limit in bytes as well.
        assert set(left) <= {"http2_message", "header_limit"}


@pytest.mark.parametrize("flood", FLOODS, ids=lambda f: f.name)
def test_the_hardened_preset_ends_it(flood):
    assert set(refused(flood)) - {"http2_message"}


def test_names_tell_them_apart():
    assert len({flood.name for flood in FLOODS}) == len(FLOODS)
