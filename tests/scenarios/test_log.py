"""What the service writes down: when nobody reads it, when the file is moved away, at the end."""

import json
import os
import signal
import socket
import struct
import subprocess
import time
from contextlib import suppress

import pytest

from sevenstops.lab.processes import EXECUTABLE
from sevenstops.lab.service import TOKEN_VARIABLE

PATIENCE = 30


@pytest.fixture
def start():
    """Starts the executable; gives it and the ports of the service and of its admin listener."""
    running = []

    def one(*arguments, stderr=subprocess.PIPE):
        process = subprocess.Popen(
            [EXECUTABLE, "--rows", "1", "--threads", "1", *arguments],
            stdout=subprocess.PIPE,
            stderr=stderr,
            env={**os.environ, TOKEN_VARIABLE: "let-me-in"},
        )
        running.append(process)
        ports = json.loads(process.stdout.readline())
        return process, ports["port"], ports["admin_port"]

    yield one
    for process in running:
        process.kill()
        process.communicate()


def ask(port, count, line="GET /healthz HTTP/1.1", fields=""):
    """So many requests on one connection, each answered before the next batch is sent."""
    request = f"{line}\r\nHost: a\r\n{fields}\r\n".encode()
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        for begin in range(0, count, 50):
            batch = min(50, count - begin)
            connection.sendall(request * batch)
            answers = b""
            while answers.count(b"HTTP/1.1 ") < batch:
                more = connection.recv(65536)
                assert more, "the connection ended before its answers"
                answers += more


def stops(port):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(b"GET /stops HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        answer = b"".join(iter(lambda: connection.recv(65536), b""))
    return json.loads(answer.partition(b"\r\n\r\n")[2])


def wait_for(condition, what):
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.02)


def targets(file):
    return [json.loads(line)["target"] for line in file.read_text().splitlines()]


def test_sentences_that_nobody_reads_are_counted_and_do_not_keep_the_service(start):
    process, port, admin = start("--fault", "failing-layer=1")
    ask(port, 6000, "GET /admin HTTP/1.1", "Authorization: Bearer let-me-in\r\n")
    wait_for(lambda: stops(admin)["error_log_dropped_total"] > 1000, "nothing was dropped")
    process.send_signal(signal.SIGTERM)
    assert process.wait(8) == 0


def test_an_access_log_whose_reader_has_stopped_does_not_keep_the_service(start, tmp_path):
    file = tmp_path / "access.log"
    os.mkfifo(file)
    reader = os.open(file, os.O_RDONLY | os.O_NONBLOCK)
    try:
        process, port, _ = start("--access-log", file)
        ask(port, 2000)
        process.send_signal(signal.SIGTERM)
        assert process.wait(8) == 0
    finally:
        os.close(reader)


def test_what_was_logged_is_there_after_sigterm(start, tmp_path):
    file = tmp_path / "access.log"
    process, port, _ = start("--access-log", file)
    ask(port, 2000)
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert targets(file) == ["/healthz"] * 2000


def test_sighup_opens_the_access_log_anew(start, tmp_path):
    file, moved = tmp_path / "access.log", tmp_path / "access.log.1"
    process, port, _ = start("--access-log", file)
    ask(port, 3, "GET /users/1 HTTP/1.1")
    # The last line may be logged after its answer has come.
    wait_for(lambda: file.read_text().count("\n") == 3, "the lines were not flushed")
    file.rename(moved)
    process.send_signal(signal.SIGHUP)
    wait_for(file.exists, "no file was opened")
    ask(port, 2, "GET /users/2 HTTP/1.1")
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    assert targets(moved) == ["/users/1"] * 3
    assert targets(file) == ["/users/2"] * 2


def test_without_an_access_log_sighup_ends_the_service_as_sigterm_does(start):
    process, port, _ = start()
    ask(port, 1)
    process.send_signal(signal.SIGHUP)
    assert process.wait(PATIENCE) == 0


def test_a_service_that_was_started_by_nohup_outlives_its_terminal():
    process = subprocess.Popen(
        ["nohup", EXECUTABLE, "--rows", "1"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    try:
        process.stdout.readline()
        process.send_signal(signal.SIGHUP)
        with suppress(subprocess.TimeoutExpired):
            process.wait(0.5)
        assert process.poll() is None
    finally:
        process.terminate()
        assert process.wait(PATIENCE) == 0
        process.stdout.close()


def frame(kind, flags, stream, payload=b""):
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


def test_what_http2_refuses_has_a_line_for_each_that_stops_counts(start, tmp_path):
    file = tmp_path / "access.log"
    process, port, admin = start("--access-log", file)
    # RFC 9113, 8.3.1: a request has a path; 5.1: nothing but HEADERS begins a stream.
    without_path = frame(1, 5, 1, b"\x82\x86")
    on_no_stream = frame(0, 0, 3, b"x")
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as connection:
        connection.sendall(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(4, 0, 0) + without_path)
        answer = b""
        while frame(3, 0, 1, b"\0\0\0\1") not in answer:
            more = connection.recv(65536)
            assert more, "the stream was not reset"
            answer += more
        connection.sendall(on_no_stream)
        while connection.recv(65536):
            pass
    counted = stops(admin)["stops"]["parse"]["refused"]
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) == 0
    lines = [json.loads(line) for line in file.read_text().splitlines()]
    assert sorted(line["refused"] for line in lines) == ["http2_message", "http2_protocol"]
    assert {reason: count for reason, count in counted.items() if count} == {
        "http2_message": 1,
        "http2_protocol": 1,
    }
    for line in lines:
        assert line["protocol"] == "HTTP/2.0"
        assert (line["status"], line["method"], line["target"]) == (0, "", "")
