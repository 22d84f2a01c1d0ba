"""Frames of HTTP/2 that plans send byte by byte (RFC 9113, 6)."""

from hpack import Encoder, NeverIndexedHeaderTuple
from hyperframe.frame import Frame, HeadersFrame, RstStreamFrame

CANCEL = 8


def as_text(*frames: Frame) -> str:
    """Frames as a piece of a crowd has them: each byte as the character of its number."""
    return b"".join(frame.serialize() for frame in frames).decode("latin-1")


def get(target: str, stream: int = 1) -> HeadersFrame:
    """A whole GET, which leaves nothing in the table of fields: it may be sent again as it is."""
    fields = {":method": "GET", ":scheme": "http", ":path": target, ":authority": "localhost"}
    block = Encoder().encode([NeverIndexedHeaderTuple(*f) for f in fields.items()], huffman=False)
    return HeadersFrame(stream, block, flags=["END_STREAM", "END_HEADERS"])


def cancel(stream: int = 1) -> RstStreamFrame:
    """The client has no use for the answer (RFC 9113, 7)."""
    return RstStreamFrame(stream, CANCEL)
