"""Once a week: learn from the outcomes so far who becomes a customer, and rank by it if that is better.

Better means: on leads that came later than those it had learned from, block by block beside the points of
intent. The scores themselves are written by the next morning's plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, timedelta
from typing import Any, Final

from shared.directives.outreach import LearnedScoring
from shared.lead_model.columns import Lead
from shared.lead_model.judging import Judgement, better_by, learned, over_blocks, walk_forward
from shared.lead_model.score import with_scale
from shared.lead_model.training import FEWEST, NotEnoughHistory, train
from shared.lead_model.traits import NAMES, SIGNALS, traits_of
from shared.loop import Loop
from shared.state.lead_models import Action
from shared.stats.ranking import Interval

OUTCOME: Final = ("positive", "booked", "held")
"""What a lead is ranked for: an answer with interest, a meeting, or one that took place."""
FEWEST_BLOCKS: Final = 5
NEWEST_BLOCKS: Final = 8
SMALLEST_BLOCK: Final = 100


@dataclass(frozen=True)
class Trial:
    """The model beside the points, on the same later leads."""

    model: Judgement
    points: Judgement
    gain: Interval
    newest_gain: float

    def action(self, in_force: bool) -> Action:
        """What follows from it. A model that ranks steps back when the newest blocks show no gain."""
        if in_force:
            return "renew" if self.newest_gain > 0 else "step_back"
        enough = len(self.model.blocks) >= FEWEST_BLOCKS
        return "take_over" if enough and self.gain.low > 0 and self.newest_gain > 0 else "nothing"

    def figures(self) -> dict[str, Any]:
        """What is kept with the model and in the evolution log."""
        calibration = self.model.calibration
        return {
            "auc": self.model.auc.estimate,
            "auc_of_points": self.points.auc.estimate,
            "gain": asdict(self.gain),
            "newest_gain": self.newest_gain,
            "capture": self.model.capture.estimate,
            "capture_of_points": self.points.capture.estimate,
            "calibration": {"slope": calibration.slope, "intercept": calibration.intercept}
            if calibration
            else None,
            "blocks": len(self.model.blocks),
            "leads": self.model.leads,
            "outcomes": self.model.outcomes,
        }


def renew(loop: Loop, today: date) -> dict[str, Any]:
    """Learn and judge when a week has passed; answers what came of it, in figures, for the stage's report."""
    rules = loop.book.outreach.scoring.learned
    newest = loop.state.lead_models.newest()
    due = loop.clock.now() - timedelta(days=rules.every_days) + timedelta(hours=12)
    if newest and newest[0].trained_at > due:
        return {"lead_model": "not due"}
    past = loop.state.lead_models.history(
        OUTCOME, today - timedelta(days=rules.window_days), rules.most_leads
    )
    past.reverse()
    rows, outcomes = [traits_of(each.traits) for each in past], [each.outcome for each in past]
    try:
        trial = tried(rows, outcomes, loop.book.outreach.scoring.points.model_dump(), rules)
        model = train(rows, outcomes, NAMES)
    except NotEnoughHistory as error:
        return {"lead_model": "not enough", "why": str(error)}
    action = trial.action(loop.state.lead_models.in_force() is not None)
    kept = loop.state.lead_models.keep(
        version=model.version,
        model=with_scale(model, rows),
        leads=len(rows),
        outcomes=sum(outcomes),
        judgement=trial.figures(),
        action=action,
    )
    return {"lead_model": action, "change": kept["change"], **trial.figures()}


def tried(
    rows: Sequence[Lead], outcomes: Sequence[bool], points: dict[str, int], rules: LearnedScoring
) -> Trial:
    """Walk through the history with both rankings. Raises `NotEnoughHistory`."""
    reached = [at for at, outcome in enumerate(outcomes, start=1) if outcome]
    if len(reached) < 2 * FEWEST:
        raise NotEnoughHistory(f"{len(reached)} leads had the outcome; {2 * FEWEST} are needed.")
    first = max(2 * SMALLEST_BLOCK, len(rows) // 5, reached[FEWEST])
    block = max(SMALLEST_BLOCK, (len(rows) - first) // 16)

    def by_points(_: Sequence[Lead], __: Sequence[bool], new: Sequence[Lead]) -> list[float]:
        return [sum(points.get(s, 0) for s in SIGNALS if lead.get(s) == "yes") for lead in new]

    ours = walk_forward(rows, outcomes, learned(NAMES), block=block, first=first)
    prior = walk_forward(rows, outcomes, by_points, block=block, first=first, chances=False)
    newest = [a.auc - b.auc for a, b in zip(ours.blocks, prior.blocks, strict=True)][-NEWEST_BLOCKS:]
    recent = over_blocks(newest, ours.blocks[-NEWEST_BLOCKS:], rules.confidence)
    return Trial(ours, prior, better_by(ours, prior, rules.confidence), recent.estimate)
