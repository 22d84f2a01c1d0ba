"""HAProxy from the distribution, with a generated configuration and a folder of its own."""

import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sevenstops.lab.edges.base import (
    Edge,
    EdgeOptions,
    ProxyProcess,
    free_port,
    installed,
    replica_words,
    too_short,
)

LEAST_BUFFER = 2048
"""What is kept for rewriting takes 1,024 bytes of the buffer."""

EDGE_CONFIG = """\
global
  nbthread 1
  maxconn 6000
  # A machine that grants fewer descriptors gets fewer connections, not none.
  no strict-limits
  # A head may take the buffer but for what is kept for rewriting.
  tune.bufsize {header_limit}
  tune.maxrewrite 1024
defaults
  mode http
  timeout connect 5s
  timeout client 60s
  timeout server 60s
frontend edge
  bind 127.0.0.1:{port} backlog 4096
  option http-restrict-req-hdr-names reject
  # Who asks, as the edge has seen it, whatever the client says.
  http-request set-header X-Forwarded-For %[src]
  {deny}
  default_backend service
backend service
  http-reuse always
  {servers}
"""

SERVER = "server service 127.0.0.1:{port}"

REPLICAS = """\
retries 0
  option httpchk GET /healthz"""

REPLICA = """
  server replica{n} 127.0.0.1:{port} check inter 100ms fall 2"""

# `path` is the target's as it was sent: nothing normalises it unless it is told to.
DENY = "http-request deny deny_status 403 if {{ path -m beg -- '{path}' }}"

STOCK = """\
defaults
  mode http
  timeout connect 5000
  timeout client 50000
  timeout server 50000
frontend edge
  bind 127.0.0.1:{port}
  default_backend service
backend service
  server service 127.0.0.1:{service_port}
"""


def program() -> str:
    """The path of haproxy. Raises LabError when it isn't installed."""
    return installed("haproxy", "haproxy")


def servers(ports: Sequence[object]) -> str:
    """The service, or its replicas."""
    if len(ports) == 1:
        return SERVER.format(port=ports[0])
    return REPLICAS + "".join(REPLICA.format(n=n, port=port) for n, port in enumerate(ports))


class HAProxy(Edge):
    """HAProxy with a generated configuration on a free port."""

    name = "haproxy"
    about = "the distribution's HAProxy with a generated configuration"

    def __init__(self, service_port: int, options: EdgeOptions | None = None) -> None:
        """Starts HAProxy and waits until it listens."""
        options = options or EdgeOptions()
        path = program()
        self.port = free_port()
        quoted = options.deny.replace("'", "'\\''")
        told = {
            "header_limit": options.header_limit,
            "deny": DENY.format(path=quoted) if options.deny else "",
        }
        if not options.stock and options.header_limit < LEAST_BUFFER:
            raise too_short("haproxy", options.header_limit)
        template = STOCK if options.stock else EDGE_CONFIG
        ports = (service_port, *options.replicas)
        words = replica_words(ports)
        self.configuration = template.format(
            port="PORT", service_port="SERVICE", servers=servers(words), **told
        )
        config = template.format(
            port=self.port, service_port=service_port, servers=servers(ports), **told
        )

        def command(folder: Path) -> list[str]:
            file = folder / "haproxy.cfg"
            file.write_text(config)
            return [path, "-db", "-f", str(file)]

        self.proxy = ProxyProcess("haproxy", self.port, command, options.cpus)

    def pids(self) -> list[int]:
        """HAProxy's process."""
        return self.proxy.pids()

    @classmethod
    def version(cls) -> str:
        """As HAProxy itself gives it."""
        words = subprocess.run([program(), "-v"], capture_output=True, text=True, check=False)
        found = re.search(r"version ([\d.]+)", words.stdout)
        return f"haproxy/{found[1]}" if found else "haproxy"

    def _end(self) -> None:
        self.proxy.stop()


EDGE = HAProxy
