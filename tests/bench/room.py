"""What the service does when connections or bytes run out: floods of those who do not move."""

import contextlib
import resource
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

from truth import Row

from sevenstops import Plan, RequestSpec, Service, ServiceOptions, constant, load
from sevenstops._core import Target, fetch, probe_process
from sevenstops.lab.environment import Lab

IDLE = 20_100
FLOOD = 800
MIB = 1 << 20

# Connections that say nothing, from a process of its own: how many of them, and to which port.
HOLD = """
import resource, socket, sys
most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
held = [socket.create_connection(("127.0.0.1", int(sys.argv[2]))) for _ in range(int(sys.argv[1]))]
print("ready", flush=True)
sys.stdin.read()
"""


def idle(lab: Lab) -> list[Row]:
    """More connections that say nothing than the process has descriptors."""
    answers: list[tuple[float, bool]] = []
    with Service(options=ServiceOptions(cpus=lab.service_cpus)) as service:
        stop = threading.Event()

        def ask() -> None:
            while not stop.is_set():
                for port, path in ((service.port, "/healthz"), (service.admin_port, "/stops")):
                    begun = time.monotonic()
                    try:
                        good = fetch(Target(port), path)[0] == 200
                    except (OSError, RuntimeError):
                        good = False
                    answers.append((time.monotonic() - begun, good))
                time.sleep(0.05)

        asking = threading.Thread(target=ask)
        asking.start()
        holders = [
            subprocess.Popen(
                [sys.executable, "-c", HOLD, str(IDLE // 2), str(service.port)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
            )
            for _ in range(2)
        ]
        try:
            for holder in holders:
                assert holder.stdout is not None
                holder.stdout.readline()
            time.sleep(5)
            counted = service.stops()
        finally:
            stop.set()
            asking.join()
            for holder in holders:
                holder.communicate()
    failed = sum(not good for _, good in answers)
    slowest = max(seconds for seconds, _ in answers)
    return [
        (
            f"{IDLE:,} connections that say nothing",
            f"{len(answers)} requests to /healthz and /stops, {failed} failed, the slowest took "
            f"{slowest:.3f} s; at most {counted['connections_bound']:,} held, "
            f"{counted['silent_connections_closed_total']:,} closed for others",
            "none fails, each within 1 s",
            failed == 0 and slowest <= 1,
        )
    ]


@contextlib.contextmanager
def flood(port: int, body: int) -> Iterator[Callable[[], None]]:
    """Sockets of clients that declare a body of 1 MiB, send `body` bytes and read nothing."""
    held: list[socket.socket] = []

    def one(_: int) -> None:
        client = socket.create_connection(("127.0.0.1", port), timeout=20)
        held.append(client)
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        with contextlib.suppress(OSError):
            client.sendall(b"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % MIB)
            client.sendall(b"x" * body)

    def begin() -> None:
        with ThreadPoolExecutor(64) as pool:
            list(pool.map(one, range(FLOOD)))

    try:
        yield begin
    finally:
        for client in held:
            client.close()


def bodies(lab: Lab, name: str, body: int) -> Row:
    """A flood beside good users; what the service holds meanwhile, and ten seconds later."""
    good = Plan(
        arrivals=[constant(200, 15)],
        connections=16,
        requests=[
            RequestSpec(name="health", target="/healthz"),
            RequestSpec(name="orders", target="/orders?limit=50"),
        ],
    )
    with Service(options=ServiceOptions(cpus=lab.service_cpus)) as service:
        pid = service.process.popen.pid
        load(service.url, rate=200, duration=1, connections=16)
        start = most = probe_process(pid).rss_bytes

        def look(_: object) -> None:
            nonlocal most
            most = max(most, probe_process(pid).rss_bytes)

        with flood(service.port, body) as begin:
            sender = threading.Thread(target=begin)
            sender.start()
            report = load(service.url, good, watch=look)
            sender.join()
            counted = service.stops()
        time.sleep(10)
        after = probe_process(pid).rss_bytes
    failed = report.result.requests - report.outcomes.get("2xx", 0)
    return (
        name,
        f"{(most - start) / MIB:.1f} MiB more at most, {(after - start) / MIB:.1f} MiB ten seconds "
        f"later; {report.result.requests:,} good requests, {failed} failed; "
        f"{counted['slow_connections_ended_total']:,} ended, "
        f"{counted['stops']['parse']['refused'].get('byte_budget', 0):,} refused",
        "at most 96 MiB more, 16 MiB later; none fails",
        most - start <= 96 * MIB and after - start <= 16 * MIB and failed == 0,
    )


def measure(lab: Lab) -> tuple[list[str], bool]:
    """All of it: Markdown lines, and whether everything holds."""
    most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    rows = idle(lab)
    rows.append(bodies(lab, f"{FLOOD} bodies of 1 MiB, the last byte withheld", MIB - 1))
    rows.append(bodies(lab, f"{FLOOD} echoes of 1 MiB that nobody reads", MIB))
    for row in rows:
        print(f"{row[0]}: {row[1]}", file=sys.stderr)
    lines = ["## When connections or bytes run out", "", "| asked | measured | must hold | holds |",
             "|---|---|---|---|"]  # fmt: skip
    for asked, measured, must, holds in rows:
        lines.append(f"| {asked} | {measured} | {must} | {'yes' if holds else '**no**'} |")
    return [*lines, ""], all(row[3] for row in rows)
