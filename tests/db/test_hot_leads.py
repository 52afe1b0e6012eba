"""Who waits for the owner: told once on each medium; closed by the owner; outcomes entered by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.state.hot_leads import Alert, Medium
from shared.state.outreach import Claim
from tests.support.ledger import NOW, Ledger, about, answer, phone

DAY = timedelta(days=1)
MEETING = NOW + 2 * DAY
BOTH: list[Medium] = ["email", "sms"]


def waiting(ledger: Ledger, *media: Medium) -> list[Alert]:
    return ledger.state.hot_leads.to_tell(NOW - DAY, list(media) or BOTH, 50)


def hot(ledger: Ledger, wish: str = "positive", **lead: Any) -> Claim:
    """Somebody who answered an email."""
    claim = ledger.accepted(ledger.lead(**lead))
    ledger.hear(answer(claim, f"{wish}-{claim.id}"), reply=wish)  # type: ignore[arg-type]
    return claim


def begun(ledger: Ledger, alert: Alert) -> dict[str, Any]:
    return ledger.state.outreach.begin_delivery(
        kind="owner_mail" if alert.medium == "email" else "owner_text",
        channel=alert.medium,
        natural_key=alert.natural_key,
        payload={"text": "x"},
        provider="resend" if alert.medium == "email" else "twilio",
        lease_s=60,
    )


@pytest.mark.parametrize("wish", ["positive", "question", "callback", "missed_call"])
def test_reply__waits_to_be_told_on_each_medium(ledger: Ledger, wish: str) -> None:
    claim = hot(ledger, wish)
    found = waiting(ledger)
    assert [(a.lead_id, a.medium, a.wish, a.words) for a in found] == [
        (claim.lead.lead_id, "email", wish, "Some words."),
        (claim.lead.lead_id, "sms", wish, "Some words."),
    ]
    assert (found[0].name, found[0].company, found[0].phone) == ("Ada Example0", "Firm 0", phone(0))


@pytest.mark.parametrize("wish", ["not_now", "out_of_office", "other", "opt_out", "complaint"])
def test_other_replies__are_no_hot_leads(ledger: Ledger, wish: str) -> None:
    hot(ledger, wish)
    assert waiting(ledger) == []


def test_call__that_ends_with_a_wish_is_told_with_what_was_said(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="call")
    said = {"message": {"analysis": {"summary": "Wants prices on Tuesday."}}}
    report = about(claim, "r", kind="end-of-call-report", disposition="callback", body=said)
    ledger.hear(report, channel="call")
    (alert,) = waiting(ledger, "email")
    assert (alert.wish, alert.channel, alert.words) == ("callback", "call", "Wants prices on Tuesday.")


def test_booking__is_told_with_its_time(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.state.events.book(claim.id, MEETING)
    (alert,) = waiting(ledger, "email")
    assert (alert.wish, alert.meeting_at) == ("meeting", MEETING)


def test_thread__is_what_was_said_so_far_in_order(ledger: Ledger) -> None:
    claim = ledger.claimed(ledger.lead())
    ledger.begin(claim, payload={"subject": "Missed calls", "text": "Hello Ada."})
    ledger.state.outreach.record_receipt(claim.id, claim.fence, "P-1", None)
    ledger.after(minutes=9)
    ledger.hear(replace(answer(claim, "a"), occurred_at=ledger.now), reply="question")
    (alert,) = waiting(ledger, "email")
    assert [(turn.direction, turn.subject, turn.words) for turn in alert.thread] == [
        ("out", "Missed calls", "Hello Ada."),
        ("in", "", "Some words."),
    ]


def test_told__on_one_medium_does_not_wait_there_any_more(ledger: Ledger) -> None:
    hot(ledger)
    mail, _ = waiting(ledger)
    intent = begun(ledger, mail)
    assert [alert.medium for alert in waiting(ledger)] == ["sms"]  # somebody is at it
    ledger.state.outreach.record_receipt(intent["id"], intent["fence"], "m-1", None)
    ledger.after(hours=1)
    assert [alert.medium for alert in waiting(ledger)] == ["sms"]


@pytest.mark.parametrize("verdict", ["requeue", "unknown"])
def test_not_told__waits_again_with_the_same_bytes(ledger: Ledger, verdict: Any) -> None:
    hot(ledger)
    mail = waiting(ledger)[0]
    intent = begun(ledger, mail)
    ledger.state.outreach.record_failure(
        intent["id"], intent["fence"], verdict=verdict, code="resend.500", retry_at=NOW
    )
    ledger.after(minutes=3)
    assert waiting(ledger)[0] == mail
    again = begun(ledger, mail)
    assert (again["id"], again["payload"], again["status"]) == (intent["id"], {"text": "x"}, "submitted")


def test_worker_dies__its_alert_waits_again_when_the_lease_is_over(ledger: Ledger) -> None:
    hot(ledger)
    begun(ledger, waiting(ledger)[0])
    ledger.after(minutes=2)
    assert [alert.medium for alert in waiting(ledger)] == ["email", "sms"]


def test_old_ones__are_for_the_evening_email_alone(ledger: Ledger) -> None:
    hot(ledger)
    assert ledger.state.hot_leads.to_tell(NOW + timedelta(seconds=1), BOTH, 50) == []
    assert len(ledger.state.measures.hot_leads(NOW - DAY, 9)) == 1


def test_person_who_opts_out__does_not_wait(ledger: Ledger) -> None:
    claim = hot(ledger)
    ledger.state.events.unsubscribe(claim.id, source="link")
    assert waiting(ledger) == []


def test_closed__nothing_waits_until_they_write_again(ledger: Ledger) -> None:
    claim = hot(ledger)
    ledger.state.events.book(claim.id, MEETING)
    ledger.after(minutes=1)
    assert ledger.state.hot_leads.close(claim.lead.lead_id)
    assert waiting(ledger) == []
    assert ledger.state.measures.hot_leads(NOW - DAY, 9) == []
    ledger.after(minutes=1)
    ledger.hear(replace(answer(claim, "again"), occurred_at=ledger.now), reply="question")
    assert [alert.wish for alert in waiting(ledger, "email")] == ["question"]


def test_closed__of_nobody_is_false(ledger: Ledger) -> None:
    assert not ledger.state.hot_leads.close(999)
    assert ledger.state.hot_leads.card(999) is None


# Outcomes by hand.


def test_meeting_by_hand__counts_for_the_last_touch_and_stops_the_sequence(ledger: Ledger) -> None:
    claim = ledger.accepted()
    add = ledger.state.hot_leads.add_outcome
    assert add(claim.lead.lead_id, "meeting", at=MEETING) == "added"
    assert add(claim.lead.lead_id, "meeting", at=MEETING) == "known"
    touch = ledger.touch(claim.id)
    assert touch["booked_at"] is not None
    assert ledger.value("select stop_reason from enrolments") == "meeting_booked"
    assert ledger.rows("select starts_at, touch_id from meetings") == [(MEETING, claim.id)]
    assert ledger.value("select n from touch_rollups where metric = 'booked'") == 1


def test_meeting_by_hand__with_somebody_never_contacted(ledger: Ledger) -> None:
    lead = ledger.lead()
    assert ledger.state.hot_leads.add_outcome(lead, "meeting", at=MEETING) == "added"
    assert ledger.rows("select lead_id, touch_id from meetings") == [(lead, None)]


@pytest.mark.parametrize("outcome", ["held", "no_show", "cancelled"])
def test_how_a_meeting_went__is_entered_once(ledger: Ledger, outcome: Any) -> None:
    lead = ledger.lead()
    add = ledger.state.hot_leads.add_outcome
    assert add(lead, outcome) == "no_meeting"
    add(lead, "meeting", at=MEETING)
    assert [add(lead, outcome), add(lead, outcome)] == ["added", "known"]
    assert ledger.value("select state from meetings") == outcome


def test_sale__is_put_down_to_the_last_touch_before_it(ledger: Ledger) -> None:
    claim = ledger.accepted()
    add, day = ledger.state.hot_leads.add_outcome, datetime(2026, 12, 1, tzinfo=UTC)
    assert add(claim.lead.lead_id, "sale", at=day, amount_usd=1200.5) == "added"
    assert add(claim.lead.lead_id, "sale", at=day, amount_usd=1200.5) == "known"
    assert add(claim.lead.lead_id, "sale", at=NOW - DAY) == "added"
    assert ledger.rows("select touch_id, amount_usd::float from sales order by sold_at desc") == [
        (claim.id, 1200.5),
        (None, None),
    ]


def test_outcome__of_nobody(ledger: Ledger) -> None:
    assert ledger.state.hot_leads.add_outcome(999, "sale") == "unknown"


@pytest.mark.parametrize("who", ["{id}", "lead0@example.com", "LEAD0@Example.com ", phone(0)])
def test_lead__is_found_by_id_email_and_number(ledger: Ledger, who: str) -> None:
    lead = ledger.lead()
    assert ledger.state.people.find(who.format(id=lead)) == lead


@pytest.mark.parametrize(
    "who", ["", "999", "nobody@example.com", "+12025550199", "1e3", "9" * 30, "' or 1=1"]
)
def test_nobody__is_found_by_anything_else(ledger: Ledger, who: str) -> None:
    ledger.lead()
    assert ledger.state.people.find(who) is None
