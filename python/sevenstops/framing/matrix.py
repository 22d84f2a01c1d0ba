"""Sends every case through every proxy, and what comes out of it to the service."""

import contextlib
import queue
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.framing.cases import Case, send
from sevenstops.framing.judge import disagreement, outcome
from sevenstops.framing.messages import Answer, answers, framing
from sevenstops.framing.recorder import QUIET, Recorder
from sevenstops.lab.edges import Edge, EdgeOptions, edge_named, edges
from sevenstops.lab.service import Service
from sevenstops.lab.settings import SideSettings

SCHEMA = "sevenstops.framing/1"
CONFIGURATIONS = ("stock", "hardened")
CONTROLS = ("ok-post-cl", "ok-chunked")
"""Plain requests: where they don't come through, nothing is shown."""

LANES = 12
"""Cases that are under way at once, each through a proxy of its own."""

SILENCE = 1.2
"""Seconds that a client waits for a first byte: some proxies never give up on half a body."""

BEHIND = QUIET + 0.15
"""… and for another one, where there was one."""

PATIENCE = 10.0
"""Seconds that a service may take to answer and close."""

One = TypeVar("One")
Made = TypeVar("Made")


@dataclass
class Lane:
    """A proxy, what stands behind it in place of the service, and what came there of a case."""

    recorder: Recorder
    edge: Edge
    recorded: list[bytes] = field(default_factory=list)


def proxies() -> list[str]:
    """The names of all edges that are proxies."""
    return [name for name in sorted(edges()) if name != "none"]


def require(names: Sequence[str]) -> None:
    """Raises LabError in one sentence where one of these is no proxy, or isn't installed."""
    for name in names:
        if name == "none":
            raise LabError("the edge 'none' is no proxy: there is nobody to agree with")
        edge_named(name).version()


def run(
    names: Sequence[str],
    cases: Sequence[Case],
    progress: Callable[[int, int], None] = lambda done, of: None,
) -> dict[str, Any]:
    """The framing document (schemas/framing-1.json) of these edges, stock and hardened.

    `progress` is told before each configuration how many are done, of how many. Raises LabError.
    """
    require(names)
    todo = [(name, which) for name in names for which in CONFIGURATIONS]
    found = []
    # Caddy asks for gzip where its client does not; what comes back is compared byte for byte.
    plain = {"serialize.compress.enabled": "false"}
    sides = [SideSettings(of()).changed(plain).settings for of in (_core.fragile, _core.hardened)]
    with Service(sides[0]) as fragile, Service(sides[1]) as hardened:
        services = {"fragile": fragile.port, "hardened": hardened.port}
        for done, (name, which) in enumerate(todo):
            progress(done, len(todo))
            found.append(_configuration(name, which, cases, services))
    return {"schema": SCHEMA, "cases": len(cases), "edges": found}


def _configuration(
    name: str, which: str, cases: Sequence[Case], services: dict[str, int]
) -> dict[str, Any]:
    with _lanes(name, which, min(LANES, len(cases))) as free:

        def sent(case: Case) -> list[bytes]:
            lane = free.get()
            try:
                return through(lane, case)
            finally:
                free.put(lane)

        recorded = _beside(sent, cases)
        while not free.empty():
            take_late(free.get())
    rows = _beside(lambda one: judged(*one, services), list(zip(cases, recorded, strict=True)))
    _check_controls(f"{name} ({which})", rows)
    kinds = [row["outcome"] for row in rows]
    return {
        "name": name,
        "version": edge_named(name).version().partition("/")[2],
        "configuration": which,
        **{kind: kinds.count(kind) for kind in ("refused", "rewritten", "forwarded")},
        "disagreements": {
            preset: sum(bool(row[preset]["disagreement"]) for row in rows) for preset in services
        },
        "cases": rows,
    }


def _check_controls(who: str, rows: Sequence[dict[str, Any]]) -> None:
    """Agreement would be cheap where nothing came through, or nobody answered.

    Raises LabError where a plain request was not answered by both services as the proxy wrote it.
    """
    for row in rows:
        if row["id"] not in CONTROLS:
            continue
        for preset in ("fragile", "hardened"):
            written, heard = row["proxy"]["connections"], row[preset]["connections"]
            lengths = [request["length"] for one in written for request in one["requests"]]
            answered = [
                (answer["status"], answer["length"]) for one in heard for answer in one["answers"]
            ]
            if not lengths or answered != [(200, length) for length in lengths]:
                raise LabError(
                    f"{who} and the {preset} service did not pass and answer '{row['id']}', "
                    "a plain request: the matrix would say nothing"
                )


def _beside(work: Callable[[One], Made], many: Sequence[One]) -> list[Made]:
    """What the work makes of each, of several at once."""
    with ThreadPoolExecutor(LANES) as threads:
        try:
            return list(threads.map(work, many))
        except BaseException:
            threads.shutdown(wait=False, cancel_futures=True)
            raise


@contextlib.contextmanager
def _lanes(name: str, which: str, count: int) -> Iterator["queue.Queue[Lane]"]:
    """So many proxies. Started here: a proxy ends with the thread that started it."""
    free: queue.Queue[Lane] = queue.Queue()
    limit = int(_core.hardened().get("parse.header_limit"))
    options = EdgeOptions(header_limit=limit, stock=which == "stock")
    with contextlib.ExitStack() as stack:
        for _ in range(count):
            recorder = stack.enter_context(Recorder())
            free.put(Lane(recorder, stack.enter_context(edge_named(name)(recorder.port, options))))
        yield free


def take_late(lane: Lane) -> None:
    """What the proxy passed on when the client had gone is the last case's all the same."""
    lane.recorded.extend(lane.recorder.take())


def through(lane: Lane, case: Case) -> list[bytes]:
    """What the proxy wrote, connection by connection, when it was sent this case.

    The list grows by what comes late, until the lane is used again or `take_late` is called.
    """
    take_late(lane)
    lane.recorded = []
    with _connected(lane.edge.port, lane.edge.name) as client:
        # A proxy may refuse a long request before it has come to its end.
        with contextlib.suppress(OSError):
            send(client, case)
        with contextlib.suppress(OSError):
            client.settimeout(SILENCE)
            while client.recv(1 << 16):
                client.settimeout(BEHIND)
    take_late(lane)
    return lane.recorded


def _connected(port: int, who: str) -> socket.socket:
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
    except OSError as error:
        raise LabError(f"{who} on port {port} can't be asked: {error.strerror}") from error


def replay(port: int, data: bytes) -> bytes:
    """What the service on this port answers to these bytes, behind which nothing comes.

    Raises LabError when it can't be asked, or does not come to an end.
    """
    answered = bytearray()
    end = time.monotonic() + PATIENCE
    # Beside reading: a service may answer and close before it has read everything.
    with _connected(port, "the service") as connection, ThreadPoolExecutor(1) as thread:
        sending = thread.submit(_send_all, connection, data)
        try:
            while piece := connection.recv(1 << 16):
                answered += piece
                if time.monotonic() > end:
                    raise LabError(f"the service on port {port} goes on answering")
        except TimeoutError as error:
            raise LabError(f"the service on port {port} neither answers nor closes") from error
        except ConnectionError:
            # It has said what it had to say.
            pass
        sending.result()
    return bytes(answered)


def _send_all(connection: socket.socket, data: bytes) -> None:
    with contextlib.suppress(OSError):
        connection.sendall(data)
        connection.shutdown(socket.SHUT_WR)


def judged(case: Case, recorded: list[bytes], services: dict[str, int]) -> dict[str, Any]:
    """A case's row of the document: what became of it, and what each service made of that."""
    kind, how = outcome(case.sent, recorded)
    passed = [] if kind == "refused" else recorded
    framed = [framing(data) for data in passed]
    row: dict[str, Any] = {
        "id": case.id,
        "outcome": kind,
        "how": how,
        "proxy": {"connections": [one.as_dict() for one in framed]},
    }
    for preset, port in services.items():
        heard = []
        for data, one in zip(passed, framed, strict=True):
            methods = [r.method for r in one.requests] or [data.split(b" ")[0].decode("latin-1")]
            heard.append(answers(replay(port, data), methods))
        differing = [disagreement(f, a) for f, a in zip(framed, heard, strict=True)]
        row[preset] = {
            "connections": [_as_dict(one) for one in heard],
            "disagreement": next((words for words in differing if words), ""),
        }
    return row


def _as_dict(answered: list[Answer]) -> dict[str, Any]:
    return {
        "answers": [
            {"status": a.status, "length": a.length, "refusal": a.refusal} for a in answered
        ]
    }
