"""A network namespace for a part of a run."""

import ctypes
import os
import threading

import pytest

from sevenstops import LabError, _core, hardened
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
