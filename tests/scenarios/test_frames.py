"""Whatever the guard takes, h11 frames exactly alike: cases, mutations of them, and a grammar.

SEVENSTOPS_EXAMPLES=1000000 pytest tests/scenarios/test_frames.py looks for longer.
"""

import os
import random
from dataclasses import dataclass, replace

import h11
import pytest

from sevenstops import _core
from sevenstops.framing.cases import all_cases

EXAMPLES = int(os.environ.get("SEVENSTOPS_EXAMPLES", "8000"))
LONGEST = 20_000


@dataclass(frozen=True)
class Reading:
    """A request as a parser frames it: its body as far as it came, and where the next begins."""

    method: bytes
    target: bytes
    body: bytes
    whole: bool
    used: int


def by_guard(data):
    """The guard's reading; None for what it refuses or whose head isn't there yet."""
    frame = _core.frame(data)
    if frame.refused or not frame.head:
        return None
    return Reading(frame.method, frame.target, frame.body, frame.whole, frame.used)


def by_h11(data):
    """Its reading, or why it refuses."""
    parser = h11.Connection(h11.SERVER, max_incomplete_event_size=1 << 20)
    parser.receive_data(data)
    request, body = None, b""
    try:
        while not isinstance(event := parser.next_event(), h11.EndOfMessage):
            if isinstance(event, h11.Request):
                request = event
            elif isinstance(event, h11.Data):
                body += bytes(event.data)
            else:
                break
    except h11.RemoteProtocolError as error:
        return str(error)
    if request is None:
        return "no head"
    whole = isinstance(event, h11.EndOfMessage)
    used = len(data) - len(parser.trailing_data[0])
    return Reading(request.method, request.target, body, whole, used)


def exception(data, why):
    """The section that the guard follows where h11, stricter, refuses; None where there is none."""
    if data.startswith(b"\r\n") and why == "no request line received":
        return "RFC 9112, 2.2: a server ignores an empty line before the request line"
    return None


def compare(data):
    """Reads request after request as the guard does; how many of them were compared, and which
    exceptions were made.
    """
    compared, made = 0, []
    while data:
        ours = by_guard(data)
        if ours is None:
            break
        theirs = by_h11(data)
        if isinstance(theirs, str) and (excused := exception(data, theirs)):
            made.append(excused)
            data = data.removeprefix(b"\r\n")
            ours, theirs = by_guard(data), by_h11(data)
        assert isinstance(theirs, Reading), (theirs, data[:400])
        if not ours.whole:
            # Where more has to come, both wait for it.
            theirs = replace(theirs, used=ours.used)
        assert ours == theirs, data[:400]
        compared += 1
        if not ours.whole:
            break
        data = data[ours.used :]
    return compared, made


CASES = [case.sent[:LONGEST] for case in all_cases()]
TAKEN = [case for case in CASES if by_guard(case)]
TELLING = [b"\r\n", b"\n", b"\r", b"\t", b" ", b":", b";", b",", b"/", b"%", b"\0", b"\x7f",
           b"\xff", b"\x0b", b'"', b"\\", b"0", b"a", b"F", b"chunked", b"Content-Length: 3\r\n",
           b"Transfer-Encoding: chunked\r\n", b"0\r\n\r\n"]  # fmt: skip


def mutated(draw):
    """A case with one to four changes."""
    text = draw.choice(TAKEN if draw.random() < 0.7 else CASES)
    for _ in range(draw.randint(1, 3)):
        at = draw.randrange(len(text) + 1)
        match draw.randrange(5):
            case 0:
                text = text[:at] + draw.choice(TELLING) + text[at:]
            case 1:
                text = text[:at] + text[at + draw.randint(1, 3) :]
            case 2:
                text = text[:at] + bytes([draw.randrange(256)]) + text[at + 1 :]
            case 3:
                text = text[:at] + text[at : at + draw.randrange(64)] + text[at:]
            case _:
                text = text[:at] + draw.choice(CASES)[: draw.randrange(64)] + text[at:]
    return text


def some(draw, usual, *odd):
    """What is usual nine times in ten, else something odd."""
    return usual if draw.random() < 0.9 or not odd else draw.choice(odd)


def chunked_body(draw):
    body = b""
    for _ in range(draw.randrange(4)):
        content = draw.randbytes(draw.randint(1, 40))
        size = some(draw, b"%x" % len(content), b"0%X" % len(content), b"%x " % len(content))
        extension = some(draw, b"", b";a", b";a=b;c", b';a="b\\"; c"', b"; a", b";", b";\xe4")
        body += size + extension + b"\r\n" + content + some(draw, b"\r\n", b"\n", b"")
    trailer = some(
        draw, b"", b"A: b\r\n", b"A:\r\n", b"A:\t\xe4 b \r\n", b"Host: a\r\n", b" A: b\r\n"
    )
    return body + some(draw, b"0", b"000", b"0;a", b"-0") + b"\r\n" + trailer + b"\r\n"


def field(draw):
    name = draw.choice((b"Accept", b"x", b"Cookie", b"Upgrade", b"TE", b"X-!#$%&'*+-.^_`|~9"))
    value = draw.choice((b"", b"a", b"a, b", b"\xe4 \xff", b'"a\tb"', b"a:b;c", b"h2c"))
    return name + some(draw, b": ", b":", b":\t ", b" : ") + value + some(draw, b"", b" ", b"\t")


def generated(draw):
    """Requests as a grammar has them, one after the other, seldom with something odd."""
    text = b""
    for _ in range(draw.randint(1, 3)):
        method = draw.choice((b"GET", b"POST", b"PUT", b"OPTIONS", b"M-SEARCH", b"get", b"CONNECT"))
        target = draw.choice((b"/", b"/a?b=c", b"*", b"http://a/b", b"HTTP://a?x", b"/%41//../|[]"))
        version = some(draw, b"HTTP/1.1", b"HTTP/1.0", b"HTTP/1.2", b"http/1.1")
        lines = [
            method + b" " + target + b" " + version,
            some(draw, b"Host: a", b"hOST:a:80", b"A: b"),
        ]
        lines += [field(draw) for _ in range(draw.randrange(4))]
        content = draw.randbytes(draw.randrange(30))
        body = draw.randrange(3)
        if body == 1:
            length = some(draw, b"%d" % len(content), b"%d " % len(content), b"0%d" % len(content))
            lines.append(b"Content-Length: " + length)
        if body == 2 or draw.random() < 0.05:
            lines.append(
                b"Transfer-Encoding: " + some(draw, b"chunked", b"Chunked", b"gzip, chunked")
            )
            content = chunked_body(draw)
        if draw.random() < 0.2:
            lines.append(b"Connection: " + draw.choice((b"close", b"keep-alive, a", b"Upgrade")))
        if draw.random() < 0.1:
            lines.append(b"Expect: 100-continue")
        fields = draw.sample(lines[1:], len(lines) - 1)
        text += some(draw, b"", b"\r\n") + b"\r\n".join([lines[0], *fields]) + b"\r\n\r\n"
        text += content if body or draw.random() < 0.1 else b""
    return text[: draw.randrange(len(text) + 1)] if draw.random() < 0.1 else text


@pytest.mark.parametrize("source", [mutated, generated])
def test_what_the_guard_takes_h11_frames_alike(source):
    draw = random.Random(7)
    compared, exceptions = 0, set()
    for _ in range(EXAMPLES):
        found, made = compare(source(draw))
        compared += found
        exceptions.update(made)
    # The guard refuses much of it; what it took was enough to tell.
    assert compared > EXAMPLES / 8
    assert len(exceptions) <= 1


def test_the_cases_are_framed_alike():
    taken = sum(compare(case)[0] > 0 for case in CASES)
    assert taken > 40


def test_a_difference_is_noticed(monkeypatch):
    data = b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
    data += b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
    assert compare(data) == (2, [])
    ours = by_guard(data)
    longer = replace(ours, body=ours.body + b"G", used=ours.used + 1)
    monkeypatch.setitem(globals(), "by_guard", lambda data: longer)
    with pytest.raises(AssertionError):
        compare(data)
