"""Writes a folder of inputs for each fuzz target, made of the cases: corpus.py FOLDER.

libFuzzer puts beside them what it finds itself; a second call leaves that alone.
"""

import hashlib
import struct
import sys
from pathlib import Path

from sevenstops.framing.cases import all_cases

LONGEST = 8192
TABLE = b"""GET /
GET /users/{id}
GET /users/me
POST /users/{id}/{rest...}
POST /t
GET /{any}/b
PUT /{all...}

"""
ANSWERS = [
    b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok\nHTTP/1.1 204 No Content\r\n\r\n",
    b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"2\r\nab\r\n0\r\n\r\n",
    b"HTTP/1.0 200 OK\r\nConnection: keep-alive\r\n\r\nto the end",
]
NEGOTIATIONS = [
    b'gzip;q=0.5, zstd, *;q=0\n"a", W/"0a-gzip"',
    b"identity;q=0, x-gzip ; q=1.000\n*",
    b'\n"a,b" , "0a-gzip"',
]


def frame(kind: int, flags: int, stream: int, payload: bytes = b"") -> bytes:
    """A frame of HTTP/2 (RFC 9113, 4.1)."""
    return struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream) + payload


GET = b"\x82\x86\x04\x01/\x01\x01a"
POST = b"\x83\x86\x04\x05/echo\x01\x01a\x0f\x0d\x015"
FRAMES = [
    frame(4, 0, 0) + frame(1, 5, 1, GET) + frame(1, 5, 3, GET + b"\x00\x01x\x01y"),
    frame(4, 0, 0) + frame(1, 4, 1, POST) + frame(0, 1, 1, b"hello") + frame(3, 0, 1, bytes(4)),
    frame(4, 0, 0, b"\0\4\0\0\0\1") + frame(1, 1, 1, GET[:3]) + frame(9, 4, 1, GET[3:]),
    frame(1, 4, 1, POST) + frame(0, 0, 1, b"hel") + frame(0, 8, 1, b"\1lo\0"),
    frame(1, 4, 1, POST) + frame(0, 0, 1, b"hello") + frame(1, 5, 1, b"\x00\x01x\x01y"),
    frame(8, 0, 0, b"\0\0\1\0") + frame(6, 0, 0, bytes(8)) + frame(2, 0, 1, bytes(5)),
    frame(1, 5, 5, GET) + frame(1, 5, 3, GET) + frame(7, 0, 0, bytes(8)) + frame(0x77, 0, 1),
]


def inputs() -> dict[str, list[bytes]]:
    """What each target begins with."""
    sent = [case.sent[:LONGEST] for case in all_cases()]
    bodies = [body for _, end, body in (each.partition(b"\r\n\r\n") for each in sent) if body]
    lines = [each.lstrip(b"\r\n").partition(b"\r\n")[0].split(b" ") for each in sent]
    asked = [line[0] + b" " + line[1].partition(b"?")[0] for line in lines if len(line) == 3]
    paths = [b"/", b"//users//me/", b"/a/./b/../%61%2f%2F", b"/users/7/a/b", b"/../a", b"/%zz"]
    tables = [bytes([odd]) + TABLE + b"\n".join(asked) for odd in range(4)]
    tables += [bytes([odd]) + TABLE + b"GET " + path for odd in range(4) for path in paths]
    return {
        "head": sent,
        "chunked": bodies,
        "guard": sent,
        "llhttp": sent,
        "answer": ANSWERS,
        "path": [path[1:] for path in paths] + [line.partition(b"/")[2] for line in asked],
        "negotiation": NEGOTIATIONS,
        "router": tables,
        "http2": FRAMES,
    }


def main() -> None:
    """Writes them, each under the digest of its content."""
    folder = Path(sys.argv[1])
    for target, texts in inputs().items():
        (folder / target).mkdir(parents=True, exist_ok=True)
        for text in texts:
            (folder / target / hashlib.sha1(text).hexdigest()).write_bytes(text)


if __name__ == "__main__":
    main()
