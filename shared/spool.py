"""A second place for what must not be lost while the database is away: put there, brought over later.

Only for what comes once and cannot be asked for again (RB2B's visits). It is no queue: it keeps no order, and
one record may be brought over twice, so whoever takes it goes by its key.

Not promised: a record is lost when both places are away at once. Modal's Dict, which it is in production,
drops what nobody read or wrote for seven days; the morning's plan empties it, so a record is lost, too, when
no morning's plan has run for a week. Without Modal it is memory, and dies with the process.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, Protocol


class Kept(Protocol):
    """What a spool needs of a `dict`, or of Modal's `Dict`."""

    def __setitem__(self, key: Any, value: Any, /) -> None: ...

    def items(self) -> Iterable[tuple[Any, Any]]:
        """Everything in it."""

    def pop(self, key: Any, default: Any, /) -> Any:
        """Take one out."""


class Spool:
    """Records by key. Every method raises what the service behind it raises."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept

    def put(self, key: str, record: dict[str, Any]) -> None:
        """Keep a record of JSON values; the same key again replaces it."""
        self._kept[key] = record

    def records(self) -> Iterator[tuple[str, dict[str, Any]]]:
        """All that is kept, as it is when asked."""
        yield from [*self._kept.items()]

    def drop(self, key: str) -> None:
        """Forget one that was brought over."""
        self._kept.pop(key, None)
