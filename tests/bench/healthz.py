"""Requests a second of GET /healthz on one core beside nginx `return 200` on one core.

Both are asked by the same wrk, alternating in ABBA order; medians and their ratio are printed.
"""

import os
import re
import shutil
import statistics
import subprocess
import sys
import time

from sevenstops import LabError, Service, ServiceOptions
from sevenstops.edges.base import free_port
from sevenstops.edges.nginx import program
from sevenstops.environment import Lab
from sevenstops.folders import OwnedFolder
from sevenstops.processes import EXECUTABLE, Process, wait_until

ROUNDS = 5
SECONDS = 3
CONNECTIONS = 64

# An access log would be written on one side only, so there is none.
CONFIG = """\
daemon off;
master_process off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 4096; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 100000000;
  server {{
    listen 127.0.0.1:{port};
    location / {{ default_type text/plain; return 200 "ok\\n"; }}
  }}
}}
"""


def wrk(port: int, cpus: frozenset[int]) -> float:
    """Requests a second, and LabError when any of them failed."""
    pin = ["taskset", "-c", ",".join(map(str, cpus))] if cpus else []
    command = ["wrk", "-t", str(max(1, len(cpus))), "-c", str(CONNECTIONS), "-d", f"{SECONDS}s"]
    said = subprocess.run(
        [*pin, *command, f"http://127.0.0.1:{port}/healthz"],
        capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    if "Non-2xx" in said or "Socket errors" in said:
        raise LabError(f"wrk counted errors: {said}")
    return float(re.search(r"Requests/sec:\s+([\d.]+)", said)[1])


def main() -> None:
    """Measures and prints."""
    if not shutil.which("wrk"):
        raise LabError("wrk is not installed: apt-get install wrk")
    lab = Lab()
    client = frozenset(lab.cpus[1:])
    folder = OwnedFolder("bench")
    port = free_port()
    config = folder.path / "nginx.conf"
    user = "user root root;" if os.geteuid() == 0 else ""
    config.write_text(CONFIG.format(folder=folder.path, port=port, user=user))
    guard = [str(EXECUTABLE), "--guard", str(os.getpid())]
    nginx = [*guard, program(), "-c", str(config), "-p", str(folder.path)]
    rates: dict[str, list[float]] = {"sevenstops": [], "nginx": []}
    try:
        with (
            Service(options=ServiceOptions(cpus=lab.service_cpus, rows=1)) as service,
            Process(nginx, lab.service_cpus) as peer,
        ):
            wait_until(lambda: bool(re.search(f":{port:04X} ", listening())), 5, "nginx")
            ports = {"sevenstops": service.port, "nginx": port}
            for n in range(ROUNDS):
                for name in sorted(ports, reverse=n % 2 == 0):
                    rates[name].append(wrk(ports[name], client))
                    time.sleep(0.2)
            # All probes on: the service was counting, and is asked what it counted.
            counted = service.stops()["requests_total"]
            assert counted > 0
            assert peer.alive
    finally:
        folder.remove()
    medians = {name: statistics.median(found) for name, found in rates.items()}
    for name, found in rates.items():
        print(f"{name:>10}: median {medians[name]:,.0f}/s of {[round(rate) for rate in found]}")
    print(f"     ratio: {medians['sevenstops'] / medians['nginx']:.2f}")


def listening() -> str:
    """The kernel's table of TCP sockets."""
    with open("/proc/net/tcp") as table:
        return table.read()


if __name__ == "__main__":
    try:
        main()
    except LabError as error:
        sys.exit(f"bench: {error}")
