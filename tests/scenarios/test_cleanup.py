"""Nothing is left behind, however a run ends."""

import os
import re
import signal
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.alone

PATIENCE = 15


def wait_for(condition, what: str) -> None:
    end = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < end, what
        time.sleep(0.01)


def namespaces_in_use() -> set[str]:
    found = set()
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                found.add(os.readlink(entry / "ns/net"))
            except OSError:
                continue
    return found


def listening_ports(pids: list[int]) -> set[int]:
    """TCP ports on which these processes listen, seen in their own namespaces."""
    ports = set()
    for pid in pids:
        try:
            sockets = {os.readlink(fd) for fd in Path(f"/proc/{pid}/fd").iterdir()}
            table = Path(f"/proc/{pid}/net/tcp").read_text().splitlines()[1:]
        except OSError:
            continue
        for fields in (line.split() for line in table):
            if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
                ports.add(int(fields[1].split(":")[1], 16))
    return ports


def all_listening_ports() -> set[int]:
    table = Path("/proc/net/tcp").read_text().splitlines()[1:]
    listening = [f.split() for f in table if f.split()[3] == "0A"]
    return {int(f[1].split(":")[1], 16) for f in listening}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
@pytest.mark.parametrize("moment", ["service", "nginx", "load"])
def test_a_signal_leaves_no_process_port_or_namespace(tagged_run, number, moment, tmp_path):
    run = tagged_run(
        "run", "route", "--quick", "--json", "e.json", isolated=number != signal.SIGINT
    )
    # nginx alone may still be the `nginx -v` that comes before the run is isolated.
    children = {"sevenstops-serv"} if moment == "service" else {"sevenstops-serv", "nginx"}
    wait_for(lambda: children <= set(run.commands()), f"{children} were not started")
    if moment == "load":
        time.sleep(0.7)
    ports = listening_ports(run.processes())
    namespace = os.readlink(f"/proc/{run.popen.pid}/ns/net")
    isolated = namespace != os.readlink("/proc/self/ns/net")
    began = time.monotonic()
    run.popen.send_signal(number)
    _, errors = run.popen.communicate(timeout=PATIENCE)
    assert time.monotonic() - began < 5, "the end came late"
    wait_for(lambda: not run.processes(), "children are left")
    if isolated:
        wait_for(lambda: namespace not in namespaces_in_use(), "the namespace is left")
    else:
        assert not ports & all_listening_ports()
    assert not (tmp_path / "e.json").exists()
    assert not re.search("Traceback", errors)
    expected = {signal.SIGINT: 130, signal.SIGTERM: 143, signal.SIGKILL: -9}
    assert run.popen.returncode == expected[number]
    if number != signal.SIGKILL:
        assert not list(tmp_path.glob("sevenstops-*")), "a temporary folder is left"


def test_serve_ends_with_its_signal(tagged_run):
    run = tagged_run("serve", "--port", "0")
    wait_for(lambda: "sevenstops-serv" in run.commands(), "no service")
    run.popen.send_signal(signal.SIGTERM)
    run.popen.communicate(timeout=PATIENCE)
    wait_for(lambda: not run.processes(), "children are left")
