"""Requests a second of GET /healthz on one core beside nginx `return 200` on one core.

All are asked by the same wrk, in turns; so is a service that logs every request.
"""

import contextlib
import statistics
import sys
import tempfile
import time
from pathlib import Path

from clients import CONNECTIONS, NGINX, SECONDS, foreign, spread

from sevenstops import LabError, Service, ServiceOptions
from sevenstops.lab.edges.base import free_port
from sevenstops.lab.edges.nginx import NginxProcess
from sevenstops.lab.environment import Lab

ROUNDS = 9


def measure(lab: Lab) -> list[str]:
    """Markdown lines."""
    cpus = frozenset(lab.cpus[1:])
    threads = f"-t{max(1, len(cpus))}"
    wrk = foreign(r"(\d+) requests in", "wrk", threads, f"-c{CONNECTIONS}", f"-d{SECONDS}s")
    port = free_port()
    rates: dict[str, list[float]] = {"sevenstops": [], "with access log": [], "nginx": []}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = folder / "access.log"
        quiet = stack.enter_context(Service(options=ServiceOptions(cpus=lab.service_cpus, rows=1)))
        logging = Service(options=ServiceOptions(cpus=lab.service_cpus, rows=1, access_log=log))
        stack.callback(logging.stop)
        stack.enter_context(NginxProcess(NGINX.format(port=port), port, lab.service_cpus))
        ports = {"sevenstops": quiet.port, "with access log": logging.port, "nginx": port}
        for n in range(ROUNDS):
            for name in sorted(ports, reverse=n % 2 == 0):
                outcome = wrk(f"http://127.0.0.1:{ports[name]}/healthz", cpus)
                rates[name].append(outcome.requests / outcome.seconds)
                time.sleep(0.2)
            print(f"healthz: round {n + 1} of {ROUNDS}", file=sys.stderr)
        # All probes on: the service was counting, and is asked what it counted.
        if quiet.stops()["requests_total"] == 0:
            raise LabError("the service counted nothing")
        # The log counts what it dropped once a second.
        time.sleep(1.5)
        counted = logging.stops()
        logging.stop()
        with log.open() as lines:
            written = sum(1 for _ in lines)
    medians = {name: statistics.median(found) for name, found in rates.items()}
    # The second and the last but one of nine hold the median in 96 of 100 cases (1 - 2 * 10 / 2^9).
    pairs = sorted(a / b for a, b in zip(rates["sevenstops"], rates["nginx"], strict=True))
    ratio = f"**{statistics.median(pairs):.2f}** [{pairs[1]:.2f} to {pairs[-2]:.2f}]"
    dropped = counted["access_log_dropped_total"]
    answered = counted["stops"]["drain"]["entered"]
    return [
        "## The service, beside nginx", "",
        f"GET /healthz of the hardened service, of one that logs every request, and nginx `return "
        f"200`, one core each, asked by wrk with {CONNECTIONS} connections in turns, {ROUNDS} "
        "rounds; median [range].", "",
        "| server | requests/s |", "|---|---|",
        *(f"| {name} | {spread(found)} |" for name, found in rates.items()),
        "", f"Ratio to nginx, round by round: {ratio}, with 96 % by order statistics. "
        f"With the access log on the same core, to itself without: "
        f"**{medians['with access log'] / medians['sevenstops']:.2f}**; {written:,} lines written "
        f"of {answered:,} responses, {dropped:,} dropped.", "",
    ]  # fmt: skip
