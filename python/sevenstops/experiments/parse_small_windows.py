"""Parse: over HTTP/2 an upload gets a window for each round trip, and the window is small."""

from functools import partial
from itertools import pairwise

from sevenstops._core import Http2Spec, Plan, RequestSpec
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
    percentile_curve,
)
from sevenstops.lab.measurements import percentile
from sevenstops.lab.network import SERVICE_ADDRESS, LinkOptions
from sevenstops.lab.scenes import distant_scene
from sevenstops.loading.plans import constant

# Seconds each way.
DELAY = 0.01
BODY = 1 << 20
LARGE = 1 << 18
# RFC 9113, 6.9.2: what every stream has unless SETTINGS say otherwise.
SMALL = 65535
# Three quarters of what the upload alone takes by a small window for each round trip.
LATE = round(0.75 * BODY / (SMALL / (2 * DELAY)), 2)
RATE = 8
# So many that a slow upload does not keep the next one waiting.
USERS = 8
# In it each connection's congestion window grows.
WARM_UP = 1.5
END = 3.0


def plan(seed: int) -> Plan:
    """Eight times a second somebody at a distance uploads 1 MiB, and gets it back."""
    wide = Http2Spec(streams=1, stream_window=16 * BODY, connection_window=16 * BODY)
    return Plan(
        seed=seed,
        arrivals=[constant(RATE, WARM_UP + END)],
        warm_up=WARM_UP,
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
    scene.curves["latency"] = percentile_curve(uploads.latency)
    return {
        "upload_seconds": percentile(uploads.latency, 0.5),
        "uploads_failed": uploads.due - answered,
        "echoed_bytes_missing": max(0, BODY * answered - uploads.bytes_received),
    }


def a_window_a_round_trip(said: str) -> bool:
    """Whether the busiest connection brings about a small window a round trip, and no more."""
    looks: list[tuple[float, dict[str, tuple[float, int]]]] = []
    for words in (line.split() for line in said.splitlines()):
        if len(words) == 1:
            looks.append((float(words[0]), {}))
        else:
            looks[-1][1][words[0]] = (float(words[1]) / 1000, int(words[2]))
    brought = [
        (count - first[peer][1]) / (later - earlier) * rtt
        for (earlier, first), (later, second) in pairwise(looks)
        for peer, (rtt, count) in second.items()
        if peer in first
    ]
    return 0.4 * SMALL < max(brought) < 1.15 * SMALL


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
               f"<= {LATE}",
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
            "latency", "percentiles", "At 20 ms a small window makes every upload late",
            ("share of uploads", "1"), ("upload and its echo", "seconds"),
            threshold=LATE,
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
            command="for i in 1 2 3 4 5; do date +%s.%N; "
            "ss -tniOH \"sport = :$PORT\" | sed -nE 's/^.* ([0-9.:]+) .* rtt:([0-9.]+)"
            ".* bytes_received:([0-9]+).*/\\1 \\2 \\3/p'; sleep 0.2; done",
            when_it_is="the last number, bytes received, grows on the busiest connection by 26,000 "
            "to 75,000 in each rtt (the one before it, in ms; lines of one number are times)",
            when_not="by more: no window is in its way; by far less: the line, or who sends",
            proves=a_window_a_round_trip,
            severity="ticket",
            at=0.8,
        ),
    ),
)  # fmt: skip
