"""nginx from the distribution, with a generated configuration and a folder of its own."""

import os
import re
import shutil
import socket
import subprocess

from sevenstops.errors import LabError
from sevenstops.lab.edges.base import Edge, free_port
from sevenstops.lab.folders import OwnedFolder
from sevenstops.lab.processes import EXECUTABLE, Process, wait_until
from sevenstops.lab.stoppable import Stoppable

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

EDGE_HTTP = """
  merge_slashes off;
  client_max_body_size 0;
  large_client_header_buffers 4 {header_limit};
  upstream service {{ server 127.0.0.1:{service_port}; keepalive 64; keepalive_requests 1000000; }}
  server {{
    listen 127.0.0.1:{port} backlog=4096;
    location / {{
      proxy_pass http://service;
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $host;
      # Passes the client's pace on; buffering would hide the drain stop.
      proxy_buffering off;
      proxy_request_buffering off;
    }}
  }}
"""


def program() -> str:
    """The path of nginx. Raises LabError when it isn't installed."""
    found = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not found:
        raise LabError("nginx is not installed: apt-get install nginx-light, or use --edge none")
    return found


class NginxProcess(Stoppable):
    """An nginx with a configuration of one's own; a context manager that ends it."""

    def __init__(self, http: str, port: int, cpus: frozenset[int] = frozenset()) -> None:
        """Starts nginx with `http` inside its http block and waits until `port` listens."""
        path = program()
        self.port = port
        self.folder = OwnedFolder("nginx")
        self.process: Process | None = None
        try:
            config = self.folder.path / "nginx.conf"
            user = "user root root;" if os.geteuid() == 0 else ""
            config.write_text(BASE.format(folder=self.folder.path, http=http, user=user))
            guard = [str(EXECUTABLE), "--guard", str(os.getpid())]
            self.process = Process(
                [*guard, path, "-c", str(config), "-p", str(self.folder.path)], cpus
            )
            wait_until(self._listens, 5, f"nginx on port {port}")
        except BaseException:
            self.stop()
            raise

    def _listens(self) -> bool:
        assert self.process is not None
        if not self.process.alive:
            raise LabError(f"nginx did not start: {self.process.last_words()}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def _end(self) -> None:
        if self.process:
            self.process.stop()
        self.folder.remove()


class Nginx(Edge):
    """nginx with a generated configuration on a free port."""

    name = "nginx"
    about = "the distribution's nginx with a generated configuration"

    def __init__(
        self, service_port: int, header_limit: int = 16384, cpus: frozenset[int] = frozenset()
    ) -> None:
        """Starts nginx and waits until it listens."""
        self.port = free_port()
        http = EDGE_HTTP.format(
            port=self.port, service_port=service_port, header_limit=header_limit
        )
        self.nginx = NginxProcess(http, self.port, cpus)

    @classmethod
    def version(cls) -> str:
        """As nginx itself gives it."""
        words = subprocess.run([program(), "-v"], capture_output=True, text=True, check=False)
        found = re.search(r"nginx/[\d.]+", words.stderr)
        return found.group() if found else "nginx"

    def _end(self) -> None:
        self.nginx.stop()


EDGE = Nginx
