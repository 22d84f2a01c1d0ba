"""nginx from the distribution, with a generated configuration and a folder of its own."""

import os
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

# One process without a master dies with its parent and leaves no worker behind.
BASE = """\
daemon off;
master_process off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 12000; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  keepalive_requests 100000000;
  {http}
}}
"""

FOLDER = "FOLDER"

FIRST_BUFFER = 1024
"""nginx's client_header_buffer_size: what a head takes before its large buffers."""

ADDED = 256
"""Room for the field that nginx adds, and a space and a CR more in each of a hundred lines."""

LEAST_BUFFER = 512
"""nginx's connection_pool_size: its header buffers are no smaller."""

# $request_uri is the target as it was sent; `location` would look at its normal form.
DENY = "if ($request_uri ~ ^{path}) {{ return 403; }}"

EDGE_HTTP = """
  merge_slashes off;
  client_max_body_size 0;
  large_client_header_buffers 2 {line_limit};
  {upstreams}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    {deny}
    location / {{
      proxy_pass http://{asked};
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      # Who asks, as the edge has seen it, whatever the client says.
      proxy_set_header X-Forwarded-For $remote_addr;
      # Passes the client's pace on; buffering would hide the drain stop.
      proxy_buffering off;
      proxy_request_buffering off;{once}
    }}
  }}
"""

KEPT = 64
"""Idle connections to the service that it keeps."""

ONCE = """
      proxy_next_upstream off;"""

# A reload would also close clients' idle connections, and some of their requests would be lost with
# them: another failure than one that is looked for.
LEFT_OUT = """
    if (-f {folder}/out-{n}) {{ set $asked without_{n}; }}"""

STOCK_HTTP = """
  server {{
    listen 127.0.0.1:{port};
    location / {{ proxy_pass http://127.0.0.1:{service_port}; }}
  }}
"""


def program() -> str:
    """The path of nginx. Raises LabError when it isn't installed."""
    return installed("nginx", "nginx-light")


def upstream(name: str, servers: Sequence[str], kept: int) -> str:
    """A group of servers with kept connections."""
    listed = " ".join(f"server {server};" for server in servers)
    return f"upstream {name} {{ {listed} keepalive {kept}; keepalive_requests 1000000; }}"


def told(options: EdgeOptions, ports: Sequence[object], folder: str) -> dict[str, object]:
    """What the template of the edge is told. Of several replicas each has a group without it, which
    is asked when there is a file of its number.
    """
    deny = DENY.format(path=re.escape(options.deny)) if options.deny else ""
    limit = (options.header_limit - ADDED - FIRST_BUFFER) // 2
    if not options.stock and limit < LEAST_BUFFER:
        raise too_short("nginx", options.header_limit)
    kept = options.kept or KEPT
    if len(ports) == 1:
        only = upstream("service", [f"127.0.0.1:{ports[0]}"], kept)
        return {
            "line_limit": limit, "deny": deny, "upstreams": only, "asked": "service", "once": ""
        }  # fmt: skip
    servers = [f"127.0.0.1:{port} max_fails=0" for port in ports]
    groups = [upstream("service", servers, kept)]
    choice = deny + "set $asked service;"
    for n in range(len(ports)):
        groups.append(upstream(f"without_{n}", servers[:n] + servers[n + 1 :], kept))
        choice += LEFT_OUT.format(folder=folder, n=n)
    return {
        "line_limit": limit, "deny": choice, "upstreams": "\n  ".join(groups), "asked": "$asked",
        "once": ONCE,
    }  # fmt: skip


class NginxProcess(ProxyProcess):
    """An nginx with a configuration of one's own; a context manager that ends it."""

    def __init__(self, http: str, port: int, cpus: frozenset[int] = frozenset()) -> None:
        """Starts nginx with `http` inside its http block and waits until `port` listens. FOLDER in
        it stands for the folder of the process.
        """
        path = program()

        def command(folder: Path) -> list[str]:
            config = folder / "nginx.conf"
            user = "user root root;" if os.geteuid() == 0 else ""
            here = http.replace(FOLDER, str(folder))
            config.write_text(BASE.format(folder=folder, http=here, user=user))
            return [path, "-c", str(config), "-p", str(folder)]

        super().__init__("nginx", port, command, cpus)


class Nginx(Edge):
    """nginx with a generated configuration on a free port."""

    name = "nginx"
    about = "the distribution's nginx with a generated configuration"

    def __init__(self, service_port: int, options: EdgeOptions | None = None) -> None:
        """Starts nginx and waits until it listens."""
        options = options or EdgeOptions()
        self.port = free_port()
        self._ports = (service_port, *options.replicas)
        template = STOCK_HTTP if options.stock else EDGE_HTTP
        words = replica_words(self._ports)
        self.configuration = template.format(
            port="PORT", service_port="SERVICE", **told(options, words, FOLDER)
        )
        http = template.format(
            port=self.port, service_port=service_port, **told(options, self._ports, FOLDER)
        )
        self.nginx = NginxProcess(http, self.port, options.cpus)

    def pids(self) -> list[int]:
        """nginx's process."""
        return self.nginx.pids()

    def take_out(self, port: int) -> None:
        """Writes the file that its configuration looks for."""
        (self.nginx.folder.path / f"out-{self._ports.index(port)}").touch()

    def error_log(self) -> list[str]:
        """Its error log."""
        return (self.nginx.folder.path / "error.log").read_text().splitlines()

    @classmethod
    def version(cls) -> str:
        """As nginx itself gives it."""
        words = subprocess.run([program(), "-v"], capture_output=True, text=True, check=False)
        found = re.search(r"nginx/[\d.]+", words.stderr)
        return found.group() if found else "nginx"

    def _end(self) -> None:
        self.nginx.stop()


EDGE = Nginx
