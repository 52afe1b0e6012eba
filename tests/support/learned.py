"""What is learned of leads, hours and talks, as one story for both transports: every verb is called."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from shared.call_review import CallReview, Raised
from tests.support.ledger import NOW, TODAY, Ledger

DAY = timedelta(days=1)


def lead_model(ledger: Ledger) -> None:
    """A lead model from its history to its way back."""
    verbs = ledger.state.lead_models
    verbs.history(("positive", "booked"), TODAY, 10)
    kept = verbs.keep(
        version="v", model={"scale": [0.5]}, leads=9, outcomes=2, judgement={"auc": 0.6}, action="take_over"
    )
    verbs.newest(2)
    verbs.in_force()
    (page,) = verbs.to_score(kept["id"])
    verbs.score(kept["id"], [{"lead_id": page[0].lead_id, "score": 9, "priority": "Low", "reasons": ["ü"]}])
    verbs.step_back(approver="owner")
    verbs.in_force()
    ledger.run("update touches set drawn_hour = 10 where channel = 'call'")
    ledger.state.call_timing.drawn(TODAY, TODAY + 9 * DAY)
    ledger.state.call_timing.note(believed=True, figures={"evidence": 150.5})


def call_review(ledger: Ledger, touch_id: UUID) -> None:
    """A call is reviewed, looked at, and forgotten in time."""
    calls = ledger.state.calls
    calls.unreviewed(NOW - DAY)
    raised = Raised("price", "Zu teuer, ü", "It is free.", "booking")
    calls.keep_review(touch_id, CallReview(0.5, True, False, 1, (raised,), 90, ("asked nothing",)))
    for lead in ledger.state.people.list_leads():
        calls.of_lead(lead["id"])
    calls.talks(NOW - DAY, NOW + DAY)
    calls.responses()
    calls.expire_words(NOW + DAY)
