"""What floods of HTTP/2 do to good users and to the service, bounded and not; nginx and nghttpd.

Each flood is sent by four connections at a rate of its own, beside good requests on four others.
"""

import re
import statistics
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path

from clients import listens

from sevenstops import Crowd, LabError, Plan, RequestSpec, Service, ServiceOptions, constant
from sevenstops._core import Http2Spec, LoadRun, Target, fetch, probe_process
from sevenstops.lab.edges.base import free_port, installed
from sevenstops.lab.edges.nginx import NginxProcess
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import Process, pinned, wait_until
from sevenstops.lab.settings import settings_from
from sevenstops.loading.floods import FLOODS, Flood
from sevenstops.loading.running import run_plan

ROUNDS = 3
SECONDS = 3.0
RATE = 300
ATTACKERS = 4
MIB = 1 << 20
TARGET = "/orders?limit=20"
# Of the client's processor, for the attackers.
MOST_COST = 0.5
MOST_MEMORY = 16 * MIB
MOST_P99 = 2.0

NGINX = """
  server {{
    listen 127.0.0.1:{port} backlog=4096 http2;
    root {root};
    keepalive_requests 1000;
  }}
"""


@dataclass
class Server:
    """Where a flood goes: its process and port, and for what it refused connections so far."""

    pid: int
    port: int
    refused: Callable[[], dict[str, int]] = dict


@dataclass
class Seen:
    """One run: what good users met, and what the flood cost both sides.

    Seconds, shares of a processor, bytes at the peak, times that the flood's frames were sent, and
    what ended its connections.
    """

    failed: int
    p99: float
    service_cpu: float
    attackers_cpu: float
    memory: int
    sent: float
    ended: dict[str, int]


@contextmanager
def ours(lab: Lab, changes: tuple[str, ...]) -> Iterator[Server]:
    """The hardened service with a change or none."""
    options = ServiceOptions(cpus=lab.service_cpus, rows=80_000)
    with Service(settings_from("hardened", changes), options) as service:
        yield Server(
            service.process.pid,
            service.port,
            lambda: dict(service.stops()["stops"]["parse"]["refused"]),
        )


@contextmanager
def nginx(lab: Lab, root: Path) -> Iterator[Server]:
    """The distribution's, with a file for what good users ask for."""
    port = free_port()
    http = NGINX.format(port=port, root=root)
    with NginxProcess(http, port, lab.service_cpus) as process:
        yield Server(process.pids()[0], port)


@contextmanager
def nghttpd(lab: Lab, root: Path) -> Iterator[Server]:
    """The distribution's, with the same file."""
    port = free_port()
    path = installed("nghttpd", "nghttp2-server")
    command = [path, "--no-tls", "-a", "127.0.0.1", "-d", str(root), str(port)]
    with Process(command, lab.service_cpus) as process:
        wait_until(lambda: listens(port), 5, "nghttpd")
        yield Server(process.pid, port)


def good_plan() -> Plan:
    """Users of HTTP/2 on connections of their own."""
    return Plan(
        arrivals=[constant(RATE, SECONDS)],
        protocol="h2",
        connections=4,
        http2=Http2Spec(streams=32),
        requests=[RequestSpec(name="good", target=TARGET, expect='"id":20')],
    )


def attack(flood: Flood) -> Plan:
    """The flood alone; an attacker whose connection has ended comes again after a second."""
    crowd = Crowd(
        kind="http2_flood", name="attackers", count=ATTACKERS, rate=flood.rate, pause=1.0,
        repeat=True, pieces=[(flood.piece(TARGET), 0)],
    )  # fmt: skip
    return Plan(arrivals=[constant(1, SECONDS)], connections=1, crowds=[crowd],
                requests=[RequestSpec(name="none", target="/healthz")])  # fmt: skip


def forget_peak(pid: int) -> int:
    """Lets the kernel begin a new peak of resident memory (proc(5), clear_refs); bytes now."""
    Path(f"/proc/{pid}/clear_refs").write_text("5")
    return peak(pid)


def peak(pid: int) -> int:
    """The most resident memory since, in bytes (proc(5), VmHWM)."""
    found = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert found
    return int(found[1]) * 1024


def once(server: Server, flood: Flood | None) -> Seen:
    """Good users, and the attackers beside them."""
    run_plan(Plan(arrivals=[constant(RATE, 0.3)], protocol="h2", connections=4), server.port)
    memory = forget_peak(server.pid)
    before = probe_process(server.pid).cpu_seconds
    attackers = LoadRun(attack(flood), Target(server.port)) if flood else None
    result = LoadRun(good_plan(), Target(server.port)).result()
    used = probe_process(server.pid).cpu_seconds - before
    cost = sent = 0.0
    if attackers and flood:
        attackers.cancel()
        attacked = attackers.result()
        cost = attacked.client.cpu_seconds / SECONDS
        (crowd,) = attacked.crowds
        if crowd.started < ATTACKERS:
            raise LabError(f"{crowd.started} of {ATTACKERS} attackers of {flood.name} connected")
        sent = crowd.bytes_sent / len(flood.piece(TARGET))
    record = result.by_name["good"]
    answered = record.outcomes.get("2xx", 0)
    return Seen(
        failed=record.due - answered + record.unexpected,
        p99=record.response.quantile(0.99) if answered else SECONDS,
        service_cpu=used / SECONDS,
        attackers_cpu=cost,
        memory=peak(server.pid) - memory,
        sent=sent,
        ended=server.refused(),
    )


def files(lab: Lab, root: Path) -> None:
    """What the service answers to good users, and an export, as files for the others."""
    options = ServiceOptions(cpus=lab.service_cpus, rows=80_000)
    with Service(options=options) as service:
        for name, target in (("orders", TARGET), ("export.csv", "/export.csv")):
            status, text = fetch(Target(service.port), target)
            if status != 200:
                raise LabError(f"{target} was answered with {status}")
            (root / name).write_text(text)
    root.chmod(0o755)


def places(
    lab: Lab, root: Path, flood: Flood
) -> dict[str, tuple[Callable[[], AbstractContextManager[Server]], Flood | None]]:
    """What is measured for a flood, in turns: a server, and what it is sent besides good users."""
    return {
        "no flood": (lambda: ours(lab, ()), None),
        "unbounded": (lambda: ours(lab, flood.unbounded), flood),
        "hardened": (lambda: ours(lab, ()), flood),
        "nginx": (lambda: nginx(lab, root), flood),
        "nghttpd": (lambda: nghttpd(lab, root), flood),
    }


def said(seen: list[Seen]) -> str:
    """A cell: medians, and the failures of all rounds."""
    failed = sum(s.failed for s in seen)
    p99 = statistics.median(s.p99 for s in seen)
    cpu = statistics.median(s.service_cpu for s in seen)
    memory = max(s.memory for s in seen)
    return f"{failed:,}; {1e3 * p99:.1f} ms; {cpu:.2f}; {memory / MIB:+.1f}"


def holds(flood: Flood, found: dict[str, list[Seen]]) -> bool:
    """Whether the hardened service ended the flood, and good users lost nothing by it and waited at
    most twice as long; and the attackers stayed within their half of a processor.
    """
    without, seen = found["no flood"], found["hardened"]
    usual = statistics.median(s.p99 for s in without)
    return (
        all(set(s.ended) - {"http2_message"} for s in seen)
        and not any(s.failed for s in seen)
        and statistics.median(s.p99 for s in seen) <= MOST_P99 * usual
        and max(s.memory for s in seen) <= MOST_MEMORY
        and max(s.attackers_cpu for s in (*seen, *found["unbounded"])) <= MOST_COST
    )


def row(flood: Flood, found: dict[str, list[Seen]]) -> str:
    """A flood's line of the table."""
    frames = len(flood.frames(TARGET))
    unbounded = found["unbounded"]
    sent = statistics.median(s.sent for s in unbounded) * frames / SECONDS
    cost = max(s.attackers_cpu for s in unbounded)
    ended = sorted({reason for s in unbounded for reason in s.ended} - {"http2_message"})
    cells = " | ".join(said(seen) for seen in found.values())
    return (
        f"| {flood.name} | {flood.known} | {ATTACKERS * flood.rate * frames:,.0f} | {sent:,.0f} "
        f"| {cost:.2f} | {', '.join(ended) or 'nothing'} | {cells} "
        f"| {'yes' if holds(flood, found) else '**no**'} |"
    )


def measure(lab: Lab, floods: tuple[Flood, ...] = FLOODS) -> tuple[list[str], bool]:
    """Every flood on every server: Markdown lines, and whether all hold."""
    found: dict[str, dict[str, list[Seen]]] = {}
    with tempfile.TemporaryDirectory() as folder, pinned(lab.load_cpus):
        root = Path(folder)
        files(lab, root)
        for n in range(ROUNDS):
            for flood in floods:
                turns = places(lab, root, flood)
                of_flood = found.setdefault(flood.name, {name: [] for name in turns})
                order = list(turns)
                for name in order[n % len(order) :] + order[: n % len(order)]:
                    server, sent = turns[name]
                    with server() as running:
                        of_flood[name].append(once(running, sent))
                print(f"floods: round {n + 1} of {ROUNDS}, {flood.name}", file=sys.stderr)
    lines = [
        "## Floods of HTTP/2", "",
        f"{ATTACKERS} connections send each flood beside {RATE} good requests a second, for "
        f"{SECONDS:g} s, {ROUNDS} rounds in turns; who is cut off comes again after a second. A "
        f"cell has good users' failures of {round(RATE * SECONDS * ROUNDS):,}, their p99, "
        "processors that the server used, and MiB that it grew by at most. Unbounded is the "
        "hardened service without the settings that bound the flood; what ended it all the same "
        "is named. nginx and nghttpd send files, and refuse a POST. Must hold for the hardened "
        "one: it ends the flood, no failure, p99 at most twice that without, at most 16 MiB, "
        "attackers at most half a processor.", "",
        "| flood | known as | frames/s due | sent, unbounded | attackers' processors | ended by "
        "| no flood | unbounded | hardened | nginx | nghttpd | holds |",
        "|---|---|--:|--:|--:|---|---|---|---|---|---|---|",
        *(row(flood, found[flood.name]) for flood in floods), "",
    ]  # fmt: skip
    return lines, all(holds(flood, found[flood.name]) for flood in floods)
