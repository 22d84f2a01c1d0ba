"""Stands for the service behind a proxy, and keeps every byte that comes."""

import contextlib
import socket
import threading
import time

from sevenstops.errors import LabError
from sevenstops.lab.stoppable import Stoppable

QUIET = 0.1
"""Seconds without a byte after which it answers."""

MOST = 64 << 20
"""Bytes that one connection may bring; it is answered and closed at more."""

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok"


class Recorder(Stoppable):
    """A TCP server on a free port of 127.0.0.1, whose every connection has one answer.

    A context manager that ends it. Whatever came, it answers 200 once nothing more has come for
    QUIET seconds, and closes.
    """

    def __init__(self) -> None:
        """Listens."""
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port: int = self._listener.getsockname()[1]
        self._changed = threading.Condition()
        self._recorded: list[bytearray] = []
        self._open: set[socket.socket] = set()
        self._busy = 0
        self._ending = False
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    def take(self, timeout: float = 5.0) -> list[bytes]:
        """What came on each connection since the last call, once all have been answered.

        Connections that brought nothing are left out. Raises LabError after `timeout` seconds.
        """
        with self._changed:
            if not self._changed.wait_for(lambda: self._busy == 0, timeout):
                raise LabError(f"a proxy went on sending for more than {timeout:g} s")
            taken = [bytes(one) for one in self._recorded]
            self._recorded = []
        return taken

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            with self._changed:
                if self._ending:
                    connection.close()
                    return
                self._open.add(connection)
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        came = bytearray()
        try:
            with contextlib.suppress(OSError):
                self._read(connection, came)
                connection.sendall(ANSWER)
                connection.shutdown(socket.SHUT_WR)
                self._read_on(connection, came)
        finally:
            with self._changed:
                self._open.discard(connection)
                connection.close()
                if came:
                    self._busy -= 1
                self._changed.notify_all()

    def _read(self, connection: socket.socket, came: bytearray) -> None:
        """Reads until nothing more comes. The first byte may take its time: proxies dial ahead."""
        with contextlib.suppress(TimeoutError):
            while len(came) < MOST and (piece := connection.recv(1 << 16)):
                first = not came
                came += piece
                if first:
                    with self._changed:
                        self._busy += 1
                        self._recorded.append(came)
                    connection.settimeout(QUIET)

    def _read_on(self, connection: socket.socket, came: bytearray) -> None:
        """Reads what comes after the answer, so that the close finds nothing unread."""
        end = time.monotonic() + 1.0
        with contextlib.suppress(TimeoutError):
            while time.monotonic() < end and len(came) < MOST:
                if not (piece := connection.recv(1 << 16)):
                    return
                came += piece

    def _end(self) -> None:
        with self._changed:
            self._ending = True
            left = list(self._open)
        # A close alone would not wake the threads that wait in accept and recv.
        for one in (self._listener, *left):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join(5)
