"""Loads from Python: a URL, a plan, and what became of its requests."""

import socket
import urllib.parse
from dataclasses import dataclass
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError, core_errors

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}


@dataclass(frozen=True)
class LoadReport:
    """A load's plan and its result; latency counts from the intended send time."""

    plan: _core.Plan
    result: _core.LoadResult

    @property
    def latency(self) -> _core.Histogram:
        """Of every request that was answered, in seconds."""
        return self.result.all.latency

    @property
    def outcomes(self) -> dict[str, int]:
        """How many requests ended how: 2xx, 4xx, connect_timeout, read_timeout, reset, …"""
        return dict(self.result.all.outcomes)

    @property
    def rate(self) -> float:
        """Requests a second that ended, whatever their outcome."""
        return self.result.requests / self.result.duration

    def as_dict(self) -> dict[str, Any]:
        """The form of the load contract (schemas/load-1.json)."""
        latency: dict[str, float] = {k: self.latency.quantile(q) for k, q in QUANTILES.items()}
        return {
            "schema": "sevenstops.load/1",
            "plan": {"fingerprint": self.result.fingerprint, "seed": self.plan.seed},
            "duration": self.result.duration,
            "requests": self.result.requests,
            "rate": self.rate,
            "latency": {**latency, "max": self.latency.max, "mean": self.latency.mean},
            "slower_than": {"1.0": self.latency.slower_than(1.0)},
            "outcomes": self.outcomes,
        }


def run_plan(plan: _core.Plan, port: int) -> _core.LoadResult:
    """Sends a plan to 127.0.0.1. Raises LabError when it makes no sense or nothing listens."""
    with core_errors():
        return _core.run_load(plan, _core.Target(port))


def load(url: str, plan: _core.Plan | None = None, **fields: Any) -> LoadReport:
    """Sends a load to an http URL and waits for its end.

    `fields` are those of `Plan` (duration in seconds, connections, threads, rate in requests a
    second, arrivals, …); the URL's path is asked for unless they name `requests`. With a rate the
    arrivals are constant unless they say otherwise, without one the loop is closed. A whole `plan`
    stands for all of that. Raises LabError for a bad URL or plan and when nothing answers.
    """
    target, path = _target(url)
    if plan is None:
        if "rate" in fields:
            fields.setdefault("arrivals", _core.Arrivals.constant)
        fields.setdefault("requests", [_core.RequestSpec(target=path)])
        plan = _core.Plan(**fields)
    elif fields:
        raise LabError("a load takes either a plan or its fields, not both")
    with core_errors():
        return LoadReport(plan, _core.run_load(plan, target))


def _target(url: str) -> tuple[_core.Target, str]:
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or 80
    except ValueError as error:
        raise LabError(f"'{url}' is not a URL: {error}") from error
    if parts.scheme != "http" or not parts.hostname:
        raise LabError(
            f"'{url}' is not a URL that a load can be sent to: it takes http://HOST/PATH"
        )
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise LabError(f"the host of {url} is unknown: {error.strerror}") from error
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return _core.Target(port, str(found[0][4][0]), parts.netloc.rpartition("@")[2]), path
