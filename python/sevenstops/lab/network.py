"""A network namespace for a part of a run, and a link between two."""

import contextlib
import fcntl
import os
import struct
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sevenstops import _core
from sevenstops.errors import LabError, core_errors
from sevenstops.lab.stoppable import Stoppable

SOMAXCONN = Path("/proc/sys/net/core/somaxconn")


def own_network_possible() -> bool:
    """Whether this process may have a network namespace, with a net.core.somaxconn of its own."""
    return _core.OwnNetwork.possible()


@contextlib.contextmanager
def _network() -> Iterator[None]:
    """The calling thread, and what it starts, in a network namespace of its own."""
    with core_errors():
        network = _core.OwnNetwork()
    try:
        yield
    finally:
        with core_errors():
            network.leave()


def _write(file: Path, text: str) -> None:
    try:
        file.write_text(text)
    except OSError as error:
        raise LabError(f"{file} can't be written: {error.strerror}") from error


@contextlib.contextmanager
def own_network(somaxconn: int) -> Iterator[None]:
    """The calling thread, and what it starts, in a network namespace with this net.core.somaxconn.

    Raises LabError where the system does not allow it, or the thread can't go back to where it was.
    """
    with _network():
        _write(SOMAXCONN, str(somaxconn))
        yield


SERVICE_ADDRESS = "198.18.0.1"
"""Of the service's end of a link (RFC 2544: the block for measuring networks)."""
CLIENT_ADDRESS = "198.18.0.2"
"""Of the clients' end."""
CONGESTION = "cubic"
"""What both ends of a link do about congestion, whatever the system's default is."""

_DEVICE = "sevenstops0"
_TUN = Path("/dev/net/tun")
# linux/if_tun.h: TUNSETIFF, and IFF_TUN | IFF_NO_PI.
_SET_INTERFACE = 0x400454CA
_PLAIN_TUN = 0x1001
_IPV4 = Path("/proc/sys/net/ipv4")
_HERE = "/proc/thread-self/ns/net"


@dataclass(frozen=True)
class LinkOptions:
    """What lies between clients and service: seconds each way, and of what the service sends the
    share that is lost and the bytes a second (0: no bound). `window` is the initial congestion
    window of both ends, in packets (RFC 6928: 10).
    """

    delay: float = 0.01
    loss: float = 0.0
    rate: float = 0.0
    window: int = 10
    seed: int = 1


class Link(Stoppable):
    """A link between two network namespaces: that of the service, in which the calling thread is as
    long as there is a link, and that of the clients.

    Packets of at most 1,500 bytes cross it. A service that listens everywhere in its namespace is
    reached at SERVICE_ADDRESS by who is within `clients()`. Congestion windows outlive silence in
    both, and nothing is remembered from one connection to the next.
    """

    def __init__(self, options: LinkOptions) -> None:
        """Raises LabError in one sentence where the system does not allow it."""
        self._open = contextlib.ExitStack()
        try:
            with _network():
                self._there = self._descriptor(_HERE)
                clients = self._device(CLIENT_ADDRESS, options.window)
            self._open.enter_context(_network())
            service = self._device(SERVICE_ADDRESS, options.window)
            with core_errors():
                self.relay = _core.Relay(
                    clients,
                    service,
                    there=_core.LinkPath(delay=options.delay),
                    back=_core.LinkPath(
                        delay=options.delay,
                        loss=options.loss,
                        rate=options.rate,
                        seed=options.seed,
                    ),
                )
        except BaseException:
            self._open.close()
            raise

    def _end(self) -> None:
        self.relay.stop()
        self._open.close()

    @contextlib.contextmanager
    def clients(self) -> Iterator[None]:
        """The calling thread, and what it starts, among the clients."""
        before = os.open(_HERE, os.O_RDONLY)
        try:
            _join(self._there)
            try:
                yield
            finally:
                _join(before)
        finally:
            os.close(before)

    def _descriptor(self, path: str) -> int:
        try:
            fd = os.open(path, os.O_RDWR if path == str(_TUN) else os.O_RDONLY)
        except OSError as error:
            raise LabError(f"{path} can't be opened: {error.strerror}") from error
        self._open.callback(os.close, fd)
        return fd

    def _device(self, address: str, window: int) -> int:
        """A TUN device in the calling thread's namespace, with this address and the route."""
        fd = self._descriptor(str(_TUN))
        try:
            fcntl.ioctl(fd, _SET_INTERFACE, struct.pack("16sH22x", _DEVICE.encode(), _PLAIN_TUN))
        except OSError as error:
            raise LabError(f"no TUN device can be made: {error.strerror}") from error
        for command in (
            f"link set {_DEVICE} up txqueuelen 10000",
            f"address add {address}/32 dev {_DEVICE}",
            f"route add 198.18.0.0/30 dev {_DEVICE} src {address} congctl {CONGESTION} "
            f"initcwnd {window}",
        ):
            _ip(*command.split())
        for name, value in (("tcp_slow_start_after_idle", "0"), ("tcp_no_metrics_save", "1")):
            _write(_IPV4 / name, value)
        return fd


def _join(network: int) -> None:
    with core_errors():
        _core.join_network(network)


def _ip(*arguments: str) -> None:
    """Runs `ip`. LabError in one sentence where it fails."""
    try:
        ended = subprocess.run(["ip", *arguments], capture_output=True, text=True, check=False)
    except OSError as error:
        raise LabError(f"ip can't be run: {error.strerror}") from error
    if ended.returncode != 0:
        raise LabError(f"`ip {' '.join(arguments)}` failed: {ended.stderr.strip()}")


def link_possible() -> bool:
    """Whether this process may have a link."""
    try:
        with Link(LinkOptions()):
            return True
    except LabError:
        return False
