"""Files that are whole or not there."""

import contextlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

from sevenstops.errors import LabError


def require_writable(path: Path) -> None:
    """Raises LabError when a file at `path` could not be written: before the work, not after it."""
    folder = path.parent
    if path.is_dir() or not folder.is_dir() or not os.access(folder, os.W_OK):
        raise LabError(f"{path} cannot be written")


def make_folder(folder: Path) -> None:
    """Makes `folder` where it is missing. Raises LabError where files can't be written in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise LabError(f"{folder} cannot be made: {error.strerror}") from error
    require_writable(folder / "report.md")


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
