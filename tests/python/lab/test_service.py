"""How the service is started."""

import subprocess
import time

import pytest

from sevenstops import LabError, Service, ServiceOptions, _core
from sevenstops.lab import service as module
from sevenstops.lab.processes import EXECUTABLE
from sevenstops.lab.settings import SideSettings


class Started(Exception):
    """Stands for the process: holds its command and environment."""


@pytest.fixture
def command_of(monkeypatch):
    """The command that these options make."""

    def refuse(command, cpus, environment, ends_by, shares_stderr):
        raise Started(command, environment)

    monkeypatch.setattr(module, "Process", refuse)

    def command(**options):
        with pytest.raises(Started) as started:
            Service(options=ServiceOptions(**options))
        return started.value.args[0]

    return command


def test_an_access_log_is_asked_for_by_its_file(command_of, tmp_path):
    file = tmp_path / "access.log"
    command = command_of(access_log=file)
    assert command[command.index("--access-log") + 1] == str(file)
    assert "--access-log" not in command_of()


def test_a_token_is_made_anew_and_stands_in_no_command_line(monkeypatch):
    started = []

    def refuse(command, cpus, environment, ends_by, shares_stderr):
        started.append((command, environment[module.TOKEN_VARIABLE]))
        raise Started

    monkeypatch.setattr(module, "Process", refuse)
    for options in (ServiceOptions(), ServiceOptions(), ServiceOptions(token="given")):
        with pytest.raises(Started):
            Service(options=options)
    (one, first), (_, second), (other, given) = started
    assert len(first) == 32
    assert first != second
    assert given == "given"
    assert first not in " ".join(one)
    assert given not in " ".join(other)


def test_dependencies_have_one_port_or_one_for_each_replica(command_of):
    command = command_of(dependencies=(("one", 1), ("leaf*3", (2, 3))))
    given = [command[n + 1] for n, word in enumerate(command) if word == "--dependency"]
    assert given == ["one=1", "leaf*3=2,3"]


@pytest.mark.parametrize("later", [0.0, 0.55])
def test_a_stall_looks_the_same_from_its_beginning_on(later):
    options = ServiceOptions(rows=1, faults=("stalled-acceptor=0.4/600",), hold_faults=True)
    with Service(options=options) as service:
        target = _core.Target(service.port)
        assert _core.fetch(target, "/healthz", 20)[0] == 200
        time.sleep(later)
        before = time.monotonic()
        service.begin_faults()
        assert _core.fetch(target, "/healthz", 20)[0] == 200
        assert time.monotonic() - before >= 0.4
        with pytest.raises(LabError, match="had begun already"):
            service.begin_faults()


def test_a_service_that_is_gone_begins_no_faults():
    with Service(options=ServiceOptions(rows=1, hold_faults=True)) as service:
        service.process.popen.kill()
        service.process.popen.wait()
        with pytest.raises(LabError, match="the service ended"):
            service.begin_faults()


def test_a_service_that_cannot_start_says_why_and_is_gone():
    with pytest.raises(LabError, match="nosuch"):
        Service(options=ServiceOptions(faults=("nosuch=1",)))


@pytest.mark.parametrize(("notice", "code"), [("0", 0), ("30", None)])
def test_one_that_is_told_to_leave_ends_in_its_own_time(notice, code):
    settings = SideSettings(_core.hardened()).changed({"drain.notice": notice}).settings
    with Service(settings) as service:
        service.leave()
        assert service.exit_code(5 if code is not None else 0.3) == code
        service.leave()
        # A second one ends what the first one began.
        assert service.exit_code(5) == 0
        service.leave()


def test_it_listens_where_it_is_told_to_and_its_admin_listener_does_not():
    with Service(options=ServiceOptions(rows=1, address="127.0.0.2")) as service:
        assert service.url == f"http://127.0.0.2:{service.port}"
        assert _core.fetch(_core.Target(service.port, address="127.0.0.2"), "/healthz")[0] == 200
        with pytest.raises(RuntimeError):
            _core.fetch(_core.Target(service.port), "/healthz")
        assert service.stops()["requests_total"] == 1


def test_an_access_log_without_a_name_is_one_sentence():
    ended = subprocess.run(
        [EXECUTABLE, "--port", "0", "--access-log", ""], capture_output=True, text=True, check=False
    )
    assert ended.returncode == 2
    assert ended.stderr.endswith("--access-log takes a file, not ''\n")


@pytest.mark.parametrize(
    ("address", "sentence"),
    [
        ("localhost", "--address takes an IPv4 address that a machine may have, not 'localhost'"),
        ("::1", "that a machine may have, not '::1'"),
        ("224.0.0.1", "that a machine may have, not '224.0.0.1'"),
        ("192.0.2.1", "cannot listen on 192.0.2.1:0: Cannot assign requested address"),
    ],
)
def test_an_address_that_is_none_of_this_machine_is_one_sentence(address, sentence):
    with pytest.raises(LabError) as refused:
        Service(options=ServiceOptions(rows=1, address=address))
    assert sentence in str(refused.value)
