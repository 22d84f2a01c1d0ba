"""Frames of HTTP/2 that plans send byte by byte (RFC 9113, 6)."""

from hpack import Encoder, NeverIndexedHeaderTuple
from hyperframe.frame import DataFrame, Frame, HeadersFrame, RstStreamFrame, WindowUpdateFrame

CANCEL = 8


def as_text(*frames: Frame | bytes) -> str:
    """Frames as a piece of a crowd has them: each byte as the character of its number."""
    whole = (frame if isinstance(frame, bytes) else frame.serialize() for frame in frames)
    return b"".join(whole).decode("latin-1")


def raw(kind: int, stream: int, payload: bytes, flags: int = 0) -> bytes:
    """A frame of any kind, sound or not (RFC 9113, 4.1)."""
    head = (len(payload).to_bytes(3), kind.to_bytes(), flags.to_bytes(), stream.to_bytes(4))
    return b"".join((*head, payload))


def fields(method: str, target: str, *others: tuple[str, str]) -> bytes:
    """A request's fields, which leave nothing in their table: they may be sent again as they are
    (RFC 7541, 6.2.3).
    """
    own = {":method": method, ":scheme": "http", ":path": target, ":authority": "localhost"}
    each = [NeverIndexedHeaderTuple(*field) for field in (*own.items(), *others)]
    block: bytes = Encoder().encode(each, huffman=False)
    return block


def get(target: str, stream: int = 1) -> HeadersFrame:
    """A whole GET, which may be sent again as it is."""
    return HeadersFrame(stream, fields("GET", target), flags=["END_STREAM", "END_HEADERS"])


def upload(target: str, length: int, *pieces: bytes, stream: int = 1) -> tuple[Frame, ...]:
    """A POST that says a length, and its content in pieces, which need not be as long (RFC 9113,
    8.1.1).
    """
    head = fields("POST", target, ("content-length", str(length)))
    data = [DataFrame(stream, piece) for piece in pieces]
    data[-1].flags.add("END_STREAM")
    return (HeadersFrame(stream, head, flags=["END_HEADERS"]), *data)


def window_update(bytes_more: int, stream: int) -> WindowUpdateFrame:
    """So many bytes more may be sent, on a stream or, as stream 0, on the connection (RFC 9113,
    6.9).
    """
    return WindowUpdateFrame(stream, bytes_more)


def cancel(stream: int = 1) -> RstStreamFrame:
    """The client has no use for the answer (RFC 9113, 7)."""
    return RstStreamFrame(stream, CANCEL)
