"""Raw requests that parsers read in different ways; the service's own tests send them as well."""

import json
import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources
from typing import Any

Step = bytes | float
"""Bytes to send, or seconds to wait."""


@dataclass(frozen=True)
class Case:
    """One raw request: what is sent, in steps, and what RFC 9112 wants done with it.

    `want` is "accept", "reject", or "either" where the RFC leaves it open.
    """

    id: str
    want: str
    steps: tuple[Step, ...]

    @property
    def sent(self) -> bytes:
        """All its bytes."""
        return b"".join(step for step in self.steps if isinstance(step, bytes))


def all_cases() -> list[Case]:
    """Every case of request_cases.json, without the honest request that may come behind it.

    Bodies go to /echo, which tells by its answer how much of them it understood.
    """
    text = resources.files("sevenstops.framing").joinpath("request_cases.json").read_text()
    return [_case(item) for item in json.loads(text)["cases"]]


def _case(item: dict[str, Any]) -> Case:
    parts = item["parts"][:-1] if item["canary"] else item["parts"]
    return Case(item["id"], item["want"], tuple(_step(part) for part in parts))


def _step(part: Sequence[Any]) -> Step:
    if part[0] == "wait":
        return float(part[1]) / 1000
    piece: bytes = part[1].encode("latin-1")
    if piece.startswith(b"POST /t "):
        piece = piece.replace(b"POST /t ", b"POST /echo ", 1)
    return piece * part[2] if part[0] == "rep" else piece


def send(connection: socket.socket, case: Case) -> None:
    """Sends a case, with its pauses. Raises OSError when the other side will have no more."""
    for step in case.steps:
        if isinstance(step, bytes):
            connection.sendall(step)
        else:
            time.sleep(step)
