"""Parse: over HTTP/2 an upload gets a window for each round trip, and the window is small."""

from functools import partial

from sevenstops._core import Http2Spec, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
)
from sevenstops.lab.measurements import INTERVAL, percentile
from sevenstops.lab.network import SERVICE_ADDRESS, LinkOptions
from sevenstops.lab.scenes import distant_scene
from sevenstops.loading.plans import closed

# Seconds each way.
DELAY = 0.01
BODY = 1 << 20
LARGE = 1 << 18
# RFC 9113, 6.9.2: what every stream has unless SETTINGS say otherwise.
SMALL = 65535
USERS = 2
END = 3.0


def plan(seed: int) -> Plan:
    """Two users at a distance upload 1 MiB each, again and again, and get it back."""
    wide = Http2Spec(streams=1, stream_window=16 * BODY, connection_window=16 * BODY)
    return Plan(
        seed=seed,
        arrivals=[closed(END)],
        connections=USERS,
        protocol="h2",
        http2=wide,
        requests=[RequestSpec(name="upload", method="POST", target="/echo", body_size=BODY)],
        allow=[SERVICE_ADDRESS],
    )


def run(scene: Scene, p: Plan) -> Sample:
    """How long an upload takes until its echo is there."""
    result = scene.load(p)
    uploads = result.by_name["upload"]
    answered = uploads.outcomes.get("2xx", 0)
    done = 0
    scene.curves["uploaded"] = [(0.0, 0.0)]
    for n, interval in enumerate(result.series[: round(END / INTERVAL)], 1):
        done += interval.answered
        scene.curves["uploaded"].append((n * INTERVAL, float(BODY * done)))
    return {
        "upload_seconds": percentile(uploads.latency, 0.5),
        "uploads_failed": uploads.due - answered,
        "echoed_bytes_missing": max(0, BODY * answered - uploads.bytes_received),
    }


def a_window_a_round_trip(said: str) -> bool:
    """Whether each connection that brings something brings about a small window a round trip."""
    looks: list[dict[str, tuple[float, int]]] = [{}]
    for line in said.splitlines():
        peer, rtt, count = line.split()
        if peer in looks[-1]:
            looks.append({})
        looks[-1][peer] = (float(rtt) / 1000, int(count))
    first, second = looks
    brought = [(n - first[p][1]) * rtt for p, (rtt, n) in second.items() if p in first]
    return any(brought) and all(0.4 * SMALL < n < 1.1 * SMALL for n in brought if n)


EXPERIMENT = Experiment(
    stop="parse",
    failure="windows-too-small",
    symptom="uploads over HTTP/2 are slow from afar",
    fix="the service grants each stream a larger window: 256 KiB, a quarter of the connection's",
    switch={"parse.http2.stream_window": (str(SMALL), str(LARGE))},
    settings={"drain.send_buffer": "0"},
    lesson=(
        "A sender may have as much under way as the receiver's window allows, and hears of more "
        "only a round trip later: so an upload gets at most a window for each round trip, whatever "
        "the line could carry. TCP's own window grows by itself; that of an HTTP/2 stream is what "
        "SETTINGS say, 65,535 bytes unless they say more. Near by nobody notices. A stream whose "
        "body nobody reads holds its window, so that it must not be all of the connection's, or "
        "the others get nothing. The kernel's send buffer bounds the way back in the same manner; "
        "here it grows by itself (drain.send_buffer=0), so that the upload is what is looked at."
    ),
    in_the_wild=(
        "HAProxy 2.0 (issue 293, 2019): 10 MB took 12 s over HTTP/2 and 1.5 s without. h2o (pull "
        "request 1559, 2017) and Kestrel (dotnet/aspnetcore 43302, 2022: as much for a connection "
        "as here, 1 MB) were mended by larger windows; grpc-go sizes its own by what is under way."
    ),
    metrics=[
        Metric("upload_seconds", "seconds", "client", "lower",
               f"<= {0.75 * BODY / (SMALL / (2 * DELAY)):.2g}",
               rule="with its echo; a small window for each round trip takes at least 0.32 s"),
        Metric("uploads_failed", "1", "client", "lower", "== 0", guard=True),
        Metric("echoed_bytes_missing", "bytes", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(distant_scene, between=LinkOptions(delay=DELAY), rows=1),
    order=10,
    core=False,
    without_edge="an edge next to the service has no round trip to it that is worth a window",
    needs_network="its clients are at the other end of a link, which takes a TUN device",
    needs_link=True,
    figures=(
        Figure(
            "uploaded", "over_time",
            "A window for each round trip, however wide the line is",
            ("time", "seconds"), ("uploaded and echoed", "bytes"), end=END,
        ),
    ),
    sabotages=(
        Sabotage(
            {"parse.body_limit": "65536"}, ("uploads_failed",),
            "an upload of 1 MiB is refused at once",
        ),
    ),
    diagnostics=(
        Diagnostic(
            symptom="Uploads over HTTP/2 are slow from afar, and no one is busy",
            command='for i in 1 2; do ss -tniOH "sport = :$PORT" | sed -nE '
            "'s/^.* ([0-9.:]+) .* rtt:([0-9.]+).* bytes_received:([0-9]+).*/\\1 \\2 \\3/p'; "
            "sleep 1; done",
            when_it_is="in a second the last number, bytes received, grows by 26,000 to 72,000 for "
            "each rtt (the one before it, in milliseconds), on every connection that brings any",
            when_not="by more: no window is in its way; by far less: the line, or who sends",
            proves=a_window_a_round_trip,
            severity="ticket",
            at=0.8,
        ),
    ),
)  # fmt: skip
