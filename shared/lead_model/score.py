"""A lead's place among those the model learned from, as a score with its priority and reasons. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

from shared.lead_model.columns import Lead
from shared.lead_model.model import LeadModel
from shared.lead_model.traits import in_words

Priority = Literal["High", "Medium", "Low"]
STEPS: Final = 100


@dataclass(frozen=True)
class Score:
    """0 to 100, what it amounts to, and where it comes from, in words."""

    points: int
    priority: Priority
    reasons: tuple[str, ...]


@dataclass(frozen=True)
class Scorer:
    """A model with the scale that turns its log odds into 0 to 100: its percentiles over past leads.

    `high` and `medium` are the lowest scores of a High and of a Medium lead.
    """

    model: LeadModel
    scale: tuple[float, ...]
    high: int
    medium: int

    def score(self, lead: Lead) -> Score:
        """Ahead of how many of 100 past leads this one stands; those like it count half."""
        odds = self.model.log_odds(lead)
        points = (bisect_left(self.scale, odds) + bisect_right(self.scale, odds)) // 2
        priority: Priority = "High" if points >= self.high else "Medium" if points >= self.medium else "Low"
        chance = f"chance {self.model.probability(lead):.0%}, ahead of {points} in 100"
        told = (f"{in_words(r.column, r.level)} (odds x{r.odds:.1f})" for r in self.model.reasons(lead))
        return Score(points, priority, (chance, *told))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], *, high: int, medium: int) -> Scorer:
        """What `with_scale` stored."""
        return cls(LeadModel.from_json(stored), tuple(stored["scale"]), high, medium)


def with_scale(model: LeadModel, leads: Sequence[Lead]) -> dict[str, Any]:
    """The model as it is stored, with the scale of these leads."""
    odds = sorted(model.log_odds(lead) for lead in leads)
    scale = [round(odds[(len(odds) - 1) * step // STEPS], 6) for step in range(1, STEPS + 1)]
    return {**model.as_json(), "scale": scale}
