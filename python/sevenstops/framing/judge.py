"""What a proxy did with a request, and whether the service behind it understood the same."""

from collections import Counter
from dataclasses import dataclass

from sevenstops.framing.messages import Answer, Framing

HOP_BY_HOP = {
    "connection", "keep-alive", "proxy-connection", "proxy-authorization", "te", "trailer",
    "upgrade", "http2-settings",
}  # fmt: skip
"""Fields of a connection, which no proxy has to pass on."""

OF_PROXIES = {
    "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto", "x-forwarded-server", "via",
    "forwarded", "accept-encoding", "user-agent",
}  # fmt: skip
"""Fields that proxies add to say who asked, and what they can read."""

ECHO = "/echo"
"""The target that answers with the body as it understood it."""


@dataclass(frozen=True)
class Head:
    """A head taken apart without judging it; names in small letters, and the bytes behind it."""

    line: tuple[str, ...]
    fields: tuple[tuple[str, str], ...]
    rest: bytes
    whole: bool

    def values(self, name: str) -> list[str]:
        """What each field of this name says."""
        return [value for one, value in self.fields if one == name]


def head_of(data: bytes) -> Head:
    """The first head of these bytes, however its lines end."""
    text = data.decode("latin-1").lstrip("\r\n")
    lines: list[str] = []
    while True:
        line, newline, text = text.partition("\n")
        line = line.removesuffix("\r")
        if not newline or not line:
            break
        if line[0] in " \t" and lines:
            lines[-1] += f" {line.strip()}"
        else:
            lines.append(line)
    fields = [line.partition(":") for line in lines[1:]]
    return Head(
        tuple((lines or [""])[0].split(" ")),
        tuple((name.lower(), value.strip(" \t")) for name, _, value in fields),
        text.encode("latin-1"),
        bool(newline),
    )


def outcome(sent: bytes, recorded: list[bytes]) -> tuple[str, list[str]]:
    """Whether the proxy "refused", "rewritten" or "forwarded" a request, and what it changed.

    It refused what it passed on no whole head of. What belongs to a connection, the letters' case
    in names, and fields in which a proxy speaks of itself, are no change.
    """
    whole = [head for head in map(head_of, recorded) if head.whole]
    if not whole:
        return "refused", []
    before, after = head_of(sent), whole[0]
    how = [*_line_changes(before, after), *_field_changes(before, after)]
    if len(recorded) > 1:
        how.append(f"sent on {len(recorded)} connections")
    framed = before.values("content-length") or before.values("transfer-encoding")
    if framed and before.rest != after.rest:
        how.append("body written anew" if after.rest else "body dropped")
    return ("rewritten", how) if how else ("forwarded", [])


def _line_changes(before: Head, after: Head) -> list[str]:
    if len(before.line) != 3 or len(after.line) != 3:
        return ["request line changed"] if before.line != after.line else []
    names = ("method", "target", "version")
    return [
        f"{name} changed"
        for name, old, new in zip(names, before.line, after.line, strict=True)
        if old != new
    ]


def _field_changes(before: Head, after: Head) -> list[str]:
    old, new = (
        Counter(name for name, _ in head.fields if name not in HOP_BY_HOP)
        for head in (before, after)
    )
    how = []
    if bool(old["transfer-encoding"]) != bool(new["transfer-encoding"]) and (
        old["content-length"] or new["content-length"]
    ):
        became = "chunked became Content-Length", "body became chunked"
        how.append(became[bool(new["transfer-encoding"])])
        for counts in (old, new):
            counts["transfer-encoding"] = counts["content-length"] = 0
    for name in {name: None for head in (before, after) for name, _ in head.fields}:
        shown = ascii(name)[1:-1][:40] or "a field without name"
        if old[name] > new[name]:
            how.append(f"{shown} {'merged' if new[name] else 'dropped'}")
        elif new[name] > old[name] and name not in OF_PROXIES:
            how.append(f"{shown} added")
        elif old[name] and before.values(name) != after.values(name):
            how.append(f"{shown} changed")
    return how


def disagreement(framed: Framing, answered: list[Answer]) -> str:
    """Where the service understood something else than the proxy wrote, in words; "" if nowhere.

    A refusal that ends the connection is no other opinion, unless it comes behind the last byte
    that there is a reason to refuse.
    """
    asked = framed.requests
    taken = [answer for answer in answered if not answer.refusal]
    refused = len(taken) < len(answered)
    if framed.tail == "truncated" and _turned_away(taken[len(asked) :]):
        del taken[-1]
    if len(taken) > len(asked):
        return f"the proxy wrote {_requests(len(asked))}, the service answered {len(taken)}"
    for n, (request, answer) in enumerate(zip(asked, taken, strict=False), 1):
        echoed = request.target == ECHO and request.method == "POST" and answer.status == 200
        if echoed and answer.length != request.length:
            return (
                f"body {n}: the proxy wrote {request.length} bytes, "
                f"the service read {answer.length}"
            )
    if len(taken) < len(asked):
        if refused or (taken and taken[-1].closes):
            return ""
        return f"the proxy wrote {_requests(len(asked))}, the service answered {len(taken)}"
    if framed.tail.startswith("unreadable") and not refused:
        return "the proxy wrote what can't be read, the service did not refuse it"
    if not framed.tail and refused:
        return f"the proxy wrote {_requests(len(asked))}, the service saw more to refuse"
    return ""


def _turned_away(answered: list[Answer]) -> bool:
    """Whether this is one answer that needs no body, behind which the connection ends."""
    return len(answered) == 1 and answered[0].status >= 400 and answered[0].closes


def _requests(n: int) -> str:
    return f"{n} request" if n == 1 else f"{n} requests"
