"""Evidence that was kept, and what has got worse since."""

import os
import re
from pathlib import Path
from typing import Any

from sevenstops.errors import LabError
from sevenstops.evidence.documents import read_evidence
from sevenstops.evidence.files import write_json
from sevenstops.evidence.quantities import human
from sevenstops.evidence.statistics import bootstrap

WORSE = 1.05
"""A metric has got worse when its whole interval lies beyond this ratio on the bad side."""

# What of an environment has to be the same for numbers to be held against each other.
SAME = ("cores", "machine", "kernel", "edge", "isolation")


def baseline_path(name: str) -> Path:
    """Where `run --save NAME` keeps its evidence. Raises LabError for a name that is no word."""
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise LabError(
            f"a baseline's name is made of letters, digits, '.', '_' and '-', not '{name}'"
        )
    root = os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share"
    return Path(root) / "sevenstops" / "baselines" / f"{name}.json"


def save(name: str, document: dict[str, Any]) -> Path:
    """Keeps an evidence document under a name. Raises LabError."""
    path = baseline_path(name)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"{path.parent} cannot be made: {error.strerror}") from error
    write_json(path, document)
    return path


def load_baseline(name: str) -> dict[str, Any]:
    """A baseline by its name, or from a file's path. Raises LabError."""
    path = Path(name)
    return read_evidence(path if path.suffix == ".json" else baseline_path(name))


def machines_differ(new: dict[str, Any], old: dict[str, Any]) -> str:
    """In what two environments differ so that their numbers say nothing; empty where in nothing."""
    a, b = new["environment"], old["environment"]
    return ", ".join(
        f"{key} {b.get(key)} then and {a.get(key)} now" for key in SAME if a.get(key) != b.get(key)
    )


def compare(new: dict[str, Any], old: dict[str, Any], force: bool = False) -> list[tuple[str, str]]:
    """What of `new` is worse than in `old`: the stop, and a sentence.

    The sides after the fix are held against each other, where plans are identical. Raises LabError
    for different machines unless `force`d, and for runs whose settings were changed by hand.
    """
    differ = machines_differ(new, old)
    if differ and not force:
        raise LabError(
            f"the baseline is of another machine ({differ}); --force compares all the same"
        )
    for document, what in ((old, "the baseline"), (new, "the new evidence")):
        looked_at = [e["failure"] for e in document["evidence"] if e.get("altered")]
        if looked_at:
            raise LabError(f"{what} is a look with settings changed by hand: {looked_at[0]}")
    before = {e["failure"]: e for e in old["evidence"]}
    found = []
    for evidence in new["evidence"]:
        known = before.get(evidence["failure"])
        if known is None:
            continue
        if known["plan"]["fingerprint"] != evidence["plan"]["fingerprint"]:
            raise LabError(
                f"{evidence['failure']}: the baseline's plan is another one; measure it anew"
            )
        then = {m["name"]: m for m in known["metrics"]}
        for metric in evidence["metrics"]:
            if metric["name"] in then:
                sentence = worse(metric, then[metric["name"]])
                if sentence:
                    found.append((str(evidence["stop"]), f"{evidence['failure']}: {sentence}"))
    return found


def worse(new: dict[str, Any], old: dict[str, Any]) -> str:
    """How a metric's side after got worse since `old`; empty where it did not."""
    interval = bootstrap(old["after"]["samples"], new["after"]["samples"])
    lower_is_better = new["better"] == "lower"
    if interval["kind"] == "difference":
        bad = interval["low"] > 0 if lower_is_better else interval["high"] < 0
    else:
        bad = interval["low"] > WORSE if lower_is_better else interval["high"] < 1 / WORSE
    if not bad:
        return ""
    then, now = (human(m["after"]["median"], m["unit"], m["name"]) for m in (old, new))
    return f"{new['name']} was {then} and is {now}"
