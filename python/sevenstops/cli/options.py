"""What several commands share."""

import os
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from sevenstops.lab.environment import ISOLATION_VARIABLE
from sevenstops.lab.processes import EXECUTABLE

STDOUT = Path("-")

JsonOption = Annotated[
    Path | None, typer.Option("--json", metavar="FILE", help="Write the result here; - is stdout.")
]
SeedOption = Annotated[int, typer.Option(min=0, max=2**63 - 1, help="Of every plan.")]


def isolate() -> None:
    """Begins this process anew in a network namespace of its own, unless it is in one."""
    if ISOLATION_VARIABLE not in os.environ:
        arguments = [sys.executable, "-m", "sevenstops", *sys.argv[1:]]
        # The mask outlives exec, handlers don't: a signal in between waits for the next one.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        os.execv(EXECUTABLE, [str(EXECUTABLE), "--isolate", *arguments])
