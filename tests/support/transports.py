"""Transports that watch, interrupt or cut off what passes through them."""

from __future__ import annotations

from collections.abc import Callable

from shared.errors import StateUnavailable
from shared.state.transport import Json, Transport


class Watching:
    """Notes the name of every call."""

    def __init__(self, inner: Transport) -> None:
        self._inner = inner
        self.calls: list[str] = []

    def call(self, function: str, /, **arguments: Json) -> Json:
        """See `Transport`."""
        self.calls.append(function)
        return self._inner.call(function, **arguments)

    def close(self) -> None:
        """See `Transport`."""
        self._inner.close()


class Interrupting(Watching):
    """Does something right before the `nth` call of one function, once."""

    def __init__(self, inner: Transport, function: str, act: Callable[[Json], object], nth: int = 1) -> None:
        super().__init__(inner)
        self._function, self._act, self._nth = function, act, nth

    def call(self, function: str, /, **arguments: Json) -> Json:
        """See `Transport`."""
        if function == self._function:
            self._nth -= 1
            if self._nth == 0:
                self._act(arguments)
        return super().call(function, **arguments)


class Outage(Watching):
    """Works for so many calls, and then not at all."""

    def __init__(self, inner: Transport, after: int) -> None:
        super().__init__(inner)
        self._left = after

    def call(self, function: str, /, **arguments: Json) -> Json:
        """See `Transport`."""
        self._left -= 1
        if self._left < 0:
            raise StateUnavailable
        return super().call(function, **arguments)
