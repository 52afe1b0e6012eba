"""The world's time. It moves only when it is told to."""

from __future__ import annotations

from datetime import datetime
from threading import Lock


class VirtualClock:
    """Virtual time for the fakes and the agenda, in an aware zone; it never goes back.

    The clock of the database is not touched: whoever drives the world sets both.
    """

    def __init__(self, start: datetime) -> None:
        if start.tzinfo is None:
            raise ValueError("a virtual clock needs an aware start")
        self._now = start
        self._lock = Lock()

    @property
    def now(self) -> datetime:
        """The present virtual instant."""
        with self._lock:
            return self._now

    def advance_to(self, at: datetime) -> None:
        """Move to `at`; a moment already past leaves the clock where it is."""
        with self._lock:
            self._now = max(self._now, at)
