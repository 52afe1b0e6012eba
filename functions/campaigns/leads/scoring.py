"""The prior score of a lead: points for signs that it may want to buy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from shared.lead_model.score import Priority, Score
from shared.lead_model.traits import SIGNALS

if TYPE_CHECKING:
    from shared.directives.outreach import Outreach


@dataclass(frozen=True)
class ScoringRules:
    """Points per signal, and the lowest score of a High and of a Medium lead."""

    points: Mapping[str, int]
    high: int
    medium: int


def scoring_rules(outreach: Outreach) -> ScoringRules:
    """The rules in the outreach directive."""
    scoring = outreach.scoring
    return ScoringRules(scoring.points.model_dump(), scoring.priority.high, scoring.priority.medium)


def score(signals: Collection[str], rules: ScoringRules) -> Score:
    """The score of a lead with these signals; one that has no points in the rules counts nothing."""
    counted = [signal for signal in SIGNALS if signal in signals and rules.points.get(signal, 0) > 0]
    points = max(0, min(100, sum(rules.points[signal] for signal in counted)))
    priority: Priority = "High" if points >= rules.high else "Medium" if points >= rules.medium else "Low"
    reasons = tuple(f"{SIGNALS[signal]} (+{rules.points[signal]})" for signal in counted)
    return Score(points, priority, reasons or ("no sign of intent known",))
