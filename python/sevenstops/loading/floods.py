"""Floods of HTTP/2: frames that cost a client little and a service more (RFC 9113, 10.5)."""

from collections.abc import Callable
from dataclasses import dataclass

from hyperframe.frame import (
    ContinuationFrame,
    Frame,
    HeadersFrame,
    PingFrame,
    PriorityFrame,
    SettingsFrame,
)

from sevenstops.loading.frames import (
    as_text,
    cancel,
    fields,
    get,
    raw,
    upload,
    window_update,
)

DATA, PRIORITY, WINDOW_UPDATE = 0x0, 0x2, 0x8
LARGEST = (1 << 31) - 1
# Frames of a kind that one request of a flood has beneath it.
MANY = 200
CRUMBS = 2000
CONTINUATIONS = 50000
PROTOCOL = "http2_protocol"
# HPACK for a field of one letter that is nowhere kept (RFC 7541, 6.2.2).
SMALL = b"\x00\x01x\x01y"


@dataclass(frozen=True)
class Flood:
    """What a connection sends again and again, on new streams each time.

    `frames` are sent `rate` times a second by each connection; `known` is where they were made
    public. `setting` bounds them, and `others` would end them as well: without bound all are 0.
    The hardened service ends the connection for `reason`; where that is PROTOCOL, the first of
    them does it, whatever the settings say.
    """

    name: str
    meaning: str
    setting: str
    known: str
    rate: float
    frames: Callable[[str], tuple[Frame | bytes, ...]]
    reason: str
    others: tuple[str, ...] = ()

    def piece(self, target: str) -> str:
        """As a crowd's `pieces` have it, where what it asks for is `target`."""
        return as_text(*self.frames(target))

    @property
    def unbounded(self) -> tuple[str, ...]:
        """The changes that take its bounds away."""
        return tuple(f"{setting}=0" for setting in (self.setting, *self.others))


def _made(
    name: str, meaning: str, *faults: Frame | bytes, reason: str, others: tuple[str, ...] = ()
) -> Flood:
    return Flood(
        name, meaning, "parse.http2.made_resets", "CVE-2025-8671", 8000,
        lambda target: (get(target), *faults), reason, others,
    )  # fmt: skip


def _endless_head(_: str) -> tuple[Frame, ...]:
    head = HeadersFrame(1, fields("GET", "/healthz"), flags=["END_STREAM"])
    return (head, *(ContinuationFrame(1, SMALL) for _ in range(CONTINUATIONS)))


FLOODS = (
    Flood(
        "rapid-reset", "a request, and its reset", "parse.http2.resets", "CVE-2023-44487", 8000,
        lambda target: (get(target), cancel()), "http2_resets",
    ),
    # Where nghttp2 takes a stream's fault for the connection's, one is enough.
    _made(
        "made-reset-by-no-window", "a WINDOW_UPDATE of 0", raw(WINDOW_UPDATE, 1, bytes(4)),
        reason=PROTOCOL,
    ),
    _made(
        "made-reset-by-too-much-window", "a window beyond 2^31 - 1", window_update(LARGEST, 1),
        reason="http2_made_resets", others=("parse.http2.window_updates",),
    ),
    _made(
        "made-reset-by-a-short-priority", "a PRIORITY of 4 bytes", raw(PRIORITY, 1, bytes(4)),
        reason=PROTOCOL,
    ),
    _made(
        "made-reset-by-late-data", "DATA after its request's end", raw(DATA, 1, b"x"),
        reason=PROTOCOL,
    ),
    Flood(
        "made-reset-by-a-false-length", "a body that is shorter than was said",
        "parse.http2.made_resets", "CVE-2025-8671", 8000,
        lambda target: upload(target, 2, b"x"),
        "http2_made_resets",
    ),
    Flood(
        "pings", "PING", "parse.http2.pings", "CVE-2019-9512", 50000,
        lambda _: (PingFrame(0, b"12345678"),), "http2_pings",
    ),
    Flood(
        "settings", "SETTINGS with nothing in it", "parse.http2.settings", "CVE-2019-9515", 50000,
        lambda _: (SettingsFrame(0),), "http2_settings",
    ),
    Flood(
        "priorities", "PRIORITY", "parse.http2.priorities", "CVE-2019-9513", 50000,
        lambda _: (PriorityFrame(1, depends_on=0, stream_weight=15),), "http2_priorities",
    ),
    Flood(
        "empty-data", "DATA with nothing in it", "parse.http2.empty_frames", "CVE-2019-9518", 250,
        lambda _: upload("/echo", 0, *[b""] * MANY),
        "http2_empty_frames",
    ),
    Flood(
        "continuations", "a head that does not end", "parse.http2.continuations",
        "CVE-2024-27316", 1, _endless_head, "http2_continuations",
    ),
    Flood(
        # Many are read at once, so that fewer frames of DATA leave than in CVE-2019-9511.
        "crumbs-of-window", "an export whose windows grow by single bytes",
        "parse.http2.window_updates", "CVE-2019-9511", 5,
        lambda _: (
            get("/export.csv"),
            *(window_update(1, stream) for _ in range(CRUMBS) for stream in (1, 0)),
        ),
        "http2_window_updates",
    ),
)  # fmt: skip
