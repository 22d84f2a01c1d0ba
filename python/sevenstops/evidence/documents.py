"""The documents that leave the lab, by their contracts in schemas/."""

import json
from collections.abc import Iterable, Mapping
from importlib import resources
from pathlib import Path
from typing import Any

from sevenstops.errors import LabError
from sevenstops.evidence.verdict import Evidence

EVIDENCE = "sevenstops.evidence/1"


def evidence_document(environment: Mapping[str, Any], found: Iterable[Evidence]) -> dict[str, Any]:
    """All evidence of a run and where it took place (Lab.environment)."""
    return {
        "schema": EVIDENCE,
        "environment": dict(environment),
        "evidence": [e.as_dict() for e in found],
    }


def read_evidence(path: Path) -> dict[str, Any]:
    """An evidence document from a file. Raises LabError in one sentence."""
    try:
        document: dict[str, Any] = json.loads(path.read_text())
    except OSError as error:
        raise LabError(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise LabError(f"{path} is not JSON: {error}") from error
    if not isinstance(document, dict) or document.get("schema") != EVIDENCE:
        raise LabError(f"{path} is not evidence (schema {EVIDENCE})")
    return document


def merged(documents: list[dict[str, Any]]) -> dict[str, Any]:
    """One document of many: the environment is the first one's."""
    return {**documents[0], "evidence": [e for d in documents for e in d["evidence"]]}


def schema(name: str) -> dict[str, Any]:
    """A contract's JSON Schema: "evidence-1", "load-1" or "framing-1"."""
    text = resources.files("sevenstops.evidence").joinpath("schemas", f"{name}.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found
