"""Whether the load core tells the truth: known delays, kept rates, ten thousand connections."""

import os
import re
import signal
import statistics
import subprocess
import sys
import threading
import time

from clients import NGINX, RESPONDER, listens

from sevenstops import Crowd, Plan, RequestSpec, Service, ServiceOptions, closed, constant, load
from sevenstops._core import probe_process
from sevenstops.lab.edges.base import free_port
from sevenstops.lab.edges.nginx import NginxProcess
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import Process, pinned, wait_until
from sevenstops.lab.settings import settings_from

Row = tuple[str, str, str, bool | None]
"""What was asked, what was measured, what must hold, whether it does; None where nothing must."""

# The bound of "undisturbed": what nine thousand slow connections may add to a good one's p99.
MOST_ADDED = 0.002


def freeze(lab: Lab) -> list[Row]:
    """A service that is stopped for 2 s in a load of 10 s; wrk beside it, for contrast."""

    def stop(pid: int) -> None:
        time.sleep(4)
        os.kill(pid, signal.SIGSTOP)
        time.sleep(2)
        os.kill(pid, signal.SIGCONT)

    rows = []
    with Service(options=ServiceOptions(cpus=lab.service_cpus, rows=1)) as service:
        url = f"{service.url}/healthz"
        for _ in range(2):
            stopper = threading.Thread(target=stop, args=(service.process.pid,))
            stopper.start()
            if not rows:
                with pinned(lab.load_cpus):
                    report = load(url, rate=500, duration=10, connections=50)
                latency = report.latency
                said = [latency.quantile(q) for q in (0.5, 0.9, 0.99, 1.0)]
                slow = latency.slower_than(1.0)
                # 1,000 of 5,000 requests are due in the freeze and wait evenly from 2 s to nothing.
                exact = [0.0, 1.0, 1.9, 2.0]
                near = all(abs(s - e) <= 0.02 for s, e in zip(said, exact, strict=True))
                rows.append(
                    (
                        "500/s, frozen for 2 s of 10",
                        "p50, p90, p99, max "
                        + ", ".join(f"{s:.4f}" for s in said)
                        + f" s; {slow} slower than 1 s",
                        "0, 1.0, 1.9, 2.0 s; 500, within 1 %",
                        near and abs(slow - 500) <= 5,
                    )
                )
            else:
                wrk = subprocess.run(
                    ["wrk", "-t1", "-c50", "-d10s", "--timeout", "10s", "--latency", url],
                    capture_output=True, text=True, check=True,
                ).stdout  # fmt: skip
                lines = (line.split() for line in wrk.splitlines() if "%  " in line)
                times = [words[1] for words in lines if len(words) == 2]
                count = re.search(r"(\d+) requests in", wrk)
                rows.append(
                    (
                        "the same through wrk, for contrast",
                        f"p50, p75, p90, p99 {', '.join(times)}, after wrk's own correction; "
                        f"{int(count[1]) if count else 0:,} requests in a closed loop",
                        "",
                        None,
                    )
                )
            stopper.join()
    return rows


def delays(lab: Lab) -> list[Row]:
    """A server that answers after exactly 1, 5, 20 and 100 ms."""
    rows = []
    for milliseconds in (1, 5, 20, 100):
        port = free_port()
        with Process([str(RESPONDER), str(port), str(milliseconds * 1000)], lab.service_cpus):
            wait_until(lambda port=port: listens(port), 5, "the responder")
            with pinned(lab.load_cpus):
                report = load(
                    f"http://127.0.0.1:{port}/", rate=1000, duration=5, connections=256, warm_up=1.0
                )
        delay = milliseconds / 1000
        off = report.latency.quantile(0.5) - delay
        allowed = max(0.01 * delay, 100e-6)
        rows.append(
            (
                f"a delay of {milliseconds} ms at 1,000/s",
                f"p50 off by {off * 1e6:+.0f} µs",
                f"at most {allowed * 1e6:.0f} µs",
                abs(off) <= allowed and report.outcomes.keys() == {"2xx"},
            )
        )
    return rows


def rates(lab: Lab) -> list[Row]:
    """Constant arrivals at three rates, to nginx."""
    rows = []
    port = free_port()
    with NginxProcess(NGINX.format(port=port), port, lab.service_cpus), pinned(lab.load_cpus):
        for rate in (1000, 10_000, 50_000):
            report = load(f"http://127.0.0.1:{port}/", rate=rate, duration=5, connections=64)
            off = report.rate / rate - 1
            late = [report.result.client.lateness.quantile(q) * 1e6 for q in (0.5, 0.99)]
            rows.append(
                (
                    f"{rate:,} arrivals/s",
                    f"{report.rate:,.1f}/s ({off:+.3%}); timers late by "
                    f"{late[0]:.0f} µs at p50, {late[1]:.0f} at p99",
                    "within 0.5 %",
                    abs(off) <= 0.005 and report.outcomes.keys() == {"2xx"},
                )
            )
    return rows


def crowd(lab: Lab) -> list[Row]:
    """1,000 good connections alone and beside 9,000 slow ones, all on one processor."""
    settings = settings_from(
        "hardened",
        [f"parse.{name}_timeout=120" for name in ("head", "body", "idle")]
        + ["drain.write_timeout=120", f"parse.byte_budget={1 << 30}"],
    )
    slow = [
        Crowd(kind="slow_header", count=3000, rate=10),
        Crowd(kind="slow_body", target="/echo", count=3000, bytes=100_000, rate=10),
        Crowd(kind="slow_reader", target="/orders?limit=100", count=3000, rate=1000),
    ]
    alone: list[float] = []
    beside: list[float] = []
    per_connection = 0.0
    options = ServiceOptions(cpus=lab.service_cpus, rows=1000)
    with Service(settings, options) as service, pinned(frozenset(lab.cpus[1:2])):
        for n in range(6):
            plan = Plan(
                arrivals=[constant(1000, 8)], warm_up=3.0, connections=1000,
                crowds=slow if n % 2 else [], cool_down=5.0,
            )  # fmt: skip
            before = probe_process_self()
            most = before

            def look(run: object) -> None:
                nonlocal most
                most = max(most, probe_process_self())

            report = load(service.url, plan, watch=look)
            if report.outcomes.keys() != {"2xx"}:
                return [("10,000 connections", str(report.outcomes), "no failures", False)]
            (beside if n % 2 else alone).append(report.latency.quantile(0.99))
            if n == 1:
                per_connection = (most - before) / 9000
            time.sleep(0.5)
    added = statistics.median(beside) - statistics.median(alone)
    return [
        (
            "1,000 good connections beside 9,000 slow ones, 1,000 requests/s",
            f"p99 {statistics.median(alone) * 1e6:,.0f} µs alone, "
            f"{statistics.median(beside) * 1e6:,.0f} µs beside; no failures; "
            f"{per_connection / 1024:.1f} KiB of the client's RSS for each slow connection",
            f"at most {MOST_ADDED * 1000:g} ms added",
            added <= MOST_ADDED,
        )
    ]


def probe_process_self() -> int:
    """Resident bytes of this process."""
    return probe_process(os.getpid()).rss_bytes


def many(lab: Lab) -> list[Row]:
    """Whether a closed loop is served whole, as a check of framing.

    64 connections: more of them wait longer than handle.queue_time on a slow processor, and are
    refused as they should be.
    """
    with Service(options=ServiceOptions(cpus=lab.service_cpus)) as service, pinned(lab.load_cpus):
        mix = [
            RequestSpec(name="sized", target="/orders?limit={1..100}", weight=9),
            RequestSpec(name="chunked", target="/export.csv", weight=0.01),
        ]
        plan = Plan(arrivals=[closed(5)], connections=64, requests=mix)
        report = load(service.url, plan)
    return [
        (
            "sized and chunked answers, 64 connections",
            f"{report.result.requests:,} requests, {report.outcomes}",
            "all 2xx",
            report.outcomes.keys() == {"2xx"},
        )
    ]


def measure(lab: Lab) -> tuple[list[str], bool]:
    """All of it: Markdown lines, and whether everything holds."""
    rows: list[Row] = []
    for part in (freeze, delays, rates, many, crowd):
        found = part(lab)
        for row in found:
            print(f"{row[0]}: {row[1]}", file=sys.stderr)
        rows += found
    lines = ["## The truth of the load core", "", "| asked | measured | must hold | holds |",
             "|---|---|---|---|"]  # fmt: skip
    said = {True: "yes", False: "**no**", None: ""}
    lines += [f"| {a} | {m} | {h} | {said[ok]} |" for a, m, h, ok in rows]
    return [*lines, ""], all(row[3] is not False for row in rows)
