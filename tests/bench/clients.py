"""How many requests a client sends for a second of its processor, beside wrk and others.

Each client is pinned to the processor after the server's, and they take turns; requests a second,
and microseconds of processor time for each request, are medians with their range. wrk's are the
measure of the others.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from sevenstops import LabError, closed, load
from sevenstops._core import Plan
from sevenstops.lab.edges.base import free_port
from sevenstops.lab.edges.nginx import NginxProcess
from sevenstops.lab.environment import Lab
from sevenstops.lab.processes import Process, pinned, wait_until

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 64
RESPONDER = Path("build/release/responder")

NGINX = """
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{ default_type text/plain; return 200 "ok\\n"; }}
  }}
"""


@dataclass
class Outcome:
    """Requests that a client saw answered, and the processor time it took for them."""

    requests: int
    seconds: float
    cpu_seconds: float


@dataclass
class Client:
    """A load generator: its name and one run of it against a URL."""

    name: str
    run: Callable[[str, frozenset[int]], Outcome]
    outcomes: list[Outcome] = field(default_factory=list)


def ours(engine: str) -> Callable[[str, frozenset[int]], Outcome]:
    """Our load core; the processor time is that of its load thread."""

    def run(url: str, cpus: frozenset[int]) -> Outcome:
        plan = Plan(arrivals=[closed(SECONDS)], connections=CONNECTIONS)
        with pinned(cpus):
            report = load(url, plan, engine=engine)
        if report.outcomes.keys() != {"2xx"}:
            raise LabError(f"{engine} counted {report.outcomes}")
        result = report.result
        return Outcome(result.requests, result.sending, result.client.cpu_seconds)

    return run


def foreign(count: str, *command: str) -> Callable[[str, frozenset[int]], Outcome]:
    """A program that prints its count of requests in a line that `count` matches."""

    def run(url: str, cpus: frozenset[int]) -> Outcome:
        pin = ["taskset", "-c", ",".join(map(str, sorted(cpus)))] if cpus else []
        with subprocess.Popen(
            [*pin, *command, url], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as child:
            assert child.stdout is not None
            said = child.stdout.read()
            _, status, used = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
        found = re.search(count, said)
        if child.returncode or not found:
            raise LabError(f"{command[0]} failed: {said.strip().splitlines()[-1:]}")
        return Outcome(int(found[1]), SECONDS, used.ru_utime + used.ru_stime)

    return run


def clients() -> list[Client]:
    """Ours and those of the others that are installed."""
    c, s = str(CONNECTIONS), str(SECONDS)
    others = {
        "wrk": foreign(r"(\d+) requests in", "wrk", "-t1", f"-c{c}", f"-d{s}s"),
        "h2load": foreign(
            r"requests: \d+ total, \d+ started, \d+ done, (\d+) succeeded",
            "h2load", "--h1", "-t1", f"-c{c}", f"-D{s}",
        ),
        "hey": foreign(r"\[200\]\s+(\d+) responses", "hey", "-c", c, "-z", f"{s}s"),
        "ab": foreign(r"Complete requests:\s+(\d+)", "ab", "-k", "-q", "-c", c, "-t", s,
                      "-n", "100000000"),
        "oha": foreign(r"\[200\] (\d+) responses", "oha", "--no-tui", "-c", c, "-z", f"{s}s"),
    }  # fmt: skip
    found = [Client(f"sevenstops ({e})", ours(e)) for e in ("io_uring", "epoll")]
    found += [Client(name, run) for name, run in others.items() if shutil.which(name)]
    missing = [name for name in others if not shutil.which(name)]
    if missing:
        print(f"not installed, so not measured: {', '.join(missing)}", file=sys.stderr)
    return found


@contextmanager
def servers(lab: Lab) -> Iterator[dict[str, str]]:
    """URLs of nginx and of the least server there can be, both on the first processor."""
    if not RESPONDER.exists():
        raise LabError(f"{RESPONDER} is not built: make bench builds it")
    ports = free_port(), free_port()
    with (
        NginxProcess(NGINX.format(port=ports[0]), ports[0], lab.service_cpus),
        Process([str(RESPONDER), str(ports[1])], lab.service_cpus),
    ):
        wait_until(lambda: listens(ports[1]), 5, "the responder")
        yield {
            "nginx": f"http://127.0.0.1:{ports[0]}/",
            "responder": f"http://127.0.0.1:{ports[1]}/",
        }


def listens(port: int) -> bool:
    """Whether something listens on this port of loopback."""
    return f":{port:04X} 00000000:0000 0A" in Path("/proc/net/tcp").read_text()


def spread(values: list[float], digits: int = 0) -> str:
    """Median and range."""
    return (
        f"{statistics.median(values):,.{digits}f} "
        f"[{min(values):,.{digits}f} to {max(values):,.{digits}f}]"
    )


def table(server: str, measured: list[Client]) -> list[str]:
    """The rows of one server, as Markdown."""
    per_core = {c.name: [o.requests / o.cpu_seconds for o in c.outcomes] for c in measured}
    rates = {c.name: [o.requests / o.seconds for o in c.outcomes] for c in measured}
    lines = [
        f"Server: {server}.", "",
        "| client | requests/s | to wrk | CPU µs per request | requests per core-second, to wrk |",
        "|---|---|--:|---|---|",
    ]  # fmt: skip
    for client in measured:
        costs = [1e6 * o.cpu_seconds / o.requests for o in client.outcomes]
        # Each round's pair, since what slows the machine slows both.
        ratios = [a / b for a, b in zip(per_core[client.name], per_core["wrk"], strict=True)]
        faster = statistics.median(rates[client.name]) / statistics.median(rates["wrk"])
        lines.append(
            f"| {client.name} | {spread(rates[client.name])} | {faster:.2f} | {spread(costs, 2)} "
            f"| **{statistics.median(ratios):.2f}** [{min(ratios):.2f} to {max(ratios):.2f}] |"
        )
    return lines


def measure(lab: Lab) -> tuple[list[str], bool]:
    """Every client against every server, in turns: Markdown lines, of which nothing must hold."""
    lines = [
        "## Clients, beside wrk", "",
        f"{CONNECTIONS} connections kept alive, closed loop, {SECONDS} s a run, {ROUNDS} rounds in "
        "turns; median [range]. Server and client have a processor each. What ours recorded: "
        "latency from intended and actual time, four phases, outcomes, a series.", "",
    ]  # fmt: skip
    cpus = frozenset(lab.cpus[1:2])
    with servers(lab) as urls:
        for server, url in urls.items():
            measured = clients()
            if "wrk" not in (c.name for c in measured):
                raise LabError("wrk is not installed: apt-get install wrk")
            for n in range(ROUNDS):
                order = measured[n % len(measured) :] + measured[: n % len(measured)]
                for client in order:
                    client.outcomes.append(client.run(url, cpus))
                print(f"{server}: round {n + 1} of {ROUNDS}", file=sys.stderr)
            lines += [*table(server, measured), ""]
    return lines, True
