"""The raw requests."""

import socket
import time

from sevenstops.framing.cases import Case, all_cases, send


def test_every_case_is_read_without_its_canary():
    cases = {case.id: case for case in all_cases()}
    assert len(cases) == 202
    assert cases["ok-get"].sent == b"GET /t HTTP/1.1\r\nHost: a.test\r\n\r\n"
    assert not any(b"/canary" in case.sent for case in cases.values())
    assert cases["ok-post-cl"].sent.startswith(b"POST /echo HTTP/1.1\r\n")
    assert not any(case.sent.startswith(b"POST /t ") for case in cases.values())
    assert len(cases["body-cl-2m-sent"].sent) > 2 << 20
    assert b"caf\xe9" in cases["ok-obs-text"].sent
    assert [s for s in cases["expect-wait"].steps if isinstance(s, float)] == [0.5]
    assert {case.want for case in cases.values()} == {"accept", "reject", "either"}


def test_a_pause_lies_between_what_is_sent():
    here, there = socket.socketpair()
    with here, there:
        began = time.monotonic()
        send(here, Case("x", "either", (b"GET ", 0.05, b"/")))
        assert time.monotonic() - began >= 0.05
        assert there.recv(100) == b"GET /"
