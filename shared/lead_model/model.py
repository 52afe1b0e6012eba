"""The learned model of a lead's outcome: a sum of weights, one for each column. Pure, plain Python."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from shared.lead_model.columns import Column, Lead

NOTABLE: Final = math.log(1.1)
"""Weight from which a level is worth a reason: it moves the odds by a tenth."""


@dataclass(frozen=True)
class Reason:
    """What one column does to the odds: a factor beside the average lead."""

    column: str
    level: str
    odds: float


@dataclass(frozen=True)
class LeadModel:
    """Weights (log odds) by column and level, in the mean 0 over the leads it learned from.

    `intercept` is the log odds of the average lead of the newest days. A level without a weight counts 0.
    """

    columns: tuple[Column, ...]
    weights: Mapping[str, Mapping[str, float]]
    intercept: float

    def log_odds(self, lead: Lead) -> float:
        """Log odds that this lead comes to the outcome."""
        return self.intercept + sum(weight for _, _, weight in self._parts(lead))

    def probability(self, lead: Lead) -> float:
        """The chance that this lead comes to the outcome, 0 to 1."""
        return 1 / (1 + math.exp(-max(-700.0, min(700.0, self.log_odds(lead)))))

    def reasons(self, lead: Lead, most: int = 3) -> tuple[Reason, ...]:
        """What moves this lead most, strongest first; nothing where it is an average one."""
        parts = sorted(self._parts(lead), key=lambda part: (-abs(part[2]), part[0]))
        notable = [part for part in parts if abs(part[2]) >= NOTABLE][:most]
        return tuple(Reason(name, level, math.exp(weight)) for name, level, weight in notable)

    def _parts(self, lead: Lead) -> Iterator[tuple[str, str, float]]:
        for column in self.columns:
            level = column.level(lead.get(column.name))
            yield column.name, level, self.weights[column.name].get(level, 0.0)

    @cached_property
    def version(self) -> str:
        """A hash of everything in it: the same model has the same version."""
        text = json.dumps(self.as_json(), sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def as_json(self) -> dict[str, Any]:
        """The model as it is stored."""
        return {
            "columns": [column.as_json() for column in self.columns],
            "weights": {name: dict(levels) for name, levels in self.weights.items()},
            "intercept": self.intercept,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> LeadModel:
        """What `as_json` stored."""
        columns = tuple(Column.from_json(each) for each in stored["columns"])
        return cls(columns, stored["weights"], stored["intercept"])
