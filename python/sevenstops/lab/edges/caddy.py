"""Caddy from the distribution, with a generated configuration and a folder of its own."""

import json
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

SLACK = 4096
"""What Go's server reads of a head beyond its limit before it refuses."""

ADDED = 256
"""Room for the fields that Caddy adds."""

BASE = """\
{{
  admin off
  auto_https off
  grace_period 1s
  log {{
    output discard
  }}
{more}}}
"""

SERVERS = """\
  servers {{
    protocols h1
    max_header_size {limit}
  }}
"""

EDGE_SITE = """\
http://:{port} {{
  bind 127.0.0.1
  {deny}
  reverse_proxy {servers} {{
    flush_interval -1{health}
    # Caddy writes X-Forwarded-For: who asks, as it has seen it. The others would only make a head
    # longer than the one that was measured.
    header_up -X-Forwarded-Host
    header_up -X-Forwarded-Proto
    transport http {{
      compression off
      versions 1.1{kept}
    }}
  }}
}}
"""

# It sends no request twice unless it is told for how long to try.
HEALTH = """
    lb_policy round_robin
    health_uri /healthz
    health_interval 100ms"""

KEPT = """
      keepalive_idle_conns_per_host {kept}"""

# Caddy's own matcher of paths looks at their normal form.
DENY = """@denied expression `{{http.request.uri}}.startsWith({path})`
  respond @denied 403"""

STOCK_SITE = """\
http://:{port} {{
  bind 127.0.0.1
  reverse_proxy 127.0.0.1:{service_port}
}}
"""


def program() -> str:
    """The path of caddy. Raises LabError when it isn't installed."""
    return installed("caddy", "caddy")


def head_limit(header_limit: int) -> int:
    """Caddy's own limit, so that no head passes that is longer than `header_limit`.

    Raises LabError where there is none so small.
    """
    limit = header_limit - SLACK - ADDED
    if limit < 1:
        raise too_short("caddy", header_limit)
    return limit


def told(options: EdgeOptions, ports: Sequence[object]) -> dict[str, object]:
    """What the template of the edge is told."""
    return {
        "deny": DENY.format(path=json.dumps(options.deny)) if options.deny else "",
        "servers": " ".join(f"127.0.0.1:{port}" for port in ports),
        "health": HEALTH if len(ports) > 1 else "",
        "kept": KEPT.format(kept=options.kept) if options.kept else "",
    }


class Caddy(Edge):
    """Caddy with a generated configuration on a free port."""

    name = "caddy"
    about = "the distribution's Caddy with a generated configuration"

    def __init__(self, service_port: int, options: EdgeOptions | None = None) -> None:
        """Starts Caddy and waits until it listens."""
        options = options or EdgeOptions()
        path = program()
        self.port = free_port()
        if options.stock:
            base, site = BASE.format(more=""), STOCK_SITE
        else:
            servers = SERVERS.format(limit=head_limit(options.header_limit))
            base, site = BASE.format(more=servers), EDGE_SITE
        ports = (service_port, *options.replicas)
        words = replica_words(ports)
        self.configuration = base + site.format(
            port="PORT", service_port="SERVICE", **told(options, words)
        )
        config = base + site.format(
            port=self.port, service_port=service_port, **told(options, ports)
        )

        def command(folder: Path) -> list[str]:
            file = folder / "Caddyfile"
            file.write_text(config)
            homes = [f"{name}={folder}" for name in ("HOME", "XDG_DATA_HOME", "XDG_CONFIG_HOME")]
            run = [path, "run", "--config", str(file), "--adapter", "caddyfile"]
            return ["env", *homes, *run]

        self.proxy = ProxyProcess("caddy", self.port, command, options.cpus)

    def pids(self) -> list[int]:
        """Caddy's process."""
        return self.proxy.pids()

    @classmethod
    def version(cls) -> str:
        """As Caddy itself gives it."""
        words = subprocess.run([program(), "version"], capture_output=True, text=True, check=False)
        found = re.match(r"v?([\d.]+)", words.stdout)
        return f"caddy/{found[1]}" if found else "caddy"

    def _end(self) -> None:
        self.proxy.stop()


EDGE = Caddy
