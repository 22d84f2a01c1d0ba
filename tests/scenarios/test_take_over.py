"""A service takes the port of another one over, which ends then."""

import time
from pathlib import Path

import pytest

from sevenstops import LabError, Plan, RequestSpec, Service, ServiceOptions, _core
from sevenstops.lab.network import own_network, own_network_possible
from sevenstops.lab.settings import SideSettings
from sevenstops.loading.plans import constant

pytestmark = [
    pytest.mark.alone,
    pytest.mark.skipif(
        not own_network_possible(), reason="this system allows no network namespace"
    ),
]

MIGRATE = Path("/proc/sys/net/ipv4/tcp_migrate_req")
RESTARTS = 3
# A dropped SYN is sent again after a second (RFC 6298, 2.1).
SENT_AGAIN = 0.9


@pytest.fixture(autouse=True)
def network():
    with own_network(somaxconn=4096):
        yield


def service(port=0, take_over=False):
    settings = SideSettings(_core.hardened()).changed(
        {
            "drain.grace": "2",
            "drain.idle_grace": "0.2",
            "accept.queue_time": "0",
            "accept.take_over": str(take_over).lower(),
        }
    )
    return Service(settings.settings, ServiceOptions(port=port, threads=2, rows=1))


def loaded(port, headers=()):
    """A load of orders that are sent once each."""
    plan = Plan(
        seed=3,
        arrivals=[constant(1000, duration=0.4 + 0.5 * RESTARTS)],
        cool_down=1.5,
        connections=64,
        requests=[
            RequestSpec(
                name="order", method="POST", target="/echo", body="{}", expect="{}",
                headers=list(headers),
            )
        ],
    )  # fmt: skip
    return _core.LoadRun(plan, _core.Target(port))


def handed_on(first, headers=()):
    """What became of the orders while the service was replaced; the services' exit codes."""
    run = loaded(first.port, headers)
    codes = []
    leaving = first
    for _ in range(RESTARTS):
        time.sleep(0.4)
        coming = service(leaving.port, take_over=True)
        leaving.leave()
        codes.append(leaving.exit_code(5))
        leaving = coming
    result = run.result()
    with leaving:
        assert leaving.stops()["requests_total"] > 0
    return result, codes


@pytest.mark.parametrize("headers", [(), [("Connection", "close")]], ids=["kept", "new"])
def test_no_request_is_lost_and_none_waits_for_its_connection(headers):
    result, codes = handed_on(service(), headers)
    assert codes == [0] * RESTARTS
    assert result.all.outcomes == {"2xx": result.due}
    assert result.all.unexpected == 0
    assert result.all.latency.quantile(1.0) < SENT_AGAIN
    assert MIGRATE.read_text().strip() == "1"


def test_a_port_that_nobody_has_is_taken_as_without():
    with service() as gone:
        port = gone.port
    with service(port, take_over=True) as running:
        assert running.port == port


def test_without_it_a_port_that_is_taken_is_refused_and_its_owner_goes_on():
    with service() as running:
        with pytest.raises(LabError, match="Address already in use"):
            service(running.port)
        assert running.process.alive
