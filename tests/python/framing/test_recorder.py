"""What stands behind a proxy keeps every byte, and answers once."""

import socket
import threading
import time

import pytest

from sevenstops import LabError
from sevenstops.framing.recorder import ANSWER, Recorder
from sevenstops.lab.stoppable import Stoppable


def talk(port: int, *pieces: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=10) as connection:
        for piece in pieces:
            connection.sendall(piece)
            time.sleep(0.03)
        answer = b""
        while piece := connection.recv(1000):
            answer += piece
        return answer


def test_it_keeps_every_byte_of_each_connection_and_answers_once():
    with Recorder() as recorder:
        assert talk(recorder.port, b"GET / HT", b"TP/1.1\r\n", b"\x00\xff") == ANSWER
        assert talk(recorder.port, b"second") == ANSWER
        assert recorder.take() == [b"GET / HTTP/1.1\r\n\x00\xff", b"second"]
        assert recorder.take() == []


def test_a_connection_that_brings_nothing_is_not_waited_for():
    with (
        Recorder() as recorder,
        socket.create_connection(("127.0.0.1", recorder.port)),
    ):
        began = time.monotonic()
        assert recorder.take() == []
        assert time.monotonic() - began < 2


def test_what_comes_behind_the_answer_is_kept():
    with (
        Recorder() as recorder,
        socket.create_connection(("127.0.0.1", recorder.port), timeout=10) as connection,
    ):
        connection.sendall(b"head")
        assert connection.recv(1000) == ANSWER
        connection.sendall(b" and more")
        connection.shutdown(socket.SHUT_WR)
        assert recorder.take() == [b"head and more"]


def test_one_who_never_ends_is_a_sentence():
    stop = threading.Event()

    def trickle(connection: socket.socket) -> None:
        while not stop.wait(0.01):
            connection.sendall(b"x")

    with (
        Recorder() as recorder,
        socket.create_connection(("127.0.0.1", recorder.port)) as connection,
    ):
        sender = threading.Thread(target=trickle, args=(connection,))
        sender.start()
        time.sleep(0.1)
        with pytest.raises(LabError, match=r"went on sending for more than 0\.3 s"):
            recorder.take(timeout=0.3)
        stop.set()
        sender.join()


def test_its_end_leaves_no_thread_and_no_port():
    # Threads of the tests before may end meanwhile.
    before = set(threading.enumerate())
    recorder = Recorder()
    assert isinstance(recorder, Stoppable)
    with socket.create_connection(("127.0.0.1", recorder.port)) as idle:
        time.sleep(0.05)
        recorder.stop()
        recorder.stop()
        assert idle.recv(1000) in (b"", ANSWER)
    end = time.monotonic() + 5
    while set(threading.enumerate()) - before and time.monotonic() < end:
        time.sleep(0.01)
    assert not set(threading.enumerate()) - before
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", recorder.port)) != 0
