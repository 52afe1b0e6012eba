"""Was a test's verdict right? The true lift of its arms, from what their contacts really carried."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import fmean
from typing import Any

from simulator.record import Contact
from simulator.score.claims import ClaimedExperiment
from simulator.score.effects import Degree, expected, factors, share_carrying
from simulator.score.odds import Odds
from simulator.truth import Planted

NOTHING = 0.005
"""A true lift this near to zero is none: shares of arms are counted, so they are never quite equal."""

WORTH_FINDING = 0.10
HARM = 0.05
"""A winner missed is one of 10 % or more; a treatment that raises opt-outs by 5 % is none at all."""

Arms = Sequence[Sequence[Contact]]
TIME_LEVERS = frozenset({"call_hour", "step_spacing"})


@dataclass(frozen=True)
class Judged:
    """One test beside its truth. `lift` is None where an arm had no contact."""

    claim: ClaimedExperiment
    lift: float | None
    opt_outs: float | None

    @property
    def better(self) -> bool:
        """Whether the treatment truly is: a lift, and no harm that pays for it."""
        return self.lift is not None and self.lift > NOTHING and not self.harmful

    @property
    def harmful(self) -> bool:
        """Whether it drives people away."""
        return self.opt_outs is not None and self.opt_outs > HARM

    @property
    def false_win(self) -> bool:
        """Taken for better, and it is not."""
        return self.claim.won and not self.better

    @property
    def missed(self) -> bool:
        """Ended without a win although there was one to be found."""
        worth = self.lift is not None and self.lift >= WORTH_FINDING and not self.harmful
        return self.claim.ended_at is not None and not self.claim.won and worth

    def to_json(self, end: datetime) -> dict[str, Any]:
        """As `simulate --json` gives it; days to the verdict, or so far."""
        lasted = (self.claim.ended_at or end) - self.claim.started_at
        return {
            "id": self.claim.id,
            "truth": None if self.lift is None else round(self.lift, 4),
            "verdict": self.claim.verdict,
            "days": round(lasted / timedelta(days=1), 2),
        }


def judge_experiments(
    claims: Sequence[ClaimedExperiment],
    by_reference: Mapping[str, Contact],
    planted: Sequence[Planted],
    odds: Odds,
) -> tuple[Judged, ...]:
    """Every test beside its truth, in the order of its id.

    The true lift is that of the treatment's words and times over the control's, on all people of the test:
    what the arms share cannot make a difference, however the dice fell. One contact counts as one unit.
    """
    return tuple(
        _judge(claim, by_reference, planted, odds) for claim in sorted(claims, key=lambda each: each.id)
    )


def _judge(
    claim: ClaimedExperiment, found: Mapping[str, Contact], planted: Sequence[Planted], odds: Odds
) -> Judged:
    arms = [[found[reference] for reference in sorted(arm) if reference in found] for arm in claim.arms]
    if not all(arms):
        return Judged(claim, None, None)
    rates = [_rate(odds, planted, arms, arm, claim.metric) for arm in arms]
    leaving = [_leaving(odds, planted, arms, arm) for arm in arms]
    lift = _lift(*rates)
    if lift is not None and claim.lever in TIME_LEVERS:
        control, treatment = (fmean(map(odds.moment, arm)) for arm in arms)
        lift = (1 + lift) * treatment / control - 1
    return Judged(claim, lift, _lift(*leaving))


def _rate(odds: Odds, planted: Sequence[Planted], arms: Arms, arm: Sequence[Contact], metric: str) -> float:
    """How many of all people of the test would reach the metric with the words of one arm."""
    everybody = [contact for each in arms for contact in each]
    return expected(odds, planted, everybody, metric, _of_arm(odds, planted, arm))


def _leaving(odds: Odds, planted: Sequence[Planted], arms: Arms, arm: Sequence[Contact]) -> float:
    """What the words of one arm multiply the wish for no more by.

    That more answers also bring more of those is no harm.
    """
    degree = _of_arm(odds, planted, arm)
    return fmean(
        factors(odds, planted, contact, degree).get("opted_out", 1.0) for each in arms for contact in each
    )


def _of_arm(odds: Odds, planted: Sequence[Planted], arm: Sequence[Contact]) -> Degree:
    shares = {effect.id: share_carrying(odds, effect, arm) for effect in planted}
    return lambda effect, _: shares[effect.id]


def _lift(control: float, treatment: float) -> float | None:
    return treatment / control - 1 if control > 0 else None
