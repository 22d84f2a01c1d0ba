"""What floods of HTTP/2 do to good users and to the service, bounded and not; nginx and nghttpd.

Each flood is sent by four connections at a rate of its own, beside good requests on four others.
"""

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
from sevenstops.lab.processes import Process, wait_until
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
# One late answer of nine hundred is no flood's.
STILL = 0.002

NGINX = """
  server {{
    listen 127.0.0.1:{port} backlog=4096 http2;
    root {root};
    keepalive_requests 1000;
  }}
"""


@dataclass
class Server:
    """Where a flood goes: its process and port."""

    pid: int
    port: int


@dataclass
class Seen:
    """One run: what good users met, and what the flood cost both sides.

    Seconds, shares of a processor, and bytes.
    """

    failed: int
    p99: float
    service_cpu: float
    attackers_cpu: float
    memory: int


@contextmanager
def ours(lab: Lab, changes: tuple[str, ...]) -> Iterator[Server]:
    """The hardened service with a change or none."""
    options = ServiceOptions(cpus=lab.service_cpus, rows=80_000)
    with Service(settings_from("hardened", changes), options) as service:
        yield Server(service.process.pid, service.port)


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


def once(server: Server, flood: Flood | None) -> Seen:
    """Good users, and the attackers beside them."""
    run_plan(Plan(arrivals=[constant(RATE, 0.3)], protocol="h2", connections=4), server.port)
    start = probe_process(server.pid)
    most = start.rss_bytes
    attackers = LoadRun(attack(flood), Target(server.port)) if flood else None
    good = LoadRun(good_plan(), Target(server.port))
    while not good.wait(0.02):
        most = max(most, probe_process(server.pid).rss_bytes)
    result = good.result()
    end = probe_process(server.pid)
    cost = 0.0
    if attackers:
        attackers.cancel()
        cost = attackers.result().client.cpu_seconds / SECONDS
    record = result.by_name["good"]
    answered = record.outcomes.get("2xx", 0)
    return Seen(
        failed=record.due - answered + record.unexpected,
        p99=record.response.quantile(0.99) if answered else SECONDS,
        service_cpu=(end.cpu_seconds - start.cpu_seconds) / SECONDS,
        attackers_cpu=cost,
        memory=most - start.rss_bytes,
    )


def page(lab: Lab) -> str:
    """What the service answers to good users."""
    with ours(lab, ()) as server:
        status, text = fetch(Target(server.port), TARGET)
    if status != 200:
        raise LabError(f"{TARGET} was answered with {status}")
    return text


def places(
    lab: Lab, root: Path, flood: Flood
) -> dict[str, tuple[Callable[[], AbstractContextManager[Server]], Flood | None]]:
    """What is measured for a flood, in turns: a server, and what it is sent besides good users."""
    others = tuple(f"{setting}=0" for setting in flood.others)
    return {
        "no flood": (lambda: ours(lab, others), None),
        "unbounded": (lambda: ours(lab, (*others, f"{flood.setting}=0")), flood),
        "hardened": (lambda: ours(lab, others), flood),
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


def holds(found: dict[str, list[Seen]]) -> bool:
    """Whether good users of the hardened service lose nothing and wait at most twice as long."""
    without, seen = found["no flood"], found["hardened"]
    usual = statistics.median(s.p99 for s in without)
    slow = statistics.median(s.p99 for s in seen)
    return (
        not any(s.failed for s in seen)
        and slow <= max(2 * usual, usual + STILL)
        and max(s.memory for s in seen) <= MOST_MEMORY
        and max(s.attackers_cpu for s in seen) <= MOST_COST
    )


def measure(lab: Lab, floods: tuple[Flood, ...] = FLOODS) -> tuple[list[str], bool]:
    """Every flood on every server: Markdown lines, and whether all hold."""
    found: dict[str, dict[str, list[Seen]]] = {}
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        (root / "orders").write_text(page(lab))
        root.chmod(0o755)
        for n in range(ROUNDS):
            for flood in floods:
                of_flood = found.setdefault(flood.name, {})
                turns = list(places(lab, root, flood).items())
                for name, (server, sent) in turns[n % len(turns) :] + turns[: n % len(turns)]:
                    with server() as running:
                        of_flood.setdefault(name, []).append(once(running, sent))
                print(f"floods: round {n + 1} of {ROUNDS}, {flood.name}", file=sys.stderr)
    lines = [
        "## Floods of HTTP/2", "",
        f"{ATTACKERS} connections send each flood beside {RATE} good requests a second, for "
        f"{SECONDS:g} s, {ROUNDS} rounds in turns. A cell has good users' failures of "
        f"{round(RATE * SECONDS * ROUNDS):,}, their p99, processors that the server used, and MiB "
        "that it grew by. Without bound the flood's setting is 0, all else is hardened. nginx and "
        "nghttpd send a file.", "",
        "| flood | known as | frames/s | attackers' processors | no flood | unbounded | hardened "
        "| nginx | nghttpd | holds |",
        "|---|---|--:|--:|---|---|---|---|---|---|",
    ]  # fmt: skip
    held = []
    for flood in floods:
        of_flood = found[flood.name]
        held.append(holds(of_flood))
        cost = max(s.attackers_cpu for s in of_flood["hardened"])
        frames = ATTACKERS * flood.rate * len(flood.frames(TARGET))
        cells = " | ".join(said(seen) for seen in of_flood.values())
        lines.append(
            f"| {flood.name} | {flood.known} | {frames:,.0f} | {cost:.2f} | {cells} "
            f"| {'yes' if held[-1] else '**no**'} |"
        )
    return [*lines, ""], all(held)
