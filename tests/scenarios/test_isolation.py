"""The lab isolates itself where the kernel allows it, and says so where it doesn't."""

import subprocess

import pytest

from sevenstops.lab.processes import EXECUTABLE


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
