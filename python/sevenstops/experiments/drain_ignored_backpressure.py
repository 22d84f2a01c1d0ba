"""Drain: readers at 200 KB/s on the export."""

import threading
import time

from sevenstops import _core
from sevenstops.evidence import Metric
from sevenstops.experiments.base import Experiment, Lab, Sample, crowd, failures, request, service

ROWS = 100_000


def plan(seed: int) -> _core.Plan:
    """Ten slow readers of an export of about 9 MB, beside 200 good requests a second."""
    p = _core.Plan()
    p.seed, p.arrivals, p.rate, p.duration, p.connections = seed, _core.Arrivals.constant, 200, 4, 16
    p.requests = [request("/healthz", "good")]
    p.crowds = [crowd("slow_reader", "/export.csv", 10, rate=200_000)]
    return p


def run(lab: Lab, settings: _core.Settings, p: _core.Plan) -> Sample:
    """One freshly started service; its memory is watched while the readers read."""
    with service(lab, settings, rows=ROWS) as s, lab.front(s) as port:
        start = s.memory()
        peak = [start]
        done = threading.Event()

        def watch() -> None:
            while not done.is_set():
                peak[0] = max(peak[0], s.memory())
                time.sleep(0.05)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            result = _core.run_load(p, port)
        finally:
            done.set()
            watcher.join()
        return {
            "rss_growth_bytes": peak[0] - start,
            "queued_bytes_max": s.stops()["queued_bytes_max"],
            "good_requests_failed": failures(result, "good"),
        }


EXPERIMENT = Experiment(
    stop="drain",
    failure="ignored-backpressure",
    symptom="memory climbs during downloads",
    fix="each write awaited within a high-water mark of 64 KiB",
    metrics=[
        Metric("rss_growth_bytes", "bytes", "smaps_rollup", "lower", "< 16777216"),
        Metric("queued_bytes_max", "bytes", "service", "lower", "< 2097152"),
        Metric("good_requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
)
