"""What is started and has to be ended."""

import abc
from types import TracebackType
from typing import Self


class Stoppable(abc.ABC):
    """Something that runs from its making to its `stop`; a context manager that stops it."""

    _stopped = False

    def stop(self) -> None:
        """Ends it; safe to call twice. What an exception kept from its end is tried again."""
        if not self._stopped:
            self._end()
            self._stopped = True

    @abc.abstractmethod
    def _end(self) -> None:
        """Ends what was started, however much of it there is."""

    def __enter__(self) -> Self:
        """Itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Ends it."""
        self.stop()
