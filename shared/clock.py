"""The loop's clock: the database's, never the worker's."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from shared.state.transport import Transport


class Clock(Protocol):
    """Says what time it is, in UTC."""

    def now(self) -> datetime:
        """The current instant, with a zone."""
        ...


class DatabaseClock:
    """Reads `loop_now()`, so that leases, due times and the gate agree over all workers.

    It costs a round trip; callers re-read it right before each intent and nowhere else.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def now(self) -> datetime:
        """The database's instant, in UTC."""
        return datetime.fromisoformat(self._transport.call("loop_now_v1"))


def worker_now() -> datetime:
    """This machine's own clock, in UTC: for the watch, to see how far it is off. Nothing decides by it."""
    return datetime.now(UTC)
