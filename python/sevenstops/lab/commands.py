"""Commands of the runbook, run beside a load as an engineer would paste them."""

import contextlib
import os
import subprocess
import time
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

PATIENCE = 30.0
"""Seconds after which a command is ended."""


@dataclass(frozen=True)
class Command:
    """A line for sh, and how many seconds into the load it is run."""

    text: str
    at: float


@contextlib.contextmanager
def run_beside(commands: Sequence[Command], variables: Mapping[str, int]) -> Iterator[list[str]]:
    """Runs each command in its time while a block runs, and waits for them at its end.

    `variables` are those that the commands speak of. The list has, after the block, what each wrote
    to stdout and stderr, in their order.
    """
    said: list[str] = []
    if not commands:
        yield said
        return
    environment = {**os.environ, **{name: str(value) for name, value in variables.items()}}
    run = partial(_run, environment=environment, begun=time.monotonic())
    with ThreadPoolExecutor(len(commands)) as pool:
        running = [pool.submit(run, command) for command in commands]
        yield said
        said += [one.result() for one in running]


def _run(command: Command, environment: Mapping[str, str], begun: float) -> str:
    time.sleep(max(0.0, begun + command.at - time.monotonic()))
    try:
        ended = subprocess.run(
            ["sh", "-c", command.text],
            env=environment, text=True, check=False, timeout=PATIENCE,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"no answer within {PATIENCE:g} s\n"
    return ended.stdout
