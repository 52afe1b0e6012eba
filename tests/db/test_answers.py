"""Touches that answer something, and how long a conversation lasts."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from functions.campaigns.contact import contact_for
from shared.providers.event import Reply
from tests.support.ledger import CONVERSATION_DAYS, NOW, Ledger, about, answer, event, phone

AT = datetime(2026, 11, 25, 15, tzinfo=UTC)


def answers(ledger: Ledger) -> list[tuple[Any, ...]]:
    """What is planned beside the sequences: {purpose, channel, script, state, due, latest}."""
    return ledger.rows("""
        select t.purpose, t.channel, t.script_key, d.state, d.due_at, d.latest_at
        from touches t join deliveries d on d.id = t.id
        where t.purpose <> 'prospect' order by d.due_at, t.script_key""")


def agree_to_texts(ledger: Ledger, number: str) -> None:
    row = {"line": 2, "channel": "sms", "address": number, "person": None, "consent_type": "opt_in"}
    said = {"scope": "marketing", "given_on": "2026-11-01", "wording": "Yes.", "source": "form"}
    assert ledger.state.people.import_consents([row | said])[0]["status"] == "new"


def texted(ledger: Ledger, words: str, key: str, number: str, **details: Any) -> None:
    said = event(
        key, provider="twilio", from_address=number, reply=Reply(words), suppress="opt_out", details=details
    )
    ledger.hear(said, channel="sms", reply="opt_out")


def test_opt_out_by_text__is_confirmed_once_within_five_minutes(ledger: Ledger) -> None:
    ledger.accepted(channel="sms", script_key="scripts/sms_followup")
    for key in ("SM1", "SM1", "SM2"):
        texted(ledger, "Please leave me alone", key, phone(0))
    assert answers(ledger) == [
        ("confirm_opt_out", "sms", "compliance", "planned", NOW, NOW + timedelta(minutes=5))
    ]
    (claim,) = ledger.claims("sms", 5)
    assert claim.lead.suppressed
    assert claim.lead.last_message_at == NOW
    contact = contact_for(claim.lead, "sms", claim.purpose)
    assert (contact.address, contact.suppressed) == (phone(0), True)
    assert ledger.begin(claim).status == "submitted"


def test_confirmation__does_not_queue_behind_windows_that_close(ledger: Ledger) -> None:
    asking = ledger.accepted(channel="sms", script_key="scripts/sms_followup").lead.lead_id
    soon = ledger.now + timedelta(minutes=20)
    for _ in range(3):
        ledger.plan(ledger.lead(score=99), channel="sms", window_closes_at=soon)
    texted(ledger, "Please leave me alone", "SM1", phone(0))
    assert [claim.lead.lead_id for claim in ledger.claims("sms", 1)] == [asking]


def test_opt_out__of_which_the_provider_or_nobody_wrote_a_text_is_not_confirmed(ledger: Ledger) -> None:
    ledger.accepted(channel="sms", script_key="scripts/sms_followup")
    texted(ledger, "STOP", "SM1", phone(0), confirmed=True)
    assert answers(ledger) == []
    mail = ledger.accepted()
    ledger.hear(replace(answer(mail, "stop"), suppress="opt_out"), reply="opt_out")
    texted(ledger, "stop it", "SM9", phone(77))
    assert answers(ledger) == []


def test_confirmation__goes_to_the_number_that_asked_or_not_at_all(ledger: Ledger) -> None:
    numbers = [{"number": phone(n), "label": "direct", "extension": None} for n in (80, 81)]
    lead = ledger.lead(phones=numbers)
    ledger.accepted(lead, channel="sms", script_key="scripts/sms_followup")
    texted(ledger, "do not text me", "SM1", phone(81))
    (claim,) = ledger.claims("sms", 5)
    assert contact_for(claim.lead, "sms", "confirm_opt_out").address == phone(81)
    elsewhere = claim.lead.model_copy(update={"last_message_from": phone(99)})
    assert contact_for(elsewhere, "sms", "confirm_opt_out").address is None
    assert contact_for(elsewhere, "sms", "reply").address == phone(80)


def test_promised_call__is_planned_for_its_minute_once(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="call", script_key="scripts/call_sarah")
    promise = {"disposition": "callback", "details": {"callback_at": AT.isoformat()}}
    for key in ("tool", "report", "report"):
        ledger.hear(about(claim, key, milestones=("answered",), **promise), channel="call")
    assert answers(ledger) == [
        ("callback", "call", "scripts/call_promised", "planned", AT, AT + timedelta(days=3))
    ]
    ledger.at(AT)
    (back,) = ledger.claims("call", 5)
    assert back.lead.last_talked_on == phone(0)
    assert contact_for(back.lead, "call", "callback").address == phone(0)
    assert back.lead.in_conversation, "the gate lets a promised call through all the same"


@pytest.mark.parametrize("when", [None, (NOW - timedelta(days=1)).isoformat()])
def test_promise__without_a_time_ahead_is_for_the_owner(ledger: Ledger, when: str | None) -> None:
    claim = ledger.accepted(channel="call", script_key="scripts/call_sarah")
    ledger.hear(about(claim, "report", disposition="callback", details={"callback_at": when}), channel="call")
    assert answers(ledger) == []


def test_promise__of_somebody_who_then_says_stop_is_not_made(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="call", script_key="scripts/call_sarah")
    said = about(claim, "r", disposition="dnc", suppress="dnc", details={"callback_at": AT.isoformat()})
    ledger.hear(said, channel="call")
    assert answers(ledger) == []


def missed(key: str, number: str, at: datetime = NOW) -> Any:
    return event(key, provider="vapi", at=at, from_address=number, details={"inbound": True, "missed": True})


def test_missed_call__is_answered_in_writing_once_a_day(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.plan(lead)
    for key in ("C1", "C1", "C2"):
        ledger.hear(missed(key, phone(0)), channel="call")
    day = timedelta(days=1)
    assert answers(ledger) == [("reply", "email", "scripts/email_missed_call", "planned", NOW, NOW + day)]
    assert (
        ledger.rows("select channel, reply_class, address from messages")
        == [("call", "missed_call", phone(0))] * 2
    )
    assert ledger.value("select state from enrolments") == "stopped", "they talk to us now"
    ledger.hear(missed("C3", phone(0), NOW + day), channel="call")
    assert len(answers(ledger)) == 2


def test_missed_call__by_text_where_they_agreed_to_texts_and_never_to_a_stranger(ledger: Ledger) -> None:
    ledger.lead()
    agree_to_texts(ledger, phone(0))
    ledger.hear(missed("C1", phone(0)), channel="call")
    ledger.hear(missed("C2", phone(55)), channel="call")
    assert [row[:3] for row in answers(ledger)] == [("reply", "sms", "scripts/sms_missed_call")]


def test_call_to_us__is_no_outcome_of_ours(ledger: Ledger) -> None:
    claim = ledger.submitted(channel="call", script_key="scripts/call_sarah")
    ledger.hear(missed("C1", phone(0)), channel="call")
    assert ledger.delivery(claim.id)["state"] == "submitted"
    assert ledger.delivery(claim.id)["provider_id"] is None
    assert ledger.touch(claim.id)["disposition"] is None


def test_meeting__is_confirmed_at_once_and_recalled_the_day_before(ledger: Ledger) -> None:
    claim = ledger.accepted()
    assert ledger.state.events.book(claim.id, AT).status == "booked"
    assert answers(ledger) == [
        ("transactional", "email", "scripts/email_meeting", "planned", NOW, AT),
        (
            "transactional",
            "email",
            "scripts/email_reminder",
            "planned",
            AT - timedelta(days=1),
            AT - timedelta(minutes=15),
        ),
    ]
    (confirmation,) = ledger.claims("email", 5)
    assert confirmation.lead.meeting_at == AT
    assert ledger.begin(confirmation).status == "submitted"


@pytest.mark.parametrize(("hours", "before"), [(30, 24), (20, 1), (2, None)])
def test_reminder__as_early_as_the_time_allows(ledger: Ledger, hours: int, before: int | None) -> None:
    at = NOW + timedelta(hours=hours)
    ledger.state.events.book(ledger.accepted().id, at)
    recalled = [row[4] for row in answers(ledger) if row[2].endswith("reminder")]
    assert recalled == ([at - timedelta(hours=before)] if before else [])


def test_meeting__that_moves_or_falls_through_recalls_no_wrong_time(ledger: Ledger) -> None:
    ledger.state.events.book(ledger.accepted().id, AT)
    later = AT + timedelta(days=1)
    ledger.run("update meetings set starts_at = %s", later)
    states = {(row[3], row[5]) for row in answers(ledger)}
    quarter = timedelta(minutes=15)
    assert states == {
        ("cancelled", AT),
        ("cancelled", AT - quarter),
        ("planned", later),
        ("planned", later - quarter),
    }
    ledger.run("update meetings set state = 'cancelled'")
    assert {row[3] for row in answers(ledger)} == {"cancelled"}


def test_meeting__without_a_time_or_in_a_clash_is_not_confirmed(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="call", script_key="scripts/call_sarah")
    ledger.hear(about(claim, "m", disposition="meeting", milestones=("booked",)), channel="call")
    assert answers(ledger) == []
    ledger.run("update meetings set starts_at = %s, clashes = true", AT)
    assert answers(ledger) == []
    ledger.run("update meetings set clashes = false")
    assert len(answers(ledger)) == 2


def test_answers__before_an_installation_was_live_are_nobodys(ledger: Ledger) -> None:
    ledger.lead()
    ledger.run("update controls set live = false, installation_id = null, app = null, database_id = null")
    ledger.hear(missed("C1", phone(0)), channel="call")
    assert answers(ledger) == []


def test_out_of_office__waits_until_the_day_they_named(ledger: Ledger) -> None:
    claim = ledger.accepted()
    lead = claim.lead.lead_id
    ledger.plan(lead, enrolment_id=ledger.enrol(lead), step=2)
    away = replace(answer(claim, "away"), disposition=None, milestones=())
    ledger.hear(_saying(away, "I am out until December 7."), reply="out_of_office")
    assert ledger.rows("select state, paused_until from enrolments") == [("paused", date(2026, 12, 7))]
    ((due, latest),) = ledger.rows("select due_at, latest_at from deliveries where state = 'planned'")
    assert due == datetime(2026, 12, 7, tzinfo=UTC)
    assert latest >= due + timedelta(days=7), "the step is not lost to the absence"
    ledger.hear(_saying(away, "I am out of office.", key="again"), reply="out_of_office")
    assert ledger.value("select paused_until from enrolments") == date(2026, 12, 7)


def test_out_of_office__without_a_day_is_a_week(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.hear(_saying(answer(claim, "away"), "I am out of office."), reply="out_of_office")
    assert ledger.value("select paused_until from enrolments") == NOW.date() + timedelta(days=7)


def _saying(said: Any, words: str, key: str | None = None) -> Any:
    return replace(said, reply=Reply(words), event_key=key or said.event_key)


def talking(ledger: Ledger, lead: int) -> bool:
    return bool(ledger.value("select in_conversation(%s, %s)", lead, CONVERSATION_DAYS))


def test_conversation__lasts_two_weeks_from_the_last_message_either_way(ledger: Ledger) -> None:
    claim = ledger.accepted()
    lead = claim.lead.lead_id
    ledger.hear(answer(claim, "yes"), reply="positive")
    ledger.after(days=10)
    ledger.hear(missed("C1", phone(0), ledger.now), channel="call")
    ledger.after(days=5)
    (reply,) = ledger.rows("select id from deliveries where natural_key like '%%:reply:%%'")
    sent = "update deliveries set state = 'finished', payload = '{}', submitted_at = loop_now() where id = %s"
    ledger.run(sent, *reply)
    ledger.after(days=13)
    assert talking(ledger, lead), "our own answer counts too"
    ledger.after(days=2)
    assert not talking(ledger, lead)


@pytest.mark.parametrize("became", ["booked", "held", "no_show"])
def test_conversation__ends_two_weeks_after_a_meeting_whatever_became_of_it(
    ledger: Ledger, became: str
) -> None:
    claim = ledger.accepted(ledger.lead(company=1))
    colleague = ledger.lead(company=1)
    assert ledger.state.events.book(claim.id, AT).status == "booked"
    ledger.at(AT + timedelta(days=13))
    ledger.run("update meetings set state = %s", became)
    assert talking(ledger, colleague)
    ledger.after(days=2)
    assert not talking(ledger, colleague)


def test_conversation__over_a_past_meeting_ends_when_the_owner_closes_it(ledger: Ledger) -> None:
    claim = ledger.accepted()
    lead = claim.lead.lead_id
    assert ledger.state.events.book(claim.id, AT).status == "booked"
    assert ledger.state.hot_leads.close(lead)
    assert talking(ledger, lead), "nobody is written to like a stranger before a meeting"
    ledger.at(AT + timedelta(days=1))
    assert talking(ledger, lead), "the meeting is younger than the owner's word"
    assert ledger.state.hot_leads.close(lead)
    assert not talking(ledger, lead)


def test_conversation__ends_when_the_owner_closes_it_and_only_news_opens_it(ledger: Ledger) -> None:
    claim = ledger.accepted()
    lead = claim.lead.lead_id
    ledger.hear(answer(claim, "yes"), reply="positive")
    ledger.after(hours=1)
    assert ledger.state.hot_leads.close(lead)
    assert not talking(ledger, lead)
    ledger.hear(answer(claim, "late news"), reply="other")
    assert not talking(ledger, lead), "it was said before the owner closed"
    ledger.after(hours=1)
    ledger.hear(missed("C1", phone(0), ledger.now), channel="call")
    assert talking(ledger, lead)
