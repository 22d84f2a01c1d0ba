"""`sevenstops serve`: where the token comes from, and what is said on stderr."""

import fcntl
import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from sevenstops import LabError, Service, ServiceOptions, _core
from sevenstops.cli.serve import token_from
from sevenstops.lab.service import TOKEN_VARIABLE
from support import CLI, name_of


def test_a_file_is_asked_before_the_environment(tmp_path, monkeypatch):
    file = tmp_path / "token"
    file.write_text("of-the-file\n")
    monkeypatch.setenv(TOKEN_VARIABLE, "of-the-environment")
    assert token_from(file) == "of-the-file"
    assert token_from(None) == "of-the-environment"
    monkeypatch.setenv(TOKEN_VARIABLE, "")
    assert token_from(None) is None


@pytest.mark.parametrize(
    "content", [b"", b"\n", b"two words", b"two\nlines", b"\xff", "ü".encode()]
)
def test_a_file_holds_one_token_or_is_refused_in_one_sentence(tmp_path, content):
    file = tmp_path / "token"
    file.write_bytes(content)
    with pytest.raises(LabError) as refused:
        token_from(file)
    assert str(file) in str(refused.value)


def test_a_file_that_is_not_there_is_one_sentence(tmp_path):
    with pytest.raises(LabError, match="can't be read"):
        token_from(tmp_path / "none")


@pytest.fixture
def serve():
    """Starts `serve` with these arguments on a free port, and ends it with the test."""
    running = []

    def start(*arguments, environment=None, stdout=subprocess.PIPE):
        running.append(
            subprocess.Popen(
                [*CLI, "serve", "--port", "0", "--rows", "1", *arguments],
                stdout=stdout,
                stderr=subprocess.PIPE,
                text=True,
                env={**os.environ, **(environment or {})},
            )
        )
        return running[-1]

    yield start
    for process in running:
        process.kill()
        process.communicate()


def places(process):
    """Ports of the service and of its admin listener, as the two lines on stdout say."""
    service = re.fullmatch(
        r"(\w+) service on http://127\.0\.0\.1:(\d+)\n", process.stdout.readline()
    )
    admin = re.fullmatch(
        r"/metrics and /stops on http://127\.0\.0\.1:(\d+)\n", process.stdout.readline()
    )
    assert service
    assert admin
    return int(service[2]), int(admin[1])


def service_of(process):
    """The process id of the service beneath."""
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    (pid,) = (int(child) for child in children if name_of(int(child)).startswith("sevenstops-"))
    return pid


def end(process, number=signal.SIGTERM):
    """What the process wrote after its first two lines, and to stderr."""
    process.send_signal(number)
    return process.communicate(timeout=30)


def test_what_the_service_says_at_its_start_is_said(serve):
    granted = int(Path("/proc/sys/net/core/somaxconn").read_text())
    if granted >= 65535:
        pytest.skip("the kernel grants the longest backlog")
    process = serve(
        "--set", "accept.backlog=65535", "--set", "accept.somaxconn=0",
        environment={TOKEN_VARIABLE: "given"},
    )  # fmt: skip
    places(process)
    rest, errors = end(process)
    assert rest == ""
    assert f"accept.backlog is 65535, and the kernel makes it {granted}" in errors
    assert errors.count("\n") == 1


def test_a_log_that_cannot_be_written_is_said(serve):
    process = serve("--access-log", "/dev/full", environment={TOKEN_VARIABLE: "given"})
    port, _ = places(process)
    assert _core.fetch(_core.Target(port), "/healthz")[0] == 200
    _, errors = end(process)
    assert "the access log can't be written: " in errors


def test_the_token_that_was_made_is_said_once(serve):
    process = serve(environment={TOKEN_VARIABLE: ""})
    places(process)
    _, errors = end(process)
    assert re.fullmatch("The token of protected routes is [0-9a-f]{32}\n", errors)


def test_a_service_that_ends_by_itself_is_told_by_how(serve):
    process = serve(environment={TOKEN_VARIABLE: "given"})
    places(process)
    os.kill(service_of(process), signal.SIGABRT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 2
    assert errors == "sevenstops: the service ended by itself (SIGABRT)\n"


def test_a_service_whose_stderr_is_kept_has_its_last_words_in_the_error(tmp_path):
    file = tmp_path / "none" / "access.log"
    with pytest.raises(LabError, match="cannot be written"):
        Service(options=ServiceOptions(rows=1, access_log=file))


@pytest.fixture
def hang_up_ends():
    """Processes started meanwhile end by SIGHUP, even if these tests were started by nohup."""
    before = signal.signal(signal.SIGHUP, signal.SIG_DFL)
    yield
    signal.signal(signal.SIGHUP, before)


@pytest.mark.usefixtures("hang_up_ends")
def test_a_terminal_that_is_closed_ends_it_and_loses_no_line(serve, tmp_path):
    file = tmp_path / "access.log"
    process = serve("--access-log", str(file), environment={TOKEN_VARIABLE: "given"})
    port, _ = places(process)
    pid = service_of(process)
    assert _core.fetch(_core.Target(port), "/healthz")[0] == 200
    _, errors = end(process, signal.SIGHUP)
    assert process.returncode == 0
    assert errors == ""
    assert not Path(f"/proc/{pid}").exists()
    assert file.read_text().count("\n") == 1


def test_a_signal_before_its_lines_are_read_ends_it_as_one_after_them(serve):
    read_end, write_end = os.pipe()
    size = fcntl.fcntl(write_end, fcntl.F_GETPIPE_SZ)
    os.write(write_end, b"." * size)
    process = serve(environment={TOKEN_VARIABLE: ""}, stdout=write_end)
    os.close(write_end)
    assert process.stderr.readline().startswith("The token of protected routes is ")
    process.send_signal(signal.SIGTERM)
    with open(read_end, "rb") as lines:
        lines.read()
    assert process.communicate(timeout=30) == (None, "")
    assert process.returncode == 0
