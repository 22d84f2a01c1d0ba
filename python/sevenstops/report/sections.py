"""What is told of each failure, in words and rows: for the Markdown report and for the page."""

import statistics
from collections import Counter
from collections.abc import Iterable
from typing import Any

from sevenstops.evidence.quantities import change, each, human, middle, must
from sevenstops.evidence.stops import STOPS

Failure = dict[str, Any]
"""One failure's part of an evidence document."""

VERDICTS = ("fixed", "not fixed", "inconclusive")
NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
OLD_RANGE = "95 % intervals in brackets"
"""What brackets mean in documents that don't say it themselves."""


def in_order(document: dict[str, Any]) -> list[Failure]:
    """The failures in the walking order of the stops."""
    return sorted(document["evidence"], key=lambda e: STOPS.index(e["stop"]))


def count(document: dict[str, Any]) -> str:
    """How many are fixed: "13 of 15 fixed, 1 not fixed, 1 inconclusive"."""
    verdicts = Counter(e["verdict"] for e in document["evidence"])
    others = [f"{verdicts[v]} {v}" for v in VERDICTS[1:] if verdicts[v]]
    return ", ".join([f"{verdicts['fixed']} of {len(document['evidence'])} fixed", *others])


def exposing(evidence: Failure) -> dict[str, Any]:
    """The metric that speaks for a failure: the first that is no guard."""
    found: dict[str, Any] = next(m for m in evidence["metrics"] if not m.get("guard"))
    return found


def in_short(metric: dict[str, Any]) -> str:
    """A metric before and after: "> 12.0 s → 1.20 s"."""
    return f"{middle(metric, 'before')} → {middle(metric, 'after')}"


def extent(metric: dict[str, Any], side: str) -> str:
    """The samples from the lowest to the highest; empty where they are the same."""
    samples = metric[side]["samples"]
    said = each(metric, side)
    order = sorted(range(len(samples)), key=lambda i: samples[i])
    low, high = said[order[0]], said[order[-1]]
    return "" if low == high else f"{low} to {high}"


def held_to(metric: dict[str, Any]) -> str:
    """The threshold in words, and the rule that it comes of."""
    rule = metric.get("threshold_rule")
    return f"{must(metric)} ({rule})" if rule else must(metric)


def range_note(evidence: Iterable[Failure]) -> str:
    """What the ranges behind the changes are, a sentence for each kind there is."""
    notes: dict[str, None] = {}
    for metric in (m for e in evidence for m in e["metrics"]):
        kind, level = (metric["effect"].get(key) for key in ("kind_of_range", "level"))
        runs = len(metric["after"]["samples"])
        runs_said = NUMBERS[runs] if runs < len(NUMBERS) else str(runs)
        if kind == "extremes":
            notes["Where runs are counted, the range is that of these runs and no more"] = None
        elif kind == "interval" and level is not None:
            covers = f"covers the median with {100 * level:.3g} %"
            notes[f"Interval: lowest to highest of {runs_said} runs {covers}"] = None
        elif kind is None:
            notes[OLD_RANGE] = None
    return "; ".join(notes)


def altered(document: dict[str, Any]) -> list[Failure]:
    """Failures whose settings were changed by hand."""
    return [e for e in document["evidence"] if e.get("altered")]


def short(fingerprint: str) -> str:
    """As much of a fingerprint as an eye compares."""
    return f"{fingerprint[:19]}…" if len(fingerprint) > 20 else fingerprint


def guards(evidence: Failure) -> list[tuple[str, str, str, str]]:
    """Name, margin, source and whether it held."""
    return [
        (g["name"], str(g["margin"]), g["source"], "yes" if g["held"] else "no")
        for g in evidence.get("guards") or ()
    ]


def sent_line(evidence: Failure) -> str:
    """What each side sent, medians of its runs; empty where the document does not say it.

    A number that both sides have in common is said once.
    """
    sides = (evidence.get("sent") or {}).values()
    before, after = ([_flat(run) for run in runs] for runs in sides) if sides else ([], [])
    if not before or not after:
        return ""
    groups: dict[str, list[str]] = {}
    for crowd, key in before[0]:
        values = [statistics.median(run.get((crowd, key), 0) for run in runs)
                  for runs in (before, after)]  # fmt: skip
        unit = "bytes" if key.startswith("bytes") else "1"
        said = list(dict.fromkeys(human(value, unit) for value in values))
        groups.setdefault(crowd, []).append(f"{key.replace('_', ' ')} {' → '.join(said)}")
    return "; ".join(
        f"{f'crowd {crowd}: ' if crowd else ''}{', '.join(parts)}"
        for crowd, parts in groups.items()
    )


def _flat(run: dict[str, Any]) -> dict[tuple[str, str], float]:
    """The numbers of one run by crowd ("" for the requests) and name; crowds of a kind as one."""
    flat: dict[tuple[str, str], float] = {}
    for crowd in (run, *run.get("crowds", ())):
        kind = crowd.get("kind", "")
        for key, value in crowd.items():
            if isinstance(value, int | float):
                flat[kind, key] = flat.get((kind, key), 0) + value
    return flat


def ablation(evidence: Failure) -> list[dict[str, str]]:
    """For each setting its values, and what became of the failure with it alone, and without it."""
    return [
        {
            "setting": row["setting"],
            "change": f"{row['before']} → {row['after']}",
            "taken_back": _mended(evidence, row["taken_back"]),
            "alone": _mended(evidence, row["alone"]),
        }
        for row in evidence.get("ablation") or ()
    ]


def told(evidence: Failure) -> list[dict[str, str]]:
    """For each diagnostic that was run under load its symptom and command, and what it said before
    and after.
    """
    return [
        {
            "symptom": line["symptom"],
            "command": line["command"],
            **{side: line[side]["said"].rstrip() or "(nothing)" for side in ("before", "after")},
        }
        for line in evidence.get("runbook", ())
    ]


def _mended(evidence: Failure, found: dict[str, Any]) -> str:
    metrics = {m["name"]: m for m in evidence["metrics"]}
    said = [
        f"{name} {human(value, metrics[name]['unit'] if name in metrics else '1', name)}"
        for name, value in found.get("metrics", {}).items()
    ]
    verdict = "yes" if found["mended"] else "no"
    return f"{verdict}: {', '.join(said)}" if said else verdict


def seeds_line(evidence: Failure) -> str:
    """How many seeds there were, and the first plan."""
    seeds = evidence.get("seeds") or [evidence["plan"]]
    plan = f"first plan {seeds[0]['fingerprint']}"
    if len(seeds) == 1:
        return f"one seed ({seeds[0]['seed']}), {plan.removeprefix('first ')}"
    numbers = ", ".join(str(s["seed"]) for s in seeds[:7]) + (", …" if len(seeds) > 7 else "")
    return f"{len(seeds)} seeds ({numbers}), {plan}"


def scene_line(evidence: Failure) -> str:
    """The scene's fingerprints: what both sides share, and each side's own."""
    fingerprint = (evidence.get("scene") or {}).get("fingerprint") or {}
    return ", ".join(
        f"{name} {fingerprint[key]}"
        for name, key in (("shared", "shared"), ("before", "before"), ("after", "after"))
        if fingerprint.get(key)
    )


def edge_line(evidence: Failure) -> str:
    """The edge, and why it stayed out where it did."""
    without = evidence.get("without_edge")
    return f"none ({without})" if without else str(evidence["edge"])


def metric_rows(evidence: Failure) -> list[dict[str, str]]:
    """A row for each metric, guards included."""
    return [
        {
            "name": m["name"],
            "guard": "guard" if m.get("guard") else "",
            "source": m.get("source", ""),
            "before": middle(m, "before"),
            "after": middle(m, "after"),
            "before_extent": extent(m, "before"),
            "after_extent": extent(m, "after"),
            "change": change(m),
            "must": held_to(m),
            "holds": "yes" if m["pass"] else "no",
        }
        for m in evidence["metrics"]
    ]
