"""A proxy that is too lenient, made for the lab: it forwards two framings as they came.

Servers that people ran did so: HAProxy before 2.0.6 took a request with an odd Transfer-Encoding by
its Content-Length and passed both on (CVE-2019-18277). Present versions of the real edges refuse or
rewrite such requests, which `sevenstops framing` shows; so the lab needs one that does not.

`python -m sevenstops.lab.lenient_front READING PORT SERVICE_PORT` runs it.
"""

import asyncio
import contextlib
import sys
from collections import deque
from typing import Literal

from sevenstops.lab.edges.base import Edge, ProxyProcess, free_port

Reading = Literal["length", "chunks"]
"""What frames a request that has both: its Content-Length, or its chunks."""

HEAD_LIMIT = 65536
BODY_LIMIT = 1 << 20
PATIENCE = 30.0

Fields = dict[str, str]


class Broken(Exception):
    """A connection that brought something that is no message."""


def fields_of(head: bytes) -> Fields:
    """The fields of a head by their names in small letters."""
    lines = head.decode("latin-1").split("\r\n")[1:]
    pairs = (line.partition(":") for line in lines if line)
    return {name.strip().lower(): value.strip() for name, _, value in pairs}


async def head_from(reader: asyncio.StreamReader) -> bytes:
    """One head with its empty line; empty at the end of the stream."""
    try:
        return await reader.readuntil(b"\r\n\r\n")
    except asyncio.IncompleteReadError as ended:
        if ended.partial:
            raise Broken("a head that does not end") from ended
        return b""


async def chunks_from(reader: asyncio.StreamReader) -> bytes:
    """A chunked body as it came, up to its empty line."""
    came = bytearray()
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        came += line
        if len(came) + size > BODY_LIMIT:
            raise Broken("a body that is too long")
        came += await reader.readexactly(size + 2)
        if size == 0:
            return bytes(came)


async def body_from(reader: asyncio.StreamReader, fields: Fields, reading: Reading) -> bytes:
    """A body as it came. Where there are two framings, `reading` says which counts."""
    chunked = "chunked" in fields.get("transfer-encoding", "")
    if chunked and (reading == "chunks" or "content-length" not in fields):
        return await chunks_from(reader)
    length = int(fields.get("content-length", "0"))
    if not 0 <= length <= BODY_LIMIT:
        raise Broken("a body that is too long")
    return await reader.readexactly(length)


class Upstream:
    """A connection to the service."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Takes the two ends of a stream."""
        self.reader = reader
        self.writer = writer

    async def ask(self, message: bytes) -> tuple[bytes, bool]:
        """The next answer, whoever it is for, and whether the connection goes on."""
        self.writer.write(message)
        await self.writer.drain()
        head = await head_from(self.reader)
        if not head:
            raise Broken("no answer")
        fields = fields_of(head)
        body = await body_from(self.reader, fields, "chunks")
        return head + body, fields.get("connection", "").lower() != "close"


class Front:
    """Frames requests in one way and hands on all their bytes, over connections that are kept."""

    def __init__(self, reading: Reading, service_port: int) -> None:
        """`reading` says which of two framings counts."""
        self._reading = reading
        self._service_port = service_port
        self._resting: deque[Upstream] = deque()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One client's connection."""
        wrong = (Broken, OSError, ValueError, TimeoutError)
        incomplete = (asyncio.IncompleteReadError, asyncio.LimitOverrunError)
        try:
            with contextlib.suppress(*wrong, *incomplete):
                while head := await asyncio.wait_for(head_from(reader), PATIENCE):
                    body = body_from(reader, fields_of(head), self._reading)
                    message = head + await asyncio.wait_for(body, PATIENCE)
                    writer.write(await asyncio.wait_for(self._answer(message), PATIENCE))
                    await writer.drain()
        finally:
            writer.close()

    async def _answer(self, message: bytes) -> bytes:
        while self._resting:
            # Each has its turn, and nobody asks what has come on it meanwhile.
            upstream = self._resting.popleft()
            with contextlib.suppress(Broken, OSError, asyncio.IncompleteReadError):
                return await self._over(upstream, message)
            upstream.writer.close()
        opened = await asyncio.open_connection("127.0.0.1", self._service_port, limit=HEAD_LIMIT)
        return await self._over(Upstream(*opened), message)

    async def _over(self, upstream: Upstream, message: bytes) -> bytes:
        answer, goes_on = await upstream.ask(message)
        if goes_on:
            self._resting.append(upstream)
        else:
            upstream.writer.close()
        return answer


class LenientFront(Edge):
    """The lenient proxy in a process of its own; no edge to be chosen, but a part of a scene."""

    name = "lenient-front"
    about = "a proxy of the lab's own that forwards two framings as they came"

    def __init__(
        self, service_port: int, reading: Reading, cpus: frozenset[int] = frozenset()
    ) -> None:
        """Starts it and waits until it listens."""
        self.port = free_port()
        self.configuration = f"of two framings it reads the {reading}"
        command = [
            sys.executable, "-m", "sevenstops.lab.lenient_front",
            reading, str(self.port), str(service_port),
        ]  # fmt: skip
        self.proxy = ProxyProcess(self.name, self.port, lambda _: command, cpus)

    def pids(self) -> list[int]:
        """Its process."""
        return self.proxy.pids()

    @classmethod
    def version(cls) -> str:
        """It has none but the package's."""
        return cls.name

    def _end(self) -> None:
        self.proxy.stop()


async def run(reading: Reading, port: int, service_port: int) -> None:
    """Serves until the process ends."""
    front = Front(reading, service_port)
    server = await asyncio.start_server(front.serve, "127.0.0.1", port, limit=HEAD_LIMIT)
    async with server:
        await server.serve_forever()


def main(arguments: list[str]) -> None:
    """READING PORT SERVICE_PORT."""
    readings: dict[str, Reading] = {"length": "length", "chunks": "chunks"}
    given, *ports = arguments
    port, service_port = map(int, ports)
    asyncio.run(run(readings[given], port, service_port))


if __name__ == "__main__":
    main(sys.argv[1:])
