"""The documents that leave the lab, by their contracts: evidence-1.json and load-1.json."""

import contextlib
import json
import os
import tempfile
from collections.abc import Iterable
from importlib import resources
from pathlib import Path
from typing import Any

from sevenstops.environment import Lab
from sevenstops.errors import LabError
from sevenstops.evidence import Evidence


def evidence_document(lab: Lab, evidence: Iterable[Evidence]) -> dict[str, Any]:
    """All evidence of a run and where it took place."""
    return {
        "schema": "sevenstops.evidence/1",
        "environment": lab.environment(),
        "evidence": [e.as_dict() for e in evidence],
    }


def schema(name: str) -> dict[str, Any]:
    """A contract's JSON Schema: "evidence-1" or "load-1"."""
    text = resources.files("sevenstops").joinpath("schemas", f"{name}.json").read_text()
    found: dict[str, Any] = json.loads(text)
    return found


def require_writable(path: Path) -> None:
    """Raises LabError when a file at `path` could not be written: before the work, not after it."""
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise LabError(f"{path} cannot be written")


def write_whole(path: Path, text: str) -> None:
    """Writes a file so that nobody ever sees half of it. Raises LabError."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(handle, "w") as file:
                file.write(text)
            os.chmod(name, 0o644)
            os.replace(name, path)
        except BaseException:
            with contextlib.suppress(FileNotFoundError):
                os.unlink(name)
            raise
    except OSError as error:
        raise LabError(f"{path} cannot be written: {error.strerror}") from error


def write_json(path: Path, document: dict[str, Any]) -> None:
    """Writes a document as JSON for people to read as well."""
    write_whole(path, json.dumps(document, indent=1) + "\n")
