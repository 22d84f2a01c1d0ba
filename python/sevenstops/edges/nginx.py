"""nginx from the distribution, with a generated configuration and a folder of its own."""

import os
import re
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from sevenstops.errors import LabError
from sevenstops.processes import EXECUTABLE, Process, wait_until

# One process without a master dies with its parent and leaves no worker behind.
TEMPLATE = """\
daemon off;
master_process off;
{user}
pid {folder}/nginx.pid;
error_log {folder}/error.log warn;
events {{ worker_connections 8192; }}
http {{
  access_log off;
  client_body_temp_path {folder}/body;
  proxy_temp_path {folder}/proxy;
  fastcgi_temp_path {folder}/fastcgi;
  uwsgi_temp_path {folder}/uwsgi;
  scgi_temp_path {folder}/scgi;
  merge_slashes off;
  client_max_body_size 0;
  large_client_header_buffers 4 {header_buffer};
  keepalive_requests 1000000;
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
}}
"""


def free_port() -> int:
    """A port of 127.0.0.1 that nobody holds now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Nginx:
    """A running nginx in front of `service_port`; a context manager.

    Raises LabError in one sentence when nginx is missing or refuses its configuration.
    """

    def __init__(
        self, service_port: int, header_buffer: int = 16384, cpus: frozenset[int] = frozenset()
    ) -> None:
        """Starts nginx on a free port and waits until it listens."""
        program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
        if not program:
            raise LabError("nginx is not installed: apt-get install nginx-light, or use --edge none")
        self.folder = Path(tempfile.mkdtemp(prefix="sevenstops-nginx-"))
        self.port = free_port()
        config = self.folder / "nginx.conf"
        config.write_text(
            TEMPLATE.format(
                folder=self.folder,
                port=self.port,
                service_port=service_port,
                header_buffer=header_buffer,
                user="user root root;" if os.geteuid() == 0 else "",
            )
        )
        command = [str(EXECUTABLE), "--guard", program, "-c", str(config), "-p", str(self.folder)]
        try:
            self.process = Process(command, set(cpus) or None, self.folder / "stderr.log")
            wait_until(self._listens, 5, f"nginx on port {self.port}")
        except BaseException:
            self.stop()
            raise

    def _listens(self) -> bool:
        if self.process.popen.poll() is not None:
            words = (self.folder / "stderr.log").read_text().strip().splitlines()
            raise LabError(f"nginx did not start: {words[-1] if words else 'it said nothing'}")
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def stop(self) -> None:
        """Ends nginx and removes its folder."""
        if hasattr(self, "process"):
            self.process.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def __enter__(self) -> "Nginx":
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends nginx."""
        self.stop()


def version() -> str:
    """nginx's name and version, such as "nginx/1.22.1"; "none" without nginx."""
    program = shutil.which("nginx", path=os.environ.get("PATH", "") + ":/usr/sbin")
    if not program:
        return "none"
    words = subprocess.run([program, "-v"], capture_output=True, text=True, check=False).stderr
    found = re.search(r"nginx/[\d.]+", words)
    return found.group() if found else "nginx"
