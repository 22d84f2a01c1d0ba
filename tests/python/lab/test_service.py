"""How the service is started."""

import pytest

from sevenstops import LabError, Service, ServiceOptions
from sevenstops.lab import service as module


class Started(Exception):
    """Stands for the process: holds its command."""


@pytest.fixture
def command_of(monkeypatch):
    """The command that these options make."""

    def refuse(command, cpus):
        raise Started(command)

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


def test_dependencies_have_one_port_or_one_for_each_replica(command_of):
    command = command_of(dependencies=(("one", 1), ("leaf*3", (2, 3))))
    given = [command[n + 1] for n, word in enumerate(command) if word == "--dependency"]
    assert given == ["one=1", "leaf*3=2,3"]


def test_a_service_that_cannot_start_says_why_and_is_gone():
    with pytest.raises(LabError, match="nosuch"):
        Service(options=ServiceOptions(faults=("nosuch=1",)))
