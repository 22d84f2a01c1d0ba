"""A network namespace for a part of a run."""

import os
import threading

import pytest

from sevenstops import _core, hardened
from sevenstops.lab.network import SOMAXCONN, own_network, own_network_possible
from sevenstops.lab.service import Service
from sevenstops.lab.settings import SideSettings

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


@pytest.mark.parametrize(("raised", "granted"), [("0", 33), ("20", 33), ("500", 500)])
def test_a_service_raises_the_limit_where_it_is_told_to(raised, granted):
    changed = SideSettings(hardened()).changed({"accept.somaxconn": raised})
    with own_network(somaxconn=33), Service(changed.settings) as service:
        assert service.listener().backlog == granted
        assert _core.fetch(_core.Target(service.port), "/healthz")[0] == 200
        assert int(SOMAXCONN.read_text()) == granted
