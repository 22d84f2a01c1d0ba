"""One run of every experiment, which serves all that looks at it."""

import json
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from support import CLI


@dataclass(frozen=True)
class Measured:
    """What `sevenstops run --all` said and wrote: its streams, its file and its folder."""

    ended: subprocess.CompletedProcess[str]
    file: Path
    out: Path
    document: dict[str, Any]

    def of(self, failure: str) -> dict[str, Any]:
        """One failure's evidence."""
        if failure not in self.failures:
            pytest.skip(f"{failure} was left out: no network namespace is allowed")
        return next(e for e in self.document["evidence"] if e["failure"] == failure)

    @property
    def failures(self) -> list[str]:
        """What was measured, in its order."""
        return [e["failure"] for e in self.document["evidence"]]


@pytest.fixture(scope="session")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """Every scene once a side, as its user runs it, with the runbook's commands beside its load."""
    folder = tmp_path_factory.mktemp("measured")
    file, out = folder / "e.json", folder / "out"
    options = ["--all", "--rounds", "1", "--ablate", "--runbook"]
    options += ["--json", str(file), "--out", str(out)]
    ended = subprocess.run(
        [*CLI, "run", *options], capture_output=True, text=True, check=False, timeout=900
    )
    assert ended.returncode in (0, 1), ended.stderr
    return Measured(ended, file, out, json.loads(file.read_text()))
