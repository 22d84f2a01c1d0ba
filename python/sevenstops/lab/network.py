"""A network namespace for a part of a run, beside the one that a run has."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from sevenstops import _core
from sevenstops.errors import LabError, core_errors

SOMAXCONN = Path("/proc/sys/net/core/somaxconn")


def own_network_possible() -> bool:
    """Whether this process may have a network namespace, with a net.core.somaxconn of its own."""
    return _core.OwnNetwork.possible()


@contextlib.contextmanager
def own_network(somaxconn: int) -> Iterator[None]:
    """The calling thread, and what it starts, in a network namespace with this net.core.somaxconn.

    Raises LabError where the system does not allow it, or the thread can't go back to where it was.
    """
    with core_errors():
        network = _core.OwnNetwork()
    try:
        try:
            SOMAXCONN.write_text(str(somaxconn))
        except OSError as error:
            raise LabError(f"{SOMAXCONN} can't be written: {error.strerror}") from error
        yield
    finally:
        with core_errors():
            network.leave()
