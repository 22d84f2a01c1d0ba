"""The service within TLS, as curl, OpenSSL, h2load and the load core see it."""

import shutil
import signal
import subprocess
import time

import pytest

from sevenstops import LabError, Plan, RequestSpec, Service, ServiceOptions, _core, constant, load
from sevenstops.lab.settings import SideSettings


@pytest.fixture(scope="module")
def identity(tmp_path_factory):
    """A certificate for 127.0.0.1 that signed itself, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    files = (folder / "cert.pem", folder / "key.pem")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-keyout", files[1], "-out", files[0], "-subj", "/CN=127.0.0.1",
         "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True,
    )  # fmt: skip
    return files


def tls_service(identity, changes=None, **options):
    """A hardened service with these settings changed."""
    settings = SideSettings(_core.hardened()).changed(changes or {}).settings
    return Service(settings, ServiceOptions(tls=identity, **options))


@pytest.fixture(scope="module")
def service(identity):
    with tls_service(identity, threads=2) as running:
        yield running


def curl(service, identity, path, *options, check=True):
    """What curl says: the body, and its version, status and count of TLS errors in a last line."""
    return subprocess.run(
        ["curl", "-sS", "--max-time", "20", "--cacert", identity[0], *options,
         "-w", "\n%{http_version} %{http_code} %{ssl_verify_result}", service.url + path],
        check=check, capture_output=True,
    )  # fmt: skip


def last_line(ended):
    """The last line of what was said."""
    return ended.stdout.rpartition(b"\n")[2].decode()


@pytest.mark.parametrize(
    ("options", "version"),
    [
        ((), "2"),
        (("--http2",), "2"),
        (("--http1.1",), "1.1"),
        (("--no-alpn",), "1.1"),
        (("--http2", "--tls-max", "1.2"), "2"),
        (("--http1.1", "--tls-max", "1.2"), "1.1"),
    ],
)
def test_curl_speaks_what_it_chose(service, identity, options, version):
    assert service.url.startswith("https://")
    assert last_line(curl(service, identity, "/healthz", *options)) == f"{version} 200 0"


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_curl_sends_and_gets_much(service, identity, tmp_path, version):
    sent = tmp_path / "sent"
    sent.write_bytes(bytes(i * i % 251 for i in range(800_000)))
    echoed = curl(service, identity, "/echo", version, "--data-binary", f"@{sent}")
    assert echoed.stdout.rpartition(b"\n")[0] == sent.read_bytes()
    rows = curl(service, identity, "/export.csv", version).stdout
    assert rows.count(b"\r\n") == 20001
    refused = curl(service, identity, "/admin/wipe", version, "-X", "POST")
    assert last_line(refused).split()[1] == "401"


def test_http2_is_not_offered_where_there_is_none(identity):
    with tls_service(identity, {"parse.http2.enabled": "false"}) as running:
        assert last_line(curl(running, identity, "/healthz", "--http2")) == "1.1 200 0"


def test_one_without_tls_is_closed_and_counted(service, identity):
    def counted():
        return service.stops()["stops"]["accept"]["refused"].get("tls_handshake", 0)

    before = counted()
    ended = subprocess.run(
        ["curl", "-sS", f"http://127.0.0.1:{service.port}/healthz"],
        capture_output=True,
        check=False,
    )
    assert ended.returncode != 0
    assert ended.stdout == b""
    assert counted() == before + 1
    assert last_line(curl(service, identity, "/healthz")) == "2 200 0"


def test_openssl_resumes_a_session_and_may_not_renegotiate(service, identity, tmp_path):
    kept = tmp_path / "session"
    connect = ["openssl", "s_client", "-connect", f"127.0.0.1:{service.port}"]
    connect += ["-CAfile", identity[0], "-tls1_2", "-alpn", "http/1.1"]
    request = "GET /users/2 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n"

    def said(*options, text=request):
        ended = subprocess.run(
            [*connect, *options], input=text, capture_output=True, text=True, check=False,
            timeout=20,
        )  # fmt: skip
        return ended.stdout + ended.stderr

    first = said("-ign_eof", "-sess_out", str(kept))
    assert "Verify return code: 0 (ok)" in first
    assert '"id":"2"' in first
    again = said("-ign_eof", "-sess_in", str(kept))
    assert "Reused, TLSv1.2" in again
    assert '"id":"2"' in again
    # R on a line of its own asks for a new handshake.
    assert "no renegotiation" in said(text="R\n")


@pytest.mark.parametrize("protocol", ["http/1.1", "h2"])
@pytest.mark.parametrize("engine", ["epoll", "io_uring"])
def test_the_load_core_is_served(identity, protocol, engine):
    mix = [
        RequestSpec(target="/users/7", expect='"id":"7"'),
        RequestSpec(name="rows", target="/orders?limit=100", weight=0.2),
        RequestSpec(name="up", method="POST", target="/echo", body_size=100_000, weight=0.1),
    ]
    plan = Plan(protocol=protocol, arrivals=[constant(400, 0.5)], connections=8, requests=mix)
    with tls_service(identity) as running:
        report = load(running.url, plan, engine=engine, authorities=str(identity[0]))
        assert report.outcomes == {"2xx": 200}
        assert report.result.all.unexpected == 0
        stops = running.stops()
        assert stops["requests_total"] == 200
        assert stops["walks_broken_total"] == 0


@pytest.mark.skipif(not shutil.which("h2load"), reason="h2load is not installed")
def test_h2load_is_served(service):
    said = subprocess.run(
        ["h2load", "-n", "2000", "-c", "8", "-m", "16", f"{service.url}/healthz"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "2000 succeeded" in said.stdout
    assert "Application protocol: h2" in said.stdout


@pytest.mark.parametrize("version", ["--http1.1", "--http2"])
def test_a_request_in_progress_is_answered_at_a_graceful_stop(identity, version):
    changes = {"handle.deadline": "30", "drain.grace": "20"}
    with tls_service(identity, changes, faults=("latency=constant/0.6",)) as running:
        asking = subprocess.Popen(
            ["curl", "-sS", "--cacert", identity[0], version, "-o", "/dev/null",
             "-w", "%{http_code}", f"{running.url}/page"],
            stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        time.sleep(0.3)
        running.process.popen.send_signal(signal.SIGTERM)
        assert asking.communicate(timeout=20)[0] == "200"
        assert running.process.popen.wait(10) == 0


def test_what_cannot_be_used_is_said_in_a_sentence(identity, tmp_path):
    certificate, key = identity
    nothing = tmp_path / "none.pem"
    for files, sentence in {
        (nothing, key): f"{nothing} can't be read: No such file or directory",
        (certificate, certificate): f"{certificate} holds no private key that can be used",
        (key, key): f"{key} holds no certificate that can be used",
    }.items():
        with pytest.raises(LabError) as refused:
            tls_service(files)
        assert sentence in str(refused.value)


def test_serve_speaks_tls(identity, tagged_run):
    run = tagged_run("serve", "--port", "0", "--tls", *map(str, identity), isolated=False)
    url = run.popen.stdout.readline().split()[-1]
    assert url.startswith("https://127.0.0.1:")
    said = subprocess.run(
        ["curl", "-sS", "--cacert", identity[0], f"{url}/users/2"], capture_output=True, check=True
    )
    assert b'"id":"2"' in said.stdout


def test_refusals_are_in_the_access_log(identity, tmp_path):
    log = tmp_path / "access.log"
    with tls_service(identity, access_log=log) as running:
        subprocess.run(["curl", "-sS", f"http://127.0.0.1:{running.port}/"], check=False,
                       capture_output=True)  # fmt: skip
        curl(running, identity, "/users/2")
    lines = log.read_text()
    assert '"protocol":"TLS","status":0,"bytes":0,"trace":"","refused":"tls_handshake"' in lines
    assert '"target":"/users/2","protocol":"HTTP/2.0","status":200' in lines
