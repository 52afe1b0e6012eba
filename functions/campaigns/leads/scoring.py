"""The prior score of a lead: points for signs that it may want to buy."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

if TYPE_CHECKING:
    from shared.directives.outreach import Outreach

Priority = Literal["High", "Medium", "Low"]

WORDS: Final[Mapping[str, str]] = {
    "funding": "raised money lately",
    "hiring": "is hiring",
    "leadership_change": "has new leadership",
    "product_launch": "launched a product",
    "site_activity": "was active on the website",
}
"""The signals, strongest first, and how a reason names them."""


@dataclass(frozen=True)
class ScoringRules:
    """Points per signal, and the lowest score of a High and of a Medium lead."""

    points: Mapping[str, int]
    high: int
    medium: int


@dataclass(frozen=True)
class Score:
    """0 to 100 points, what they amount to, and where they come from, in words."""

    points: int
    priority: Priority
    reasons: tuple[str, ...]


def scoring_rules(outreach: Outreach) -> ScoringRules:
    """The rules in the outreach directive."""
    scoring = outreach.scoring
    return ScoringRules(scoring.points.model_dump(), scoring.priority.high, scoring.priority.medium)


def score(signals: Collection[str], rules: ScoringRules) -> Score:
    """The score of a lead with these signals; one that has no points in the rules counts nothing."""
    counted = [signal for signal in WORDS if signal in signals and rules.points.get(signal, 0) > 0]
    points = max(0, min(100, sum(rules.points[signal] for signal in counted)))
    priority: Priority = "High" if points >= rules.high else "Medium" if points >= rules.medium else "Low"
    reasons = tuple(f"{WORDS[signal]} (+{rules.points[signal]})" for signal in counted)
    return Score(points, priority, reasons or ("no sign of intent known",))
