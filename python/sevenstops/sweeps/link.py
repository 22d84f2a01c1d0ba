"""What distance and loss do to HTTP/2 and HTTP/1.1: flow-control windows, and head-of-line."""

import contextlib
import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from sevenstops._core import Http2Spec, Plan, Relay, RequestSpec
from sevenstops.evidence.metrics import Sample
from sevenstops.lab.environment import Lab
from sevenstops.lab.measurements import percentile
from sevenstops.lab.network import SERVICE_ADDRESS, LinkOptions
from sevenstops.lab.scenes import Scene, distant_scene
from sevenstops.lab.settings import SideSettings
from sevenstops.loading.plans import burst, closed
from sevenstops.sweeps.base import Point, Sweep, side

# Seconds each way.
DELAY = 0.01
KIBIBYTE = 1024
WINDOWS = tuple(KIBIBYTE << n for n in (6, 8, 10, 12, 14))
LARGEST = WINDOWS[-1]
# Orders of a download of some 4 MB.
ROWS = 80_000
SECONDS = 4.0
TOGETHER = 4

# As many as browsers open to a host.
CONNECTIONS = 6
PROTOCOLS = {
    f"HTTP/1.1, {CONNECTIONS} connections": ("http/1.1", CONNECTIONS, 1),
    "HTTP/2, 1 connection": ("h2", 1, 100),
    f"HTTP/2, {CONNECTIONS} connections of one stream": ("h2", CONNECTIONS, 1),
}
# A page has an object for each of them, all asked for at once.
PERIOD = 0.5
PAGES = 20
# The congestion windows grow in it.
WARM_UP = 2.0
SHARES_LOST = (0, 0.005, 0.01, 0.02)
# Rows of an object of some 20 KB. One connection carries what the pages need at every loss here
# (Mathis et al., 1997: 0.63 MB/s at 2 %; the pages have 0.24), so that no queue of requests grows.
OBJECT = 115
# Rows of an object of six packets.
SMALL = 46
# Packets with something of a page's objects: on one connection 34, where they share packets, else
# 36.
PACKETS = 34
# Bytes; what has less brings nothing but acknowledgements.
BRINGS = 200
# Packets: eight losses on one connection leave 57 of it (CUBIC goes on with 0.7 of a window, RFC
# 9438, 4.6), and a page has 36.
WIDE = 1000
LOSSES = 8
# More than a round trip and less than two.
LATE = 0.031


def _download(seed: int, protocol: str, streams: int, stream: int, connection: int) -> Plan:
    return Plan(
        seed=seed,
        arrivals=[closed(SECONDS)],
        connections=1,
        protocol=protocol,
        http2=Http2Spec(streams=streams, stream_window=stream, connection_window=connection),
        read_timeout=30,
        cool_down=30,
        requests=[RequestSpec(name="download", target="/export.csv")],
        allow=[SERVICE_ADDRESS],
    )


def _window_points(seed: int) -> list[Point]:
    scene = partial(distant_scene, between=LinkOptions(delay=DELAY), rows=ROWS)
    # Without a bound on what the kernel takes ahead, so that only the windows are looked at.
    free = side({"drain.send_buffer": "0"})
    points = []
    for window in WINDOWS:
        at = f"{window / KIBIBYTE:g}"
        theory = {"bytes_a_second": window / (2 * DELAY)} if window <= WINDOWS[1] else {}
        points += [
            Point(
                "both windows, one stream", at, free, scene,
                _download(seed, "h2", 1, window, max(window, 65535)), theory,
            ),
            Point(
                "the connection's, four streams of 16 MiB", at, free, scene,
                _download(seed, "h2", TOGETHER, LARGEST, max(window, 65535)),
            ),
        ]  # fmt: skip
    for line, settings in (
        ("HTTP/1.1, the kernel's buffer", free),
        ("HTTP/1.1, drain.send_buffer=65536", side({})),
    ):
        plan = _download(seed, "http/1.1", 1, 65535, 65535)
        points += [
            Point(line, f"{window / KIBIBYTE:g}", settings, scene, plan)
            for window in (WINDOWS[0], LARGEST)
        ]
    return points


def _throughput(scene: Scene, plan: Plan) -> tuple[Sample, list[float]]:
    record = scene.load(plan).by_name["download"]
    each = record.response.mean
    size = record.bytes_received / max(1, record.answered)
    together = plan.http2.streams if plan.protocol == "h2" else 1
    return {
        "bytes_a_second": together * size / each,
        "download_seconds": each,
        "downloads_failed": record.due - record.outcomes.get("2xx", 0),
    }, []


def _pages(seed: int, line: str, rows: int) -> Plan:
    protocol, connections, streams = PROTOCOLS[line]
    return Plan(
        seed=seed,
        arrivals=[burst(CONNECTIONS, PERIOD, WARM_UP + PAGES * PERIOD)],
        warm_up=WARM_UP,
        connections=connections,
        protocol=protocol,
        http2=Http2Spec(streams=streams, stream_window=LARGEST, connection_window=LARGEST),
        requests=[RequestSpec(name="object", target=f"/orders?limit={rows}")],
        allow=[SERVICE_ADDRESS],
    )


@contextlib.contextmanager
def _lossy_scene(lab: Lab, settings: SideSettings, loss: float) -> Iterator[Scene]:
    """Every round loses other packets, and every line of a round draws the same."""
    between = LinkOptions(delay=DELAY, loss=loss, seed=lab.seed)
    with distant_scene(lab, settings, between) as scene:
        yield scene


def _loss_points(seed: int) -> list[Point]:
    settings = side({"serialize.page_limit": "1000", "drain.send_buffer": "0"})
    return [
        Point(
            line, f"{100 * share:g}", settings,
            partial(_lossy_scene, loss=share),
            _pages(seed, line, OBJECT),
        )
        for line in PROTOCOLS
        for share in SHARES_LOST
    ]  # fmt: skip


def _objects(scene: Scene, plan: Plan) -> tuple[Sample, list[float]]:
    record = scene.load(plan).by_name["object"]
    back = _relay(scene).back
    return {
        "latency_p50_seconds": percentile(record.latency, 0.5),
        "latency_p95_seconds": percentile(record.latency, 0.95),
        "packets_lost_ratio": back.lost / (back.lost + back.carried),
        "objects_failed": record.due - record.outcomes.get("2xx", 0),
    }, []


def _relay(scene: Scene) -> Relay:
    assert scene.link
    return scene.link.relay


@contextlib.contextmanager
def _losing_scene(lab: Lab, settings: SideSettings, losses: int) -> Iterator[Scene]:
    """Of every second page one packet is lost, `losses` times."""
    with distant_scene(lab, settings, LinkOptions(delay=DELAY, window=WIDE)) as scene:
        scene.content["losses"] = losses
        yield scene


def _one_points(seed: int) -> list[Point]:
    settings = side({"drain.send_buffer": "0"})
    return [
        Point("", f"{line}{said}", settings, partial(_losing_scene, losses=losses),
              _pages(seed, line, SMALL))
        for said, losses in (("", LOSSES), (", nothing lost", 0))
        for line in PROTOCOLS
    ]  # fmt: skip


def places(losses: int, seed: int) -> list[int]:
    """Which of a page's packets are lost, in random order: one of each equal part of a page."""
    draw = random.Random(seed)
    found = [int((n + draw.random()) * PACKETS / losses) for n in range(losses)]
    return draw.sample(found, losses)


def _one_lost(scene: Scene, plan: Plan) -> tuple[Sample, list[float]]:
    relay = _relay(scene)
    ended = threading.Event()
    began = time.monotonic()

    def lose() -> None:
        for n, place in enumerate(places(scene.content["losses"], scene.lab.seed)):
            at = began + WARM_UP + (2 * n - 0.4) * PERIOD
            if ended.wait(max(0.0, at - time.monotonic())):
                return
            relay.lose_one(BRINGS, place)

    with ThreadPoolExecutor(1) as thread:
        losing = thread.submit(lose)
        try:
            record = scene.load(plan).by_name["object"]
        finally:
            ended.set()
        losing.result()
    return {
        "late_objects": record.latency.slower_than(LATE) / LOSSES,
        "latency_p50_seconds": percentile(record.latency, 0.5),
        "latency_p95_seconds": percentile(record.latency, 0.95),
        "packets_lost": relay.back.lost,
        "objects_failed": record.due - record.outcomes.get("2xx", 0),
    }, []


WINDOWS_AT_A_DISTANCE = Sweep(
    name="http2-windows",
    title="HTTP/2's windows at a round trip of 20 ms",
    question=(
        "How much of a download of 4 MB comes a second, with windows of 64 KiB to 16 MiB that the "
        "client grants its streams and its connection? The theory is a window for each round trip."
    ),
    line="what the size is of",
    axis="window, KiB",
    columns={"bytes_a_second": "bytes", "download_seconds": "seconds", "downloads_failed": "1"},
    points=_window_points,
    measure=_throughput,
    drawn="bytes_a_second",
    logarithmic=True,
    without_edge=True,
    needs_link=True,
)

HEAD_OF_LINE = Sweep(
    name="head-of-line",
    title="What loss does to HTTP/1.1 and HTTP/2",
    question=(
        "How long does each of the six objects of a page take, 20 KB each, at a round trip of 20 "
        "ms, when 0 to 2 % of the packets that bring them are lost? One connection has one "
        "congestion window, six have six, and a packet that is lost makes wait what came after it "
        "on its connection."
    ),
    line="protocol",
    axis="packets lost, %",
    columns={
        "latency_p50_seconds": "seconds",
        "latency_p95_seconds": "seconds",
        "packets_lost_ratio": "1",
        "objects_failed": "1",
    },
    points=_loss_points,
    measure=_objects,
    drawn="latency_p95_seconds",
    without_edge=True,
    needs_link=True,
)

ONE_LOST_PACKET = Sweep(
    name="one-lost-packet",
    title="How many of a page's six objects one lost packet makes late",
    question=(
        "The same page with objects of 8 KB, and congestion windows so wide that all are under way "
        "at once, before and after a loss; of each second page one packet is lost, eight in all, "
        "one of each eighth of a page. An object is late that takes more than one and a half round "
        "trips. On one connection, what comes after the lost packet waits: three and a half "
        "objects of six, in the long run."
    ),
    line="",
    axis="protocol",
    columns={
        "late_objects": "1",
        "latency_p50_seconds": "seconds",
        "latency_p95_seconds": "seconds",
        "packets_lost": "1",
        "objects_failed": "1",
    },
    points=_one_points,
    measure=_one_lost,
    drawn="late_objects",
    without_edge=True,
    needs_link=True,
)
