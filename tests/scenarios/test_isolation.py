"""The lab isolates itself where the kernel allows it, and says so where it doesn't."""

import os
import subprocess

import pytest

from sevenstops.lab.processes import EXECUTABLE
from support import CLI


def test_a_refused_namespace_is_one_sentence_and_the_run_goes_on():
    # In a user namespace its own limit can be set to none, and unshare is then refused for real.
    if not works("unshare", "-Ur", "true"):
        pytest.skip("this system has no user namespaces to forbid others in")
    script = 'echo 0 > /proc/sys/user/max_net_namespaces; exec "$@"'
    inner = [str(EXECUTABLE), "--isolate", "sh", "-c", "echo $SEVENSTOPS_ISOLATION"]
    ended = subprocess.run(
        ["unshare", "-Ur", "sh", "-c", script, "sh", *inner],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert ended.stdout == "none\n"
    assert ended.stderr.startswith("sevenstops: this system allows no network namespace: ")
    assert ended.stderr.count("\n") == 1


def works(*command: str) -> bool:
    try:
        return subprocess.run(command, capture_output=True, check=False).returncode == 0
    except FileNotFoundError:
        return False


def test_isolation_without_privileges_takes_a_user_namespace():
    drop = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
    if not works(*drop, "unshare", "-Urn", "true"):
        pytest.skip("this system has no user namespaces, or root can't give up its privilege")
    script = "echo $SEVENSTOPS_ISOLATION; cat /proc/net/dev"
    command = [*drop, str(EXECUTABLE), "--isolate", "sh", "-c", script]
    ended = subprocess.run(command, capture_output=True, text=True, check=True)
    kind, *devices = ended.stdout.splitlines()
    assert kind == "userns+netns"
    assert [line.split(":")[0].strip() for line in devices if ":" in line] == ["lo"]


def test_isolation_that_works_only_half_is_said_and_undone():
    # As AppArmor makes it on some systems: a user namespace may be made, and its ids not mapped.
    # A read-only /proc refuses the maps as well.
    prepare = "mount --bind /proc /proc && mount -o remount,bind,ro /proc"
    drop = "setpriv --bounding-set -sys_admin --inh-caps -sys_admin"
    if not works("unshare", "-Urm", "sh", "-c", f"{prepare} && {drop} unshare -U true"):
        pytest.skip("this system has no user namespaces, or none may be made without privilege")
    inner = f"{EXECUTABLE} --isolate sh -c 'echo $SEVENSTOPS_ISOLATION; id -u'"
    ended = subprocess.run(
        ["unshare", "-Urm", "sh", "-c", f"{prepare} && exec {drop} {inner}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    # Undone: the ids are still those of the namespace around it, not of an unmapped one.
    assert ended.stdout.splitlines() == ["none", "0"]
    assert "/proc/self/setgroups can't be written" in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_failure_that_needs_a_namespace_is_left_out_where_none_is_allowed():
    drop = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"]
    if not works(*drop, "true"):
        pytest.skip("this user has no privilege to give up")
    ended = subprocess.run(
        [*drop, *CLI, "run", "backlog-cut-by-somaxconn", "--rounds", "1"],
        env={**os.environ, "SEVENSTOPS_ISOLATION": "none"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert ended.returncode == 2
    first, second = ended.stderr.splitlines()
    assert first.startswith("sevenstops: backlog-cut-by-somaxconn is left out, no network ")
    assert second == "sevenstops: nothing is left to measure"
