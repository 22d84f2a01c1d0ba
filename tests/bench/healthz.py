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

from sevenstops import LabError, Service, ServiceOptions, fragile
from sevenstops.lab.edges.base import free_port
from sevenstops.lab.edges.nginx import NginxProcess
from sevenstops.lab.environment import Lab

ROUNDS = 9
# Of the rate of nginx, and of the fragile service.
LEAST_OF_NGINX = 0.95
LEAST_OF_FRAGILE = 0.97


def compared(rates: dict[str, list[float]], one: str, other: str) -> tuple[float, str]:
    """Round by round, one to another: the median, and it with its interval.

    The second and the last but one of nine hold the median in 96 of 100 cases (1 - 2 * 10 / 2^9).
    """
    pairs = sorted(a / b for a, b in zip(rates[one], rates[other], strict=True))
    middle = statistics.median(pairs)
    return middle, f"**{middle:.2f}** [{pairs[1]:.2f} to {pairs[-2]:.2f}]"


def measure(lab: Lab) -> tuple[list[str], bool]:
    """Markdown lines, and whether the ratios are what they have to be."""
    cpus = frozenset(lab.cpus[1:])
    threads = f"-t{max(1, len(cpus))}"
    wrk = foreign(r"(\d+) requests in", "wrk", threads, f"-c{CONNECTIONS}", f"-d{SECONDS}s")
    port = free_port()
    names = ("sevenstops", "fragile", "with access log", "nginx")
    rates: dict[str, list[float]] = {name: [] for name in names}
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        log = folder / "access.log"
        options = ServiceOptions(cpus=lab.service_cpus, rows=1)
        quiet = stack.enter_context(Service(options=options))
        bare = stack.enter_context(Service(fragile(), options))
        logging = Service(options=ServiceOptions(cpus=lab.service_cpus, rows=1, access_log=log))
        stack.callback(logging.stop)
        stack.enter_context(NginxProcess(NGINX.format(port=port), port, lab.service_cpus))
        ports = dict(zip(names, (quiet.port, bare.port, logging.port, port), strict=True))
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
    of_nginx, to_nginx = compared(rates, "sevenstops", "nginx")
    of_fragile, to_fragile = compared(rates, "sevenstops", "fragile")
    held = of_nginx >= LEAST_OF_NGINX and of_fragile >= LEAST_OF_FRAGILE
    dropped = counted["access_log_dropped_total"]
    answered = counted["stops"]["drain"]["entered"]
    lines = [
        "## The service, beside nginx", "",
        f"GET /healthz of the hardened service, of the fragile one, of one that logs every "
        f"request, and nginx `return 200`, one core each, asked by wrk with {CONNECTIONS} "
        f"connections in turns, {ROUNDS} rounds; median [range].", "",
        "| server | requests/s |", "|---|---|",
        *(f"| {name} | {spread(found)} |" for name, found in rates.items()),
        "", f"Ratio to nginx, round by round: {to_nginx}, with 96 % by order statistics; must be "
        f"at least {LEAST_OF_NGINX}. To the fragile service: {to_fragile}; must be at least "
        f"{LEAST_OF_FRAGILE}. {'Both hold' if held else 'That does **not** hold'}. "
        f"With the access log on the same core, to itself without: "
        f"**{medians['with access log'] / medians['sevenstops']:.2f}**; {written:,} lines written "
        f"of {answered:,} responses, {dropped:,} dropped.", "",
    ]  # fmt: skip
    return lines, held
