"""Temporary folders that a later run removes when their owner was killed."""

import fcntl
import os
import shutil
import tempfile
import time
from pathlib import Path

PREFIX = "sevenstops-"
# A younger folder may have an owner who has not locked it yet.
SECONDS_TO_LOCK = 10


class OwnedFolder:
    """A temporary folder, held by a lock that ends with this process."""

    def __init__(self, purpose: str) -> None:
        """Makes the folder, and removes those whose owners are gone."""
        root = Path(tempfile.gettempdir())
        for left in root.glob(f"{PREFIX}{purpose}-*"):
            _remove_if_abandoned(left)
        self.path = Path(tempfile.mkdtemp(prefix=f"{PREFIX}{purpose}-"))
        self._lock = _locked(self.path)

    def remove(self) -> None:
        """Removes the folder; safe to call twice."""
        shutil.rmtree(self.path, ignore_errors=True)
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None


def _locked(folder: Path) -> int | None:
    """A descriptor that holds the folder's lock; none when another process does."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_if_abandoned(folder: Path) -> None:
    try:
        if time.time() - folder.stat().st_mtime < SECONDS_TO_LOCK:
            return
        descriptor = _locked(folder)
    except OSError:
        return
    if descriptor is not None:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)
