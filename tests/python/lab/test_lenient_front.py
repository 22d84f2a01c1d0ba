"""The lab's lenient front: what it frames by, and that it hands on all bytes."""

import socket
import threading

import pytest

from sevenstops.lab.lenient_front import LenientFront

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"
BOTH = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 8\r\nTransfer-Encoding: chunked\r\n\r\n"
BODY = b"0\r\n\r\nabc"


class Recorder:
    """A service that keeps what comes and answers each connection when it is told."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.came = []
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            while piece := connection.recv(65536):
                self.came.append(piece)
                connection.sendall(ANSWER)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        # Wakes the one who accepts.
        self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


def asked(front, message):
    with socket.create_connection(("127.0.0.1", front.port), timeout=5) as client:
        client.sendall(message)
        return client.recv(65536)


@pytest.mark.parametrize(("reading", "forwarded"), [("length", BODY), ("chunks", BODY[:5])])
def test_of_two_framings_the_one_it_reads_by_counts(reading, forwarded):
    with Recorder() as service, LenientFront(service.port, reading) as front:
        assert asked(front, BOTH + BODY) == ANSWER
        assert service.came[0] == BOTH + forwarded


def test_connections_are_kept_and_shared():
    with Recorder() as service, LenientFront(service.port, "length") as front:
        one = b"GET /1 HTTP/1.1\r\nHost: a\r\n\r\n"
        assert asked(front, one) == ANSWER
        assert asked(front, one) == ANSWER
        assert service.came == [one, one]


def test_what_is_no_message_ends_the_connection():
    with Recorder() as service, LenientFront(service.port, "chunks") as front:
        wrong = BOTH + b"zz\r\n"
        assert asked(front, wrong) == b""
        assert service.came == []
