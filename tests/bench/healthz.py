"""Requests a second of GET /healthz on one core beside nginx `return 200` on one core.

Both are asked by the same wrk, in turns.
"""

import statistics
import sys
import time

from clients import CONNECTIONS, NGINX, SECONDS, foreign, spread

from sevenstops import LabError, Service, ServiceOptions
from sevenstops.lab.edges.base import free_port
from sevenstops.lab.edges.nginx import NginxProcess
from sevenstops.lab.environment import Lab

ROUNDS = 5


def measure(lab: Lab) -> list[str]:
    """Markdown lines."""
    cpus = frozenset(lab.cpus[1:])
    threads = f"-t{max(1, len(cpus))}"
    wrk = foreign(r"(\d+) requests in", "wrk", threads, f"-c{CONNECTIONS}", f"-d{SECONDS}s")
    port = free_port()
    rates: dict[str, list[float]] = {"sevenstops": [], "nginx": []}
    with (
        Service(options=ServiceOptions(cpus=lab.service_cpus, rows=1)) as service,
        NginxProcess(NGINX.format(port=port), port, lab.service_cpus),
    ):
        ports = {"sevenstops": service.port, "nginx": port}
        for n in range(ROUNDS):
            for name in sorted(ports, reverse=n % 2 == 0):
                outcome = wrk(f"http://127.0.0.1:{ports[name]}/healthz", cpus)
                rates[name].append(outcome.requests / outcome.seconds)
                time.sleep(0.2)
            print(f"healthz: round {n + 1} of {ROUNDS}", file=sys.stderr)
        # All probes on: the service was counting, and is asked what it counted.
        if service.stops()["requests_total"] == 0:
            raise LabError("the service counted nothing")
    ratio = statistics.median(rates["sevenstops"]) / statistics.median(rates["nginx"])
    return [
        "## The service, beside nginx", "",
        f"GET /healthz of the hardened service and nginx `return 200`, one core each, asked by wrk "
        f"with {CONNECTIONS} connections in turns, {ROUNDS} rounds; median [range].", "",
        "| server | requests/s |", "|---|---|",
        *(f"| {name} | {spread(found)} |" for name, found in rates.items()),
        "", f"Ratio: **{ratio:.2f}**.", "",
    ]  # fmt: skip
