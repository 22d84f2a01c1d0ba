"""An evidence document that has all that one may have, whose additions are made up."""

import copy
import math
from pathlib import Path

import pytest

from sevenstops.evidence.documents import read_evidence

KEPT = Path(__file__).parent / "kept.json"
SECONDS = {"name": "time since the start", "unit": "seconds"}
LATENCY = {"name": "latency", "unit": "seconds"}
QUANTILES = [1 - 10 ** (-n / 10) for n in range(31)]


def over_time():
    """Goodput that does not come back, and one that does."""
    shares = [(t / 2, 1.0 if t < 20 else max(0.0, 1.0 - (t - 19) / 4)) for t in range(48)]
    back = [(t / 2, 1.0 if not 20 <= t < 24 else 0.62) for t in range(48)]
    return {
        "kind": "over_time", "x": SECONDS, "y": {"name": "goodput, share of requests", "unit": "1"},
        "title": "The slowness lasts 2 s; goodput never comes back before, at once after.",
        "before": shares, "after": back, "censored_at": 24, "threshold": 0.95,
        "shade": {"from": 10, "to": 12, "label": "the dependency is slow"},
    }  # fmt: skip


def memory():
    """Memory while readers read slowly."""
    grown = [(t, 8e6 + 52e6 * (1 - math.exp(-t / 3))) for t in range(21)]
    flat = [(t, 7.4e6 + 6e5 * (1 - math.exp(-t / 3))) for t in range(21)]
    return {
        "kind": "over_time", "x": SECONDS, "y": {"name": "resident memory", "unit": "bytes"},
        "title": "Memory holds what the slow readers have not read.",
        "before": grown, "after": flat, "threshold": 16777216,
    }  # fmt: skip


def percentiles():
    """One request in a hundred is slow, and then none."""
    return {
        "kind": "percentiles", "x": {"name": "share of pages", "unit": "1"}, "y": LATENCY,
        "title": "Half of the pages wait for the slowest of 100 answers; with hedges none does.",
        "before": [[q, 0.02 + (1.0 if q > 0.37 else 0.0)] for q in QUANTILES],
        "after": [[q, 0.02 + 0.012 * -math.log10(1 - q)] for q in QUANTILES], "threshold": 0.1,
    }  # fmt: skip


def histogram():
    """Connect times that come in whole seconds."""
    before = [[0.0, 1200], [1.02, 230], [2.03, 120], [3.04, 9]]
    return {
        "kind": "histogram", "x": {"name": "time to connect", "unit": "seconds"},
        "y": {"name": "connections", "unit": "1"}, "peaks": [1, 2, 3],
        "title": "Connects take 0, 1, 2 or 3 s: the kernel dropped the SYN, and it was sent again.",
        "before": before, "after": [[0.0, 1559]],
    }  # fmt: skip


def by_size():
    """Cost per row that grows with the page, and one that doesn't."""
    sizes = [10, 100, 1000, 10000]
    return {
        "kind": "by_size", "x": {"name": "rows of a page", "unit": "1"},
        "y": {"name": "cost of a row", "unit": "seconds"},
        "title": "Each row costs 3 × less with a compiled serializer, whatever the page's size.",
        "before": [[n, 4.1e-7 * (1 + 0.05 * math.log10(n))] for n in sizes],
        "after": [[n, 1.4e-7] for n in sizes],
    }  # fmt: skip


FIGURES = {
    "accept-queue-overflow": [histogram],
    "tail-without-hedging": [percentiles],
    "retry-storm": [over_time, percentiles],
    "unbounded-serialization": [by_size],
    "ignored-backpressure": [memory],
}


def sent(answered):
    """What each of three runs sent."""
    crowd = {"kind": "slow-readers", "due": 40, "started": 40, "answered": 40,
             "bytes_sent": 3200, "bytes_read": 83886080}  # fmt: skip
    return [
        {"due": 1200, "sent": 1200, "answered": answered + n, "bytes_sent": 98304,
         "bytes_received": 1258291, "crowds": [crowd]}
        for n in range(3)
    ]  # fmt: skip


def extended(evidence):
    """The same failure with every addition."""
    name = evidence["failure"]
    exposing = next(m for m in evidence["metrics"] if not m.get("guard"))
    settings = list(evidence["settings"].items())
    middle = {exposing["name"]: exposing["before"]["median"]}
    mended = {exposing["name"]: exposing["after"]["median"]}
    for metric in evidence["metrics"]:
        metric["effect"] |= {"kind_of_range": "interval", "level": 0.94}
    return evidence | {
        "figures": [draw() for draw in FIGURES.get(name, [])],
        "scene": {
            "fingerprint": {"before": "sha256:" + "a1" * 32, "after": "sha256:" + "b2" * 32,
                            "shared": "sha256:" + "c3" * 32},
            "content": {"edge": "nginx", "service": {"threads": 1}},
        },
        "sent": {"before": sent(838), "after": sent(1198)},
        "guards": [
            {"name": "good_requests_failed", "margin": "at most 0", "held": True,
             "source": "client"},
        ],
        "seeds": [{"seed": seed, "fingerprint": "sha256:" + f"{seed:064x}"} for seed in (7, 8, 9)],
        "ablation": [
            {"setting": setting, **values,
             "taken_back": {"mended": n > 0, "metrics": mended if n else middle},
             "alone": {"mended": n == 0, "metrics": middle if n else mended}}
            for n, (setting, values) in enumerate(settings)
        ] if len(settings) > 1 else None,
        "runbook": [
            {"symptom": d["symptom"], "command": d["command"],
             "before": {"said": f"{name} 431\n", "shows": True},
             "after": {"said": "", "shows": False}}
            for d in evidence.get("diagnostics", ())
        ],
        "in_the_wild": "net.core.somaxconn was 128 until Linux 5.4; Node.js 20 listens with 511.",
        "altered": False,
    }  # fmt: skip


def full_document():
    """Sixteen failures, seven of them of Handle."""
    document = read_evidence(KEPT)
    found = {e["failure"]: e for e in document["evidence"]}
    copies = {
        "accept-flood-of-handshakes": "accept-queue-overflow", "twice-counted": "shadowed-route",
        "no-admission": "blocked-event-loop", "half-closed-reader": "ignored-backpressure",
    }  # fmt: skip
    for name, of in copies.items():
        found[name] = copy.deepcopy(found[of]) | {"failure": name}
    while len(found) > 16:
        found.popitem()
    storm = next(m for m in found["retry-storm"]["metrics"] if m["name"] == "recovery_seconds")
    storm |= {"censored": {"before": [0, 1, 2, 3, 4], "after": []},
              "threshold_rule": "the slowness itself lasts 2 s"}  # fmt: skip
    document["evidence"] = [extended(e) for e in found.values()]
    few = found["pool-exhaustion"]["metrics"][1]
    for side in ("before", "after"):
        few[side]["samples"] = few[side]["samples"][:3]
    few["effect"] |= {"kind_of_range": "extremes", "level": None}
    return document


@pytest.fixture
def document():
    """Sixteen failures with every addition."""
    return full_document()
