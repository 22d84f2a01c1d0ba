"""What bytes mean: requests as their framing headers have them, and answers as they came."""

from dataclasses import dataclass
from typing import Any

import h11

MOST_HEAD = 4 << 20
REFUSALS = (400, 408, 411, 413, 414, 417, 421, 431, 501, 505)


@dataclass(frozen=True)
class Request:
    """A whole request as h11 reads it, and the bytes of its body."""

    method: str
    target: str
    length: int


@dataclass(frozen=True)
class Framing:
    """What a proxy wrote on one connection, by the framing headers that it wrote.

    `tail` says what follows the whole requests: nothing (""), "truncated", or "unreadable" and why.
    A body that breaks off is never a whole one.
    """

    requests: tuple[Request, ...]
    tail: str

    def as_dict(self) -> dict[str, Any]:
        """The form of the framing contract (schemas/framing-1.json)."""
        requests = [
            {"method": r.method[:40], "target": r.target[:200], "length": r.length}
            for r in self.requests
        ]
        return {"requests": requests, "tail": self.tail}


@dataclass(frozen=True)
class Answer:
    """An answer's status, the bytes of its body, and whether it is the connection's last."""

    status: int
    length: int
    closes: bool

    @property
    def refusal(self) -> bool:
        """Whether it says that the bytes were no request, and ends the connection."""
        return self.closes and self.status in REFUSALS


def framing(data: bytes) -> Framing:
    """Reads requests until the bytes end or h11 refuses them."""
    found: list[Request] = []
    while data:
        # A new one for each: what a request says of its connection must not hide what follows it.
        parser = h11.Connection(h11.SERVER, max_incomplete_event_size=MOST_HEAD)
        parser.receive_data(data)
        method, target, length = "", "", 0
        try:
            while not isinstance(event := parser.next_event(), h11.EndOfMessage):
                if isinstance(event, h11.Request):
                    method, target = event.method.decode(), event.target.decode("latin-1")
                elif isinstance(event, h11.Data):
                    length += len(event.data)
                else:
                    return Framing(tuple(found), "truncated")
        except h11.RemoteProtocolError as error:
            return Framing(tuple(found), f"unreadable: {error}"[:200])
        found.append(Request(method, target, length))
        data = parser.trailing_data[0]
    return Framing(tuple(found), "")


def answers(data: bytes, methods: list[str]) -> list[Answer]:
    """The final answers in what a service sent; `methods` are those of the requests, in order.

    An answer that breaks off counts with the bytes that came of it.
    """
    found: list[Answer] = []
    while b"\r\n\r\n" in data:
        head, data = data.split(b"\r\n\r\n", 1)
        status_line, *lines = head.decode("latin-1").split("\r\n")
        fields = {}
        for line in lines:
            name, _, value = line.partition(":")
            fields[name.lower()] = value.strip().lower()
        status = int(status_line.split()[1])
        if status < 200:
            continue
        without = methods[len(found) : len(found) + 1] == ["HEAD"] or status in (204, 304)
        length, data = (0, data) if without else _body(fields, data)
        found.append(Answer(status, length, "close" in fields.get("connection", "")))
    return found


def _body(fields: dict[str, str], data: bytes) -> tuple[int, bytes]:
    """The length of an answer's body, and what comes behind it."""
    if fields.get("transfer-encoding") == "chunked":
        return _chunks(data)
    if "content-length" in fields:
        length = int(fields["content-length"])
        return len(data[:length]), data[length:]
    return len(data), b""


def _chunks(data: bytes) -> tuple[int, bytes]:
    length = 0
    while data:
        line, _, data = data.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            return length, data.partition(b"\r\n")[2]
        length += len(data[:size])
        data = data[size + 2 :]
    return length, data
