"""What counts as rewritten, and what as a disagreement."""

import pytest

from sevenstops.framing.judge import disagreement, outcome
from sevenstops.framing.messages import Answer, Framing, Request

HEAD = b"POST /echo HTTP/1.1\r\nHost: a\r\n"
CHUNKED = HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n"
LENGTH = HEAD + b"Content-Length: 5\r\n\r\nhello"


@pytest.mark.parametrize(
    ("sent", "recorded", "kind", "how"),
    [
        (LENGTH, [], "refused", []),
        (LENGTH, [b"POST /echo HTTP/1.1\r\nHost: a\r\n"], "refused", []),
        (LENGTH, [LENGTH], "forwarded", []),
        # What belongs to a connection, small letters, and what proxies say of themselves.
        (LENGTH.replace(b"Host", b"Connection: x\r\nHost"), [LENGTH.replace(b"Host", b"host")],
         "forwarded", []),
        (LENGTH, [LENGTH.replace(b"Host", b"X-Forwarded-For: b\r\nHost")], "forwarded", []),
        (CHUNKED, [LENGTH], "rewritten", ["chunked became Content-Length", "body written anew"]),
        (LENGTH, [CHUNKED], "rewritten", ["body became chunked", "body written anew"]),
        (LENGTH, [LENGTH[:-5]], "rewritten", ["body dropped"]),
        (LENGTH, [LENGTH.replace(b"/echo", b"/other")], "rewritten", ["target changed"]),
        (LENGTH, [LENGTH.replace(b"1.1", b"1.0")], "rewritten", ["version changed"]),
        (LENGTH, [LENGTH.replace(b"Host: a", b"Host: b")], "rewritten", ["host changed"]),
        (LENGTH, [LENGTH.replace(b"Host", b"New: b\r\nHost")], "rewritten", ["new added"]),
        (LENGTH.replace(b"Host", b"X Y: b\r\nHost"), [LENGTH], "rewritten", ["x y dropped"]),
        (LENGTH.replace(b"Host", b": b\r\nHost"), [LENGTH], "rewritten",
         ["a field without name dropped"]),
        (LENGTH.replace(b"Host", b"X: b\r\nX: c\r\nHost"),
         [LENGTH.replace(b"Host", b"X: b, c\r\nHost")], "rewritten", ["x merged"]),
        (LENGTH, [LENGTH, LENGTH], "rewritten", ["sent on 2 connections"]),
        # However the lines end.
        (LENGTH.replace(b"\r\n", b"\n"), [LENGTH], "forwarded", []),
    ],
)  # fmt: skip
def test_what_a_proxy_did(sent, recorded, kind, how):
    assert outcome(sent, recorded) == (kind, how)


def wrote(*lengths: int, tail: str = "") -> Framing:
    """Posts to /echo with bodies of so many bytes."""
    return Framing(tuple(Request("POST", "/echo", n) for n in lengths), tail)


def read(*lengths: int) -> list[Answer]:
    """Answers of /echo."""
    return [Answer(200, n, False) for n in lengths]


REFUSED = Answer(400, 7, True)
TURNED_AWAY = Answer(404, 7, True)
ELSEWHERE = Framing((Request("GET", "/t", 5),), "")


@pytest.mark.parametrize(
    ("framed", "answered"),
    [
        (wrote(5), read(5)),
        (wrote(5, 0), read(5, 0)),
        # A refusal that ends the connection is no other opinion.
        (wrote(5), [REFUSED]),
        (wrote(5, 7), [*read(5), REFUSED]),
        (wrote(5, 7), [Answer(200, 5, True)]),
        # Of a body that breaks off nobody makes a request.
        (wrote(tail="truncated"), []),
        (wrote(tail="truncated"), [REFUSED]),
        (wrote(tail="truncated"), [TURNED_AWAY]),
        (wrote(5, tail="truncated"), read(5)),
        (wrote(tail="unreadable: x"), [REFUSED]),
        (wrote(5, tail="unreadable: x"), [*read(5), REFUSED]),
        # Elsewhere than at /echo the number of answers counts, not their length.
        (ELSEWHERE, [Answer(404, 9, False)]),
    ],
)
def test_they_agree(framed, answered):
    assert disagreement(framed, answered) == ""


@pytest.mark.parametrize(
    ("framed", "answered", "words"),
    [
        # CL.TE: the proxy wrote six bytes of body, the service took the rest for a request.
        (wrote(6), read(0), "body 1: the proxy wrote 6 bytes, the service read 0"),
        (wrote(6), [*read(0), REFUSED], "body 1: the proxy wrote 6 bytes, the service read 0"),
        (wrote(38), read(38, 0), "the proxy wrote 1 request, the service answered 2"),
        (wrote(5, 5), read(5), "the proxy wrote 2 requests, the service answered 1"),
        (wrote(5), [], "the proxy wrote 1 request, the service answered 0"),
        (wrote(5), [*read(5), REFUSED],
         "the proxy wrote 1 request, the service saw more to refuse"),
        (wrote(tail="truncated"), read(5), "the proxy wrote 0 requests, the service answered 1"),
        (wrote(tail="truncated"), [Answer(404, 7, False)],
         "the proxy wrote 0 requests, the service answered 1"),
        (wrote(tail="unreadable: x"), [],
         "the proxy wrote what can't be read, the service did not refuse it"),
        (wrote(tail="unreadable: x"), read(5),
         "the proxy wrote 0 requests, the service answered 1"),
        (ELSEWHERE, [Answer(404, 9, False)] * 2,
         "the proxy wrote 1 request, the service answered 2"),
    ],
)  # fmt: skip
def test_they_disagree(framed, answered, words):
    assert disagreement(framed, answered) == words
