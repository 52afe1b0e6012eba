"""Bring every lead's score up to what ranks now: the learned model in force, or the points of intent."""

from __future__ import annotations

from collections.abc import Callable

from functions.campaigns.leads.scoring import score, scoring_rules
from shared.lead_model.score import Score, Scorer
from shared.lead_model.traits import traits_of
from shared.loop import Loop
from shared.state.lead_models import Unscored


def rescore(loop: Loop) -> int:
    """Score whom the ranking in force has not scored yet; counts them. Nothing to do costs one question."""
    verbs, outreach = loop.state.lead_models, loop.book.outreach
    in_force = verbs.in_force()
    score_of: Callable[[Unscored], Score]
    if in_force is None:
        rules = scoring_rules(outreach)

        def score_of(lead: Unscored) -> Score:
            return score(lead.traits.get("signals") or (), rules)
    else:
        bands = outreach.scoring.learned
        scorer = Scorer.from_json(in_force.model, high=bands.high, medium=bands.medium)

        def score_of(lead: Unscored) -> Score:
            return scorer.score(traits_of(lead.traits))

    model_id, n = in_force.id if in_force else None, 0
    for page in verbs.to_score(model_id):
        n += verbs.score(model_id, [row(lead.lead_id, score_of(lead)) for lead in page])
    return n


def row(lead_id: int, found: Score) -> dict[str, object]:
    """The row that the database takes."""
    return {
        "lead_id": lead_id,
        "score": found.points,
        "priority": found.priority,
        "reasons": list(found.reasons),
    }
