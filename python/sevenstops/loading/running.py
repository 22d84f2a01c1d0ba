"""Loads from Python: a URL, a plan, and what became of its requests."""

import socket
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError, core_errors
from sevenstops.loading.plans import closed, constant

QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p999": 0.999}

LATE = 0.005
"""Seconds: a client whose timers are later than this at p99 does not keep its plan's times."""
BUSY = 0.95
"""A load thread that works for more of its time than this share may be the bottleneck itself."""


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
        """How many requests ended how: 2xx, 4xx, connect_timeout, read_timeout, reset, lost, …"""
        return dict(self.result.all.outcomes)

    @property
    def phases(self) -> dict[str, _core.Histogram]:
        """How long requests spent connecting, sending, until the first byte, until the last."""
        found = self.result.phases
        return {
            "connect": found.connect,
            "send": found.send,
            "first_byte": found.first_byte,
            "last_byte": found.last_byte,
        }

    @property
    def rate(self) -> float:
        """Requests a second that were sent."""
        return self.result.sent / self.result.sending

    @property
    def saturation(self) -> str:
        """Why the numbers may be the client's own; empty when they are the service's."""
        return self.lateness or self.business

    @property
    def lateness(self) -> str:
        """Why times may be the client's own: it sent late. Counts don't depend on that."""
        late = self.result.client.lateness.quantile(0.99)
        if self.plan.closed or late <= LATE:
            return ""
        return f"its timers were {late * 1000:.1f} ms late at p99 (bound: {LATE * 1000:g} ms)"

    @property
    def business(self) -> str:
        """Why any number may be the client's own: a thread of it had no time left."""
        busiest = self.result.client.busiest
        if busiest <= BUSY:
            return ""
        return f"a load thread was busy {busiest:.0%} of its time (bound: {BUSY:.0%})"

    def require_unsaturated(self) -> None:
        """Raises LabError when the client itself was the bottleneck."""
        if self.saturation:
            raise LabError(f"the client was the bottleneck: {self.saturation}")

    def as_dict(self) -> dict[str, Any]:
        """The form of the load contract (schemas/load-1.json)."""
        result = self.result
        blocked, client = result.blocked, result.client
        return {
            "schema": "sevenstops.load/1",
            "plan": {"fingerprint": result.fingerprint, "seed": self.plan.seed},
            "duration": result.duration,
            "requests": result.requests,
            "sent": _sent(result),
            "rate": self.rate,
            "latency": _summary(self.latency),
            "slower_than": {"1.0": self.latency.slower_than(1.0)},
            "outcomes": self.outcomes,
            "response": _summary(result.all.response),
            "phases": {name: _summary(histogram) for name, histogram in self.phases.items()},
            "blocked": {
                "no_connection": blocked.no_connection,
                "no_socket": blocked.no_socket,
                "no_client": blocked.no_client,
                "seconds": _summary(blocked.seconds),
            },
            "warm_up_requests": result.warm_up_requests,
            "client": {
                "engine": client.engine,
                "cpu_seconds": client.cpu_seconds,
                "busiest": client.busiest,
                "lateness": _summary(client.lateness),
                "saturation": self.saturation,
            },
            "requests_by_name": {
                name: {
                    "sent": _sent(r),
                    "outcomes": dict(r.outcomes),
                    "latency": _summary(r.latency),
                }
                for name, r in result.by_name.items()
            },
            "crowds": [
                {
                    "kind": crowd.kind,
                    "due": record.due,
                    "started": record.started,
                    "answered": record.answered,
                    "statuses": {str(k): n for k, n in record.statuses.items()},
                    "bytes_sent": record.bytes_sent,
                    "bytes_read": record.bytes_read,
                }
                for crowd, record in zip(self.plan.crowds, result.crowds, strict=True)
            ],
            "series": {
                "period": 0.1,
                "sent": [i.sent for i in result.series],
                "answered": [i.answered for i in result.series],
                "errors": [i.errors for i in result.series],
                "failed": [i.failed for i in result.series],
                "p50": [i.quantile(0.5) for i in result.series],
                "p99": [i.quantile(0.99) for i in result.series],
            },
        }


def _sent(counted: _core.LoadResult | _core.RequestRecord) -> dict[str, int]:
    return {
        "due": counted.due,
        "sent": counted.sent,
        "answered": counted.answered,
        "bytes_sent": counted.bytes_sent,
        "bytes_received": counted.bytes_received,
    }


def _summary(histogram: _core.Histogram) -> dict[str, float]:
    quantiles = {name: histogram.quantile(q) for name, q in QUANTILES.items()}
    return {**quantiles, "max": histogram.max, "mean": histogram.mean}


def run_plan(plan: _core.Plan, port: int, address: str = "127.0.0.1") -> _core.LoadResult:
    """Sends a plan, whose `allow` has the address unless that is this machine.

    Raises LabError when it makes no sense or nothing listens.
    """
    return _send(plan, _core.Target(port, address=address), "auto", None)


def load(
    url: str,
    plan: _core.Plan | None = None,
    *,
    engine: str = "auto",
    verify: bool = True,
    authorities: str = "",
    watch: Callable[[_core.LoadRun], None] | None = None,
    **fields: Any,
) -> LoadReport:
    """Sends a load to an http or https URL and waits for its end.

    `fields` are those of `Plan` (connections, threads, requests, crowds, …); the URL's path is
    asked for unless they name `requests`. In place of `arrivals`, `duration` in seconds makes a
    closed loop, and with a `rate` in requests a second constant arrivals. A whole `plan` stands for
    all of that. `engine` is auto, io_uring or epoll; `authorities` a PEM file of certificates to
    trust, `verify` whether to check at all. `watch` is called about ten times a second.

    Raises LabError for a bad URL or plan, a host that is neither this machine nor in the plan's
    `allow`, and when nothing answers.
    """
    target, path = _target(url, verify, authorities)
    if plan is None:
        fields.setdefault("requests", [_core.RequestSpec(target=path)])
        fields["arrivals"] = _arrivals(fields)
        plan = _core.Plan(**fields)
    elif fields:
        raise LabError("a load takes either a plan or its fields, not both")
    return LoadReport(plan, _send(plan, target, engine, watch))


def _arrivals(fields: dict[str, Any]) -> list[_core.Phase]:
    if "arrivals" in fields:
        if "duration" in fields or "rate" in fields:
            raise LabError("arrivals say when requests come: no duration or rate goes with them")
        arrivals: list[_core.Phase] = fields["arrivals"]
        return arrivals
    if "duration" not in fields:
        raise LabError("a load needs a duration in seconds, or arrivals")
    duration = fields.pop("duration")
    rate = fields.pop("rate", None)
    return [closed(duration) if rate is None else constant(rate, duration)]


def _send(
    plan: _core.Plan,
    target: _core.Target,
    engine: str,
    watch: Callable[[_core.LoadRun], None] | None,
) -> _core.LoadResult:
    with core_errors():
        run = _core.LoadRun(plan, target, engine)
        while not run.wait(0.1):
            if watch:
                watch(run)
        return run.result()


def _target(url: str, verify: bool, authorities: str) -> tuple[_core.Target, str]:
    try:
        parts = urllib.parse.urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError as error:
        raise LabError(f"'{url}' is not a URL: {error}") from error
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise LabError(
            f"'{url}' is not a URL that a load can be sent to: it takes http://HOST/PATH"
        )
    try:
        found = socket.getaddrinfo(parts.hostname, port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise LabError(f"the host of {url} is unknown: {error.strerror}") from error
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    target = _core.Target(
        port,
        address=str(found[0][4][0]),
        host=parts.netloc.rpartition("@")[2],
        tls=parts.scheme == "https",
        verify=verify,
        authorities=authorities,
    )
    return target, path
