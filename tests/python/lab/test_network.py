"""A network namespace for a part of a run."""

import ctypes
import os
import threading

import pytest

from sevenstops import LabError, Plan, RequestSpec, _core, closed, hardened
from sevenstops.lab.network import (
    SERVICE_ADDRESS,
    SOMAXCONN,
    Link,
    LinkOptions,
    link_possible,
    own_network,
    own_network_possible,
)
from sevenstops.lab.service import Service, ServiceOptions
from sevenstops.lab.settings import SideSettings
from sevenstops.loading.running import run_plan

pytestmark = pytest.mark.skipif(
    not own_network_possible(), reason="this process may have no network namespace of its own"
)


def where():
    return os.readlink("/proc/thread-self/ns/net")


def test_what_the_thread_starts_is_in_it_and_nothing_else_is_changed():
    outside, most = where(), SOMAXCONN.read_text()
    found = []
    with own_network(somaxconn=33):
        assert where() != outside
        assert SOMAXCONN.read_text() == "33\n"
        thread = threading.Thread(target=lambda: found.append(where()))
        thread.start()
        thread.join()
        assert found == [where()]
    assert (where(), SOMAXCONN.read_text()) == (outside, most)


def test_an_error_leaves_it():
    outside = where()
    with pytest.raises(ZeroDivisionError), own_network(somaxconn=33):
        raise ZeroDivisionError
    assert where() == outside


def without_rights():
    """Takes every capability from the calling thread (capget(2), version 3)."""
    header = (ctypes.c_uint32 * 2)(0x20080522, 0)
    assert ctypes.CDLL(None).capset(header, (ctypes.c_uint32 * 6)()) == 0


def test_a_thread_that_can_not_go_back_says_so():
    said = []

    def stay():
        try:
            with own_network(somaxconn=33):
                without_rights()
        except LabError as error:
            said.append(str(error))

    # The rights that it gives up are its own.
    thread = threading.Thread(target=stay)
    thread.start()
    thread.join()
    assert said == ["the thread can't go back to its network namespace: Operation not permitted"]


@pytest.mark.parametrize(("raised", "granted"), [("0", 33), ("20", 33), ("500", 500)])
def test_a_service_raises_the_limit_where_it_is_told_to(raised, granted):
    changed = SideSettings(hardened()).changed({"accept.somaxconn": raised})
    with own_network(somaxconn=33), Service(changed.settings) as service:
        assert service.listener().backlog == granted
        assert _core.fetch(_core.Target(service.port), "/healthz")[0] == 200
        assert int(SOMAXCONN.read_text()) == granted


LINKED = pytest.mark.skipif(not link_possible(), reason="this process may have no TUN device")


def asked(link, path="/healthz", **fields):
    """What a client at the other end got of a service at this one."""
    plan = Plan(
        arrivals=[closed(0.5)],
        requests=[RequestSpec(target=path)],
        allow=[SERVICE_ADDRESS],
        **fields,
    )
    with Service(options=ServiceOptions(address="0.0.0.0")) as service:
        with link.clients():
            result = run_plan(plan, service.port, SERVICE_ADDRESS)
        # The admin listener is at this end.
        assert service.stops()["requests_total"] == result.sent
    return result


@LINKED
def test_a_link_has_two_namespaces_and_leaves_none():
    outside = where()
    with Link(LinkOptions()) as link:
        service = where()
        with link.clients():
            clients = where()
        assert where() == service
    assert where() == outside
    assert len({outside, service, clients}) == 3


@LINKED
def test_a_request_over_a_link_takes_its_round_trip():
    with Link(LinkOptions(delay=0.03)) as link:
        result = asked(link)
    assert result.all.outcomes.keys() == {"2xx"}
    assert 0.06 <= result.all.response.quantile(0.0) < 0.1


@LINKED
def test_what_is_lost_is_sent_again_and_counted():
    with Link(LinkOptions(delay=0.001, loss=0.03)) as link:
        result = asked(link, "/export.csv")
        back = link.relay.back
    assert result.all.outcomes.keys() == {"2xx"}
    assert 0.005 < back.lost / (back.lost + back.carried) < 0.1


@LINKED
def test_the_rate_of_a_link_holds():
    with Link(LinkOptions(delay=0, rate=2e6)) as link:
        result = asked(link, "/export.csv")
    slowest = result.bytes_received / result.answered / result.all.response.quantile(0.0)
    assert slowest < 2e6


@LINKED
def test_a_link_that_makes_no_sense_leaves_nothing():
    outside = where()
    with pytest.raises(LabError, match="share between 0 and 1"):
        Link(LinkOptions(loss=2))
    assert where() == outside
    with Link(LinkOptions()):
        pass


@LINKED
def test_a_load_does_not_leave_this_machine_by_mistake():
    with (
        Link(LinkOptions(delay=0)) as link,
        Service(options=ServiceOptions(address="0.0.0.0")) as service,
        link.clients(),
        pytest.raises(LabError, match="goes to loopback only"),
    ):
        run_plan(Plan(arrivals=[closed(0.1)]), service.port, SERVICE_ADDRESS)
