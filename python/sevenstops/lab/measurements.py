"""Measurements of a run: of its load, of a service's counters, of its memory."""

import contextlib
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sevenstops import _core
from sevenstops.errors import LabError
from sevenstops.evidence.metrics import Censored
from sevenstops.lab.service import Service
from sevenstops.lab.stoppable import Stoppable


class PeakMemory(Stoppable):
    """Watches how far a service's resident memory climbs while a block runs.

    `growth` is in bytes, from the block's start; looked at every 20 ms and at its end. `course` has
    each look: seconds from the start, and bytes above it.
    """

    PERIOD = 0.02

    def __init__(self, watched: Service) -> None:
        """Begins to watch."""
        self._service = watched
        self._done = threading.Event()
        self._start = self._peak = watched.memory()
        self._began = time.monotonic()
        self.course: list[tuple[float, float]] = [(0.0, 0.0)]
        self._trouble: LabError | None = None
        # Ctrl-C may come before anybody can stop it, and Python is not to wait for it then.
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    @property
    def growth(self) -> int:
        """Bytes above the start at the peak."""
        return self._peak - self._start

    def _look(self) -> None:
        now = self._service.memory()
        self._peak = max(self._peak, now)
        self.course.append((time.monotonic() - self._began, float(now - self._start)))

    def _watch(self) -> None:
        try:
            while not self._done.wait(self.PERIOD):
                self._look()
        except LabError as error:
            self._trouble = error

    def _end(self) -> None:
        self._done.set()
        self._thread.join()
        if self._trouble is None:
            with contextlib.suppress(LabError):
                self._look()
        # Whoever asks it next notices that it has died; of one that lives the peak is missing.
        elif self._service.process.alive:
            raise self._trouble


def samples_for(q: float) -> int:
    """How many samples a percentile needs, so as not to be the largest of them."""
    return round(1 / (1 - q))


def percentile(histogram: _core.Histogram, q: float) -> float:
    """The latency in seconds that a share `q` did not exceed.

    Raises LabError for fewer than 1 / (1 - q) samples: 100 for p99, 1,000 for p99.9. With fewer it
    would be the largest of them, whatever its name.
    """
    least = samples_for(q)
    if histogram.total < least:
        raise LabError(f"p{100 * q:g} needs {least:,} samples, and there are {histogram.total}")
    return histogram.quantile(q)


def percentile_seen(histogram: _core.Histogram, q: float) -> float:
    """The percentile; of fewer samples than it needs their largest, as one that was cut off: what
    is missing may be any later one, and the run goes on to say why it is.
    """
    if histogram.total >= samples_for(q):
        return histogram.quantile(q)
    return Censored(histogram.quantile(1.0) if histogram.total else 0.0)


def extra_requests(counters: Mapping[str, Any], since: Mapping[str, Any] | None = None) -> float:
    """A service's hedges and repeats, as a share of the requests beneath that it can't do without.

    `counters` are its `stops()`, and `since` those of an earlier time from which to count.
    """

    def count(name: str) -> int:
        return int(counters[name]) - (int(since[name]) if since else 0)

    extra = count("dependency_hedges_total") + count("dependency_retries_total")
    return extra / max(1, count("dependency_requests_total") - extra)


def orphaned_work(counters: Mapping[str, Any]) -> float:
    """The share of a service's own work that it did to the end for callers who had left."""
    begun = counters["work_completed_total"] + counters["work_cancelled_total"]
    return float(counters["work_orphaned_total"] / max(1, begun))


INTERVAL = 0.1
"""Seconds of one interval of a load's series."""


def goodput(series: Sequence[_core.Interval], begin: float, end: float) -> float:
    """Answers without a server error as a share of what was sent, between two times of a load."""
    part = series[round(begin / INTERVAL) : round(end / INTERVAL)]
    return sum(i.answered - i.errors for i in part) / max(1, sum(i.sent for i in part))


def recovery(series: Sequence[_core.Interval], begin: float, end: float) -> float:
    """Seconds from `begin` until the goodput of every second that begins later is at least 0.95.

    Looked at in steps of half a second; cut off at `end - begin` when that is never so.
    """
    step = 0.5
    begins = [begin + n * step for n in range(round((end - begin - 1) / step) + 1)]
    bad = [at for at in begins if goodput(series, at, at + 1) < 0.95]
    if not bad:
        return 0.0
    return Censored(end - begin) if bad[-1] == begins[-1] else bad[-1] + step - begin


def failures(result: _core.LoadResult, name: str) -> int:
    """Requests of this name that got no 2xx."""
    outcomes = result.by_name[name].outcomes
    return sum(n for kind, n in outcomes.items() if kind != "2xx")


@dataclass(frozen=True)
class KeptConnections:
    """What users met who keep their connections and pause between two requests.

    Of their `requests` so many were `unanswered`, or not with a whole 200; so many `closed`
    connections made a user connect anew, and answered him then.
    """

    requests: int
    unanswered: int
    closed: int


def kept_connections(users: _core.CrowdRecord) -> KeptConnections:
    """Of a crowd of keep_alive_users."""
    answered = [request for request in users.clients if request.whole and request.status == 200]
    return KeptConnections(
        requests=users.fetches_due,
        unanswered=users.fetches_due - len(answered),
        closed=sum(1 for request in answered if request.why),
    )


Points = list[tuple[float, float]]


def goodput_curve(series: Sequence[_core.Interval], width: float = 0.5) -> Points:
    """Goodput over a load's time, in steps of `width` seconds: each one's middle and share."""
    end = len(series) * INTERVAL
    begins = [n * width for n in range(int(end / width))]
    return [(at + width / 2, goodput(series, at, at + width)) for at in begins]


def slowest_curve(series: Sequence[_core.Interval], until: float) -> Points:
    """The slowest answer of each interval of a load's first `until` seconds."""
    part = series[: round(until / INTERVAL)]
    return [(n * INTERVAL, i.quantile(1.0)) for n, i in enumerate(part) if i.answered]


SHARES = (*(n / 20 for n in range(20)), 0.98, 0.99, 0.995, 0.998, 0.999)


def percentile_curve(histogram: _core.Histogram) -> Points:
    """Shares up to p99.9, as far as there are samples for them, and the latency of each."""
    total = histogram.total
    return [(q, histogram.quantile(q)) for q in SHARES if total * (1 - q) >= 1]


def histogram_curve(histogram: _core.Histogram, step: float = 0.05) -> Points:
    """How many values lie in each step of so many seconds: its begin, and their count."""
    counts: dict[int, int] = {}
    for micros, count in histogram.counts():
        at = int(micros * 1e-6 / step)
        counts[at] = counts.get(at, 0) + count
    return [(at * step, float(count)) for at, count in sorted(counts.items())]
