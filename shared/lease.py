"""How much of a lease is left, by this machine's own monotonic clock."""

from __future__ import annotations

import time
from collections.abc import Callable


class Lease:
    """A lease of `seconds`, counted from the moment of construction.

    Construct it *before* asking the database for the lease: the answer then arrives with less left here
    than there, so this side always stops first. It is the one question asked of a local clock, because
    only a duration is needed and a monotonic clock cannot be set back. It promises nothing about who
    holds the lease now; the fencing token in the database decides that.
    """

    def __init__(self, seconds: float, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._ends = monotonic() + seconds

    def left(self) -> float:
        """Seconds left, never below zero."""
        return max(0.0, self._ends - self._monotonic())
