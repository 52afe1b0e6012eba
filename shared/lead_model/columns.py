"""Values of a column as a few named levels, learned from a history. Pure.

Words keep the levels that are frequent enough; the rare ones share the level `other`, which an unseen word
gets too. Numbers are cut at quantiles, but a value that many rows share (a 0, a 999 for "never") stands for
itself. What is missing or unreadable is a level of its own: that somebody is not known is knowledge.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

Value = str | float | int | None
Lead = Mapping[str, Value]

OTHER: Final = "other"
UNKNOWN: Final = "unknown"
RARE: Final = 20
"""Rows below which a level is pooled with the other rare ones."""
SPIKE: Final = 0.05
"""Share of rows from which a number stands for itself."""
BINS: Final = 8
ROWS_PER_BIN: Final = 100
NUMERIC: Final = 0.95
"""Share of the known values that must be numbers for a column to be one of numbers."""


@dataclass(frozen=True)
class Column:
    """One column: `levels` of words, or for numbers the `spikes` and the `edges` between bins."""

    name: str
    kind: Literal["words", "numbers"]
    levels: tuple[str, ...] = ()
    spikes: tuple[float, ...] = ()
    edges: tuple[float, ...] = ()

    def level(self, value: Value) -> str:
        """The level a value belongs to; there is one for every value whatever."""
        if self.kind == "words":
            word = _word(value)
            return word if word in self.levels or word == UNKNOWN else OTHER
        number = number_of(value)
        if number is None:
            return UNKNOWN
        if number in self.spikes:
            return f"{number:g}"
        return self._bin(number)

    def _bin(self, number: float) -> str:
        place = bisect_left(self.edges, number)
        if not self.edges:
            return "another number"
        if place == 0:
            return f"up to {self.edges[0]:g}"
        if place == len(self.edges):
            return f"over {self.edges[-1]:g}"
        return f"over {self.edges[place - 1]:g} up to {self.edges[place]:g}"

    def as_json(self) -> dict[str, Any]:
        """The column as it is stored."""
        return {
            "name": self.name,
            "kind": self.kind,
            "levels": list(self.levels),
            "spikes": list(self.spikes),
            "edges": list(self.edges),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Column:
        """What `as_json` stored."""
        return cls(
            stored["name"],
            stored["kind"],
            tuple(stored["levels"]),
            tuple(stored["spikes"]),
            tuple(stored["edges"]),
        )


def learn_column(name: str, values: Sequence[Value]) -> Column:
    """The levels of a column, from its values in a history."""
    known = [value for value in values if _word(value) != UNKNOWN]
    numbers = [number for value in known if (number := number_of(value)) is not None]
    if known and len(numbers) >= NUMERIC * len(known) and not isinstance(known[0], bool):
        return _of_numbers(name, numbers)
    counts = Counter(_word(value) for value in known)
    return Column(name, "words", tuple(sorted(word for word, n in counts.items() if n >= RARE)))


def learn_columns(names: Iterable[str], rows: Sequence[Lead]) -> tuple[Column, ...]:
    """All columns that tell any two rows apart; one that has a single level says nothing."""
    found = (learn_column(name, [row.get(name) for row in rows]) for name in names)
    return tuple(c for c in found if len({c.level(row.get(c.name)) for row in rows}) > 1)


def number_of(value: Value) -> float | None:
    """A finite number, or None."""
    try:
        number = float(value) if value is not None else math.nan
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _of_numbers(name: str, numbers: list[float]) -> Column:
    counts = Counter(numbers)
    spikes = tuple(sorted(number for number, n in counts.items() if n >= max(RARE, SPIKE * len(numbers))))
    rest = sorted(number for number in numbers if number not in spikes)
    bins = min(BINS, len(rest) // ROWS_PER_BIN)
    edges = sorted({rest[len(rest) * k // bins] for k in range(1, bins)})
    return Column(name, "numbers", spikes=spikes, edges=tuple(edge for edge in edges if edge < rest[-1]))


def _word(value: Value) -> str:
    return str(value).strip().casefold() or UNKNOWN if value is not None else UNKNOWN
