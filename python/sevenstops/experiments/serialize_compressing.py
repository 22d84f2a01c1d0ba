"""Serialize: every answer is compressed, also what is small, and what is compressed already."""

import re
import subprocess
from functools import partial

from sevenstops._core import Plan, RequestSpec, probe_process
from sevenstops.experiments.base import (
    Diagnostic,
    Experiment,
    Figure,
    Metric,
    Sabotage,
    Sample,
    Scene,
    failures,
    percentile_curve,
    percentile_seen,
    plain_scene,
    warm_up,
)
from sevenstops.loading.plans import poisson

SECONDS = 3.0
ROWS = 100
# Bytes of what they hold, whatever they travel as: a page that lost rows is shorter.
PICTURE = 32_000
PLAIN_PAGE = 17_000
BROWSER = [("Accept-Encoding", "gzip, deflate")]
PAGE = f"/orders?limit={ROWS}"
MIX = [
    RequestSpec(name="small", target="/users/{1..500}", headers=BROWSER, weight=5),
    RequestSpec(name="picture", target="/picture.png", headers=BROWSER, weight=4),
    RequestSpec(name="page", target=PAGE, headers=BROWSER, weight=1),
]


def plan(seed: int) -> Plan:
    """500 requests a second as browsers send them: half small, four tenths pictures, some rows."""
    return Plan(
        seed=seed, arrivals=[poisson(500, duration=SECONDS)], connections=64, requests=list(MIX)
    )


def curled(address: str, port: int, target: str, *options: str) -> bytes:
    """What curl makes of an answer."""
    url = f"http://{address}:{port}{target}"
    command = ["curl", "--silent", "--max-time", "5", *options, url]
    return subprocess.run(command, capture_output=True, check=False).stdout


def wrong(scene: Scene) -> int:
    """How many of three answers are too short, or, unpacked by curl, not what travels as it is."""
    found = 0
    for target, size in (("/users/7", 20), ("/picture.png", PICTURE), (PAGE, PLAIN_PAGE)):
        plain = curled("127.0.0.1", scene.service.port, target)
        unpacked = curled(scene.address, scene.port, target, "--compressed")
        found += len(plain) < size or unpacked != plain
    return found


def run(scene: Scene, p: Plan) -> Sample:
    """What an answer costs the service, and how large those are that are worth it."""
    warm_up(scene.port, MIX)
    pid = scene.service.process.pid
    before = probe_process(pid).cpu_seconds
    result = scene.load(p)
    spent = probe_process(pid).cpu_seconds - before
    small, page, picture = (result.by_name[name] for name in ("small", "page", "picture"))
    scene.curves["latency"] = percentile_curve(small.latency)
    return {
        "processor_seconds_per_answer": spent / max(1, result.answered),
        "small_latency_p95_seconds": percentile_seen(small.latency, 0.95),
        "page_bytes": page.bytes_received / max(1, page.answered),
        "picture_bytes": picture.bytes_received / max(1, picture.answered),
        "answers_wrong": wrong(scene),
        "requests_failed": sum(failures(result, name) for name in ("small", "picture", "page")),
    }


def in_vain(said: str) -> bool:
    """Whether a compressor saved less than a tenth of most of what it got."""
    numbers = {name: int(n) for name, n in re.findall(r"^sevenstops_(\w+) (\d+)", said, re.M)}
    return numbers["compress_useless_total"] > numbers["compress_duration_seconds_count"] / 2


EXPERIMENT = Experiment(
    stop="serialize",
    failure="compressing-everything",
    symptom="the processor is busy compressing, and answers get no smaller",
    fix="compress what is large enough, and of a type that gets smaller",
    switch={"serialize.compress.everything": ("true", "false")},
    lesson=(
        "A compressor pays with processor time for bytes, and small answers and pictures have none "
        "to give: 27 bytes come out as 44, and a PNG is compressed already. Whoever waits "
        "behind one pays too. Rows of JSON shrink to a fraction, so the answer isn't to turn it "
        "off."
    ),
    in_the_wild=(
        "Apache's SetOutputFilter DEFLATE compresses whatever a directory holds; the sample in "
        "mod_deflate's documentation takes pictures out by hand. nginx's gzip_min_length is 20 "
        "bytes by default."
    ),
    metrics=[
        Metric("processor_seconds_per_answer", "seconds", "proc_stat", "lower", "<= 0.5 before",
               rule="half of what an answer cost before on this processor"),
        Metric("small_latency_p95_seconds", "seconds", "client", "lower", "<= 1.5 before",
               guard=True, rule="of some 750 requests, whose p99 one pause of the machine makes"),
        Metric("page_bytes", "bytes", "client", "lower", "<= 3200", guard=True,
               rule=f"{ROWS} rows, 17.5 kB as they are, all travel compressed, head and all"),
        Metric("picture_bytes", "bytes", "client", "higher", f">= {PICTURE}", guard=True,
               rule="a picture comes whole"),
        Metric("answers_wrong", "1", "client", "lower", "== 0", guard=True,
               rule="of three: all rows are there, and curl takes apart what travels as it is"),
        Metric("requests_failed", "1", "client", "lower", "== 0", guard=True),
    ],
    plan=plan,
    run=run,
    scene=partial(plain_scene, rows=1000),
    order=2,
    core=False,
    figures=(
        Figure(
            "latency", "percentiles", "Who asks for little waits behind pictures in a compressor",
            ("share of small requests", "1"), ("time to the answer", "seconds"),
        ),
    ),
    sabotages=(
        Sabotage({"serialize.compress.enabled": "false"}, ("page_bytes",),
                 "rows travel at seven times their size"),
        Sabotage({"serialize.page_limit": "12", "serialize.compress.enabled": "false"},
                 ("answers_wrong",), "the page has lost seven of eight rows"),
    ),
    diagnostics=(
        Diagnostic(
            symptom="The processor is busy compressing, and little is saved",
            command="curl -s http://127.0.0.1:$ADMIN_PORT/metrics | grep -E "
            "'^sevenstops_compress_(useless_total|duration_seconds_count) '",
            when_it_is="of most that was compressed (count) less than a tenth was saved (useless)",
            when_not="of a small part: compressing is worth its time",
            proves=in_vain,
            promql=(
                "rate(sevenstops_compress_useless_total[5m]) > "
                "0.5 * rate(sevenstops_compress_duration_seconds_count[5m])"
            ),
            severity="ticket",
            at=2.0,
        ),
    ),
)  # fmt: skip
