"""Apache httpd from the distribution, with a generated configuration and a folder of its own."""

import os
import re
import subprocess
from collections.abc import Sequence
from pathlib import Path

from sevenstops.errors import LabError
from sevenstops.lab.edges.base import (
    Edge,
    EdgeOptions,
    ProxyProcess,
    free_port,
    installed,
    replica_words,
)

MODULES = Path("/usr/lib/apache2/modules")
"""Where Debian and Ubuntu have them."""

BASE = """\
ServerRoot {folder}
ServerName localhost
DefaultRuntimeDir {folder}
PidFile {folder}/httpd.pid
Mutex file:{folder} default
ErrorLog {folder}/error.log
Listen 127.0.0.1:{port}
LoadModule mpm_event_module {modules}/mod_mpm_event.so
LoadModule authz_core_module {modules}/mod_authz_core.so
LoadModule proxy_module {modules}/mod_proxy.so
LoadModule proxy_http_module {modules}/mod_proxy_http.so
"""

EDGE_CONFIG = """\
LoadModule lua_module {modules}/mod_lua.so
ListenBacklog 4096
StartServers 1
ServerLimit 1
ThreadLimit 400
ThreadsPerChild 400
MaxRequestWorkers 400
# 400 + 14 * 400 connections: with its default of 2 the 1,201st waits until another one ends.
AsyncRequestWorkerFactor 14
MaxKeepAliveRequests 0
KeepAliveTimeout 60
HttpProtocolOptions Strict RegisteredMethods Require1.0
TraceEnable off
# A spelling is the service's affair: nothing is decoded on the way.
AllowEncodedSlashes NoDecode
MergeSlashes off
LimitRequestLine {header_limit}
LimitRequestFieldSize {header_limit}
# It counts one more than there are.
LimitRequestFields 101
LuaScope thread
ProxyPreserveHost On
ProxyAddHeaders Off
LuaHookTranslateName {folder}/guard.lua check
{proxy}
"""

PROXY = """\
<Proxy "http://127.0.0.1:{port}/">
  # Sent on as soon as it comes.
  ProxySet enablereuse=on flushpackets=on
</Proxy>"""

BALANCER = """\
LoadModule slotmem_shm_module {modules}/mod_slotmem_shm.so
LoadModule proxy_balancer_module {modules}/mod_proxy_balancer.so
LoadModule lbmethod_byrequests_module {modules}/mod_lbmethod_byrequests.so
LoadModule proxy_hcheck_module {modules}/mod_proxy_hcheck.so
<Proxy "balancer://replicas">{members}
  ProxySet maxattempts=0
</Proxy>"""

MEMBER = """
  BalancerMember "http://127.0.0.1:{port}" enablereuse=on flushpackets=on retry=0 \
hcmethod=GET hcuri=/healthz hcinterval=100ms hcfails=1"""

# Apache limits each line by itself and no head as a whole, its rules see normal forms, and
# ProxyPass takes // at the beginning for /.
GUARD = """\
local most, deny, service = {most}, {deny}, "proxy:{service}"
function check(r)
  local target = r.the_request:match("^%S+ +(%S+)") or ""
  -- A target in absolute form names its host before its path, which a query is not.
  local path = target:match("^/.*") or target:match("^[Hh][Tt][Tt][Pp][Ss]?://[^/?#]+(/.*)")
  if deny ~= "" and (path or ""):sub(1, #deny) == deny then return 403 end
  local size = #r.the_request + 4
  for name, value in pairs(r:headers_in_table()) do
    size = size + #name + #value + 4
  end
  if size > most then return 431 end
  if not path then return 400 end
  -- Who asks, as the edge has seen it, whatever the client says: a field that Connection names
  -- would be taken away again.
  local named = r.headers_in["Connection"]
  if named then
    local kept = {{}}
    for word in named:gmatch("[^,%s]+") do
      if word:lower() ~= "x-forwarded-for" then kept[#kept + 1] = word end
    end
    r.headers_in["Connection"] = #kept > 0 and table.concat(kept, ", ") or nil
  end
  r.headers_in["X-Forwarded-For"] = r.useragent_ip
  r.handler = "proxy-server"
  r.proxyreq = apache2.PROXYREQ_REVERSE
  r.filename = service .. path
  r.notes["proxy-nocanon"] = "1"
  return apache2.OK
end
"""

ADDED = 128
"""Room for the fields that Apache adds."""

STOCK = "ProxyPass / http://127.0.0.1:{service_port}/\n"

# Root would be given up for another user, and with it the signal that comes when a parent dies.
NOBODY = ["unshare", "--user", "--map-user=65534", "--map-group=65534"]


def program() -> str:
    """The path of Apache. Raises LabError when it isn't installed."""
    return installed("apache2", "apache2")


def lua_string(text: str) -> str:
    """A Lua literal of the text."""
    return '"' + "".join(f"\\{byte:03d}" for byte in text.encode()) + '"'


def proxy(ports: Sequence[object]) -> str:
    """How the service, or its replicas, are asked."""
    if len(ports) == 1:
        return PROXY.format(port=ports[0])
    members = "".join(MEMBER.format(port=port) for port in ports)
    return BALANCER.format(modules=MODULES, members=members)


def guard(options: EdgeOptions, ports: Sequence[object]) -> str:
    """What looks at each request, and says who gets it."""
    return GUARD.format(
        most=options.header_limit - ADDED,
        deny=lua_string(options.deny),
        service=f"http://127.0.0.1:{ports[0]}" if len(ports) == 1 else "balancer://replicas",
    )


class Apache(Edge):
    """Apache with a generated configuration on a free port."""

    name = "apache"
    about = "the distribution's Apache httpd with a generated configuration"

    def __init__(self, service_port: int, options: EdgeOptions | None = None) -> None:
        """Starts Apache and waits until it listens."""
        options = options or EdgeOptions()
        path = program()
        if not MODULES.is_dir():
            raise LabError(f"apache has no modules in {MODULES}: apt-get install apache2")
        self.port = free_port()
        template = BASE + (STOCK if options.stock else EDGE_CONFIG)
        ports = (service_port, *options.replicas)
        words = replica_words(ports)
        told = {"header_limit": options.header_limit, "modules": MODULES}
        self.configuration = template.format(
            port="PORT", service_port="SERVICE", folder="FOLDER", proxy=proxy(words), **told
        )
        if not options.stock:
            self.configuration += guard(options, words)

        def command(folder: Path) -> list[str]:
            file = folder / "httpd.conf"
            own = {"port": self.port, "service_port": service_port, "proxy": proxy(ports)}
            file.write_text(template.format(folder=folder, **own, **told))
            (folder / "guard.lua").write_text(guard(options, ports))
            user = NOBODY if os.geteuid() == 0 else []
            # -X: one process, which is the one that is guarded.
            return [*user, path, "-X", "-f", str(file)]

        self.proxy = ProxyProcess("apache", self.port, command, options.cpus)

    def pids(self) -> list[int]:
        """Apache's process."""
        return self.proxy.pids()

    def error_log(self) -> list[str]:
        """Its error log."""
        return (self.proxy.folder.path / "error.log").read_text().splitlines()

    @classmethod
    def version(cls) -> str:
        """As Apache itself gives it."""
        words = subprocess.run([program(), "-v"], capture_output=True, text=True, check=False)
        found = re.search(r"Apache/([\d.]+)", words.stdout)
        return f"apache/{found[1]}" if found else "apache"

    def _end(self) -> None:
        self.proxy.stop()


EDGE = Apache
