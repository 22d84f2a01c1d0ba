"""The one exception that the command line turns into one sentence."""

import contextlib
from collections.abc import Iterator


class LabError(Exception):
    """Something outside the lab is wrong: a taken port, a missing program, a bad option."""


class SaidError(LabError):
    """What is wrong stands on stderr already, in the words of a child that shares it."""


@contextlib.contextmanager
def core_errors() -> Iterator[None]:
    """Turns what the core throws, which is one sentence already, into LabError."""
    try:
        yield
    except (ValueError, RuntimeError) as error:
        raise LabError(str(error)) from error
