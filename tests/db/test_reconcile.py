"""What is unknown is held and settled once; what a provider shows is adopted, not sent again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from shared.providers.twilio.payload import text_reference
from shared.state import State
from shared.state.outreach import Claim
from shared.state.reconciliation import Sighting, Unknown
from tests.support.ledger import (
    CONVERSATION_DAYS,
    INSTALLATION,
    LEASE_S,
    NOW,
    PROVIDERS,
    TODAY,
    Ledger,
    about,
    phone,
    touch_row,
)

HOLD_S = 150


def held(ledger: Ledger, state: State | None = None) -> list[Unknown]:
    """What is to be asked about now."""
    verbs = (state or ledger.state).reconciliation
    return verbs.claim_unknown(max_rows=20, hold_s=HOLD_S, conversation_days=CONVERSATION_DAYS)


def lost(ledger: Ledger, **changes: Any) -> Claim:
    """A touch whose answer never came."""
    claim = ledger.submitted(**changes)
    assert ledger.state.outreach.record_failure(
        claim.id, claim.fence, verdict="unknown", code="x.answer_lost"
    )
    return claim


def one_held(ledger: Ledger, **changes: Any) -> Unknown:
    """The same, held by us."""
    lost(ledger, **changes)
    (unknown,) = held(ledger)
    return unknown


def test_lapsed_lease__is_unknown_and_asked_about_at_once(ledger: Ledger) -> None:
    claim = ledger.submitted()
    ledger.after(seconds=LEASE_S)
    assert ledger.state.outreach.open_tick(TODAY).to_ask == 1
    (unknown,) = held(ledger)
    assert (unknown.id, unknown.state, unknown.unknown_at) == (claim.id, "unknown", ledger.now)
    assert (unknown.submitted_at, unknown.address) == (NOW, "lead0@example.com")


def test_claim__is_held_by_one_and_comes_again_when_that_one_died(ledger: Ledger) -> None:
    for _ in range(8):
        lost(ledger)
    found = ledger.together(4, lambda _, state: held(ledger, state))
    ids = [unknown.id for part in found for unknown in part]
    assert len(ids) == len(set(ids)) == 8
    assert held(ledger) == []
    ledger.after(seconds=HOLD_S)
    assert len(held(ledger)) == 8


def test_late_worker__changes_nothing_once_somebody_asks(ledger: Ledger) -> None:
    claim = lost(ledger)
    (unknown,) = held(ledger)
    out = ledger.state.outreach
    assert not out.record_receipt(claim.id, claim.fence, "late", None)
    assert not out.record_failure(claim.id, claim.fence, verdict="failed", code="late")
    assert ledger.state.reconciliation.accept(unknown, "P-1")
    assert ledger.delivery(claim.id)["provider_id"] == "P-1"
    assert not ledger.state.reconciliation.plan_again(unknown)


def test_absent__the_same_touch_is_tried_again_and_its_tokens_are_counted_once(ledger: Ledger) -> None:
    unknown = one_held(ledger, channel="call")
    assert ledger.used("budget:call") == 0.5
    assert ledger.state.reconciliation.plan_again(unknown)
    row = ledger.delivery(unknown.id)
    assert (row["state"], row["submitted_at"], row["reserved"], row["code"]) == ("planned", None, [], None)
    assert ledger.used("budget:call") == 0
    assert ledger.begin(ledger.claim("call")).status == "submitted"
    assert ledger.used("budget:call") == 0.5
    assert ledger.delivery(unknown.id)["try"] == 2
    assert ledger.value("select count(*) from touches") == 1


def test_absent__past_its_life_is_expired(ledger: Ledger) -> None:
    unknown = one_held(ledger, latest_at=NOW + timedelta(hours=1))
    ledger.after(hours=1)
    assert ledger.state.reconciliation.plan_again(unknown)
    assert ledger.delivery(unknown.id)["state"] == "expired"
    assert ledger.used("sender:email") == 0


def test_accepted__an_id_that_is_another_deliverys_is_not_taken(ledger: Ledger) -> None:
    first = ledger.accepted()
    unknown = one_held(ledger)
    assert not ledger.state.reconciliation.accept(unknown, f"P-{first.id}")
    assert ledger.delivery(unknown.id)["state"] == "unknown"


def test_parked__keeps_its_owner_and_is_asked_about_again(ledger: Ledger) -> None:
    unknown = one_held(ledger)
    verbs, until = ledger.state.reconciliation, NOW + timedelta(minutes=15)
    assert verbs.park(unknown, owner="owner", until=until, code="vapi.unreachable")
    row = ledger.delivery(unknown.id)
    assert (row["state"], row["parked_owner"], row["parked_until"]) == ("parked", "owner", until.isoformat())
    (shown,) = ledger.state.measures.open_deliveries(20)
    assert (shown["state"], shown["parked_owner"]) == ("parked", "owner")
    assert held(ledger) == []
    ledger.at(until)
    (again,) = held(ledger)
    assert verbs.accept(again, "P-1")
    assert ledger.delivery(unknown.id)["parked_owner"] is None


def test_webhook__settles_what_is_parked(ledger: Ledger) -> None:
    claim = lost(ledger)
    (unknown,) = held(ledger)
    ledger.state.reconciliation.park(unknown, owner="owner", until=NOW + timedelta(hours=1), code="x")
    ledger.hear(about(claim, "e1", disposition="delivered", milestones=("delivered",)))
    assert ledger.delivery(claim.id)["state"] == "finished"
    ledger.after(hours=2)
    assert held(ledger) == []


# The same key once more.


def repeat(ledger: Ledger, unknown: Unknown) -> str | None:
    """Begin the repeat; its code, None if it may go out."""
    said = ledger.state.reconciliation.repeat(unknown, lease_s=LEASE_S, conversation_days=CONVERSATION_DAYS)
    assert said.status == ("refused" if said.code else "submitted")
    return said.code


def test_repeat__same_bytes_and_no_second_token(ledger: Ledger) -> None:
    unknown = one_held(ledger)
    said = ledger.state.reconciliation.repeat(unknown, lease_s=LEASE_S, conversation_days=CONVERSATION_DAYS)
    assert said.payload == {"text": "Hello"}
    assert (ledger.used("sender:email"), ledger.delivery(unknown.id)["try"]) == (1, 2)
    assert ledger.state.outreach.record_receipt(unknown.id, unknown.fence, "P-1", None)
    row = ledger.delivery(unknown.id)
    assert (row["state"], row["submitted_at"]) == ("accepted", NOW.isoformat())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("select suppress_address('lead0@example.com', 'person', 'opt_out', 'test')", "SUPPRESSED"),
        ("select set_kill_switch_v1(true, 'r', 'owner')", "KILL_SWITCH"),
        ("select set_live_v1(false, null, null, 'owner')", "NOT_LIVE"),
        ("select note_conversation(id, company_id, loop_now()) from leads", "IN_CONVERSATION"),
        ("update enrolments set state = 'stopped', stop_reason = 'replied'", "IN_CONVERSATION"),
        ("update leads set email_invalid_since = now()", "BAD_DATA"),
        ("select rest_channel_v1('email', loop_now() + interval '1 hour', 'x')", "VENDOR_LIMIT"),
    ],
)
def test_repeat__what_stops_a_send_stops_it_and_it_stays_unknown(
    ledger: Ledger, change: str, code: str
) -> None:
    unknown = one_held(ledger)
    ledger.run(change)
    assert repeat(ledger, unknown) == code
    assert ledger.delivery(unknown.id)["state"] == "unknown"


def test_repeat__of_a_mail_to_the_owner_needs_no_permission(ledger: Ledger) -> None:
    begun = ledger.state.outreach.begin_delivery(
        kind="owner_mail", channel="email", natural_key="k", payload={"a": 1}, provider="resend", lease_s=60
    )
    ledger.state.outreach.record_failure(begun["id"], begun["fence"], verdict="unknown", code="x")
    ledger.state.live.set_kill_switch(True, reason="r", actor="owner")
    (unknown,) = held(ledger)
    assert (unknown.kind, unknown.lead) == ("owner_mail", None)
    assert repeat(ledger, unknown) is None


# What a provider shows.


def seen(claim_id: object, provider: str = "vapi", number: int = 1) -> Sighting:
    """A call that carries our reference."""
    return Sighting(provider, f"X-{number}", str(claim_id), NOW)


@pytest.mark.parametrize("state", ["planned", "leased", "submitted", "unknown", "refused", "expired"])
def test_adopt__whatever_the_ledger_believed_it_is_not_sent_again(ledger: Ledger, state: str) -> None:
    claim = (
        ledger.submitted(channel="call")
        if state in ("submitted", "unknown")
        else ledger.claimed(channel="call")
    )
    if state == "unknown":
        ledger.state.outreach.record_failure(claim.id, claim.fence, verdict="unknown", code="x")
    if state == "planned":
        ledger.state.outreach.unclaim([claim])
    if state in ("refused", "expired"):
        ledger.run(
            "update deliveries set state = %s, lease_until = null, code = 'HOLIDAY', closed_at = now()", state
        )
    assert ledger.state.reconciliation.adopt(seen(claim.id)) == "adopted"
    row = ledger.delivery(claim.id)
    assert (row["state"], row["provider_id"], row["code"]) == ("accepted", "X-1", None)
    assert row["submitted_at"] == NOW.isoformat()
    assert ledger.claims("call", 9) == []
    assert ledger.state.reconciliation.adopt(seen(claim.id)) == "known"
    assert ledger.value("select sum(n) from touch_rollups where metric = 'sent'") == 1


def test_adopt__what_is_known_stays_as_it_is(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="call")
    before = ledger.delivery(claim.id)
    verbs = ledger.state.reconciliation
    assert verbs.unseen("vapi", [f"P-{claim.id}", "X-1"]) == ["X-1"]
    assert verbs.adopt(Sighting("vapi", f"P-{claim.id}", str(claim.id), NOW)) == "known"
    assert verbs.adopt(seen(claim.id)) == "known"
    assert ledger.delivery(claim.id) == before


def test_forgotten_intent__is_adopted_when_it_is_planned_and_claimed_again(ledger: Ledger) -> None:
    """A restore lost plan and send; the plan is made again, and has the same id."""
    lead = ledger.lead()
    enrolment = ledger.enrol(lead)
    row = touch_row(lead, enrolment, ledger.now, channel="call")
    forgotten = ledger.value(
        "select delivery_id(%s, format('touch:%%s:%%s:1:1', %s::text, %s::text))",
        INSTALLATION,
        lead,
        enrolment,
    )
    assert ledger.state.reconciliation.adopt(seen(forgotten)) == "kept"
    ledger.state.outreach.plan([row])
    claim = ledger.claim("call")
    assert claim.id == forgotten
    assert ledger.begin(claim).status == "lost"
    found = ledger.delivery(claim.id)
    assert (found["state"], found["provider_id"]) == ("accepted", "X-1")
    assert ledger.value("select count(*) from sightings") == 0


def test_forgotten_text__is_told_by_number_and_words(ledger: Ledger) -> None:
    words = {"to": phone(0), "body": "Hello Ada"}
    sighting = Sighting("twilio", "SM1", text_reference(phone(0), "Hello Ada"), NOW)
    assert ledger.state.reconciliation.adopt(sighting) == "kept"
    claim = ledger.claimed(channel="sms")
    assert ledger.begin(claim, payload=words, address=phone(0)).status == "lost"
    assert ledger.delivery(claim.id)["provider_id"] == "SM1"
    other = ledger.claimed(channel="sms")
    assert ledger.begin(other, payload=words | {"to": phone(1)}).status == "submitted"


def test_text_without_an_answer__is_adopted_by_number_and_words(ledger: Ledger) -> None:
    claim = ledger.claimed(channel="sms")
    ledger.begin(claim, payload={"to": phone(0), "body": "Hello Ada"})
    ledger.state.outreach.record_failure(claim.id, claim.fence, verdict="unknown", code="x")
    verbs = ledger.state.reconciliation
    other = Sighting("twilio", "SM1", text_reference(phone(0), "Hello Bob"), NOW)
    assert verbs.adopt(other) == "kept"
    ours = Sighting("twilio", "SM2", text_reference(phone(0), "Hello Ada"), NOW)
    assert verbs.adopt(ours) == "adopted"
    assert ledger.delivery(claim.id)["provider_id"] == "SM2"


def test_adopt__while_the_receipt_is_on_its_way__one_state(ledger: Ledger) -> None:
    claim = ledger.submitted(channel="call")
    assert ledger.state.reconciliation.adopt(seen(claim.id)) == "adopted"
    assert ledger.state.outreach.record_receipt(claim.id, claim.fence, "X-1", 0.5)
    assert ledger.delivery(claim.id)["state"] == "accepted"


def test_receipt_and_webhook_at_once__do_not_block_each_other(ledger: Ledger) -> None:
    claims = [ledger.submitted() for _ in range(40)]

    def work(number: int, state: State) -> None:
        for claim in claims:
            if number % 2:
                state.outreach.record_receipt(claim.id, claim.fence, f"P-{claim.id}", 0.1)
            else:
                said = about(claim, f"e{claim.id}", disposition="delivered", milestones=("delivered",))
                state.events.apply(said, channel="email")

    ledger.together(4, work)
    assert ledger.value("select count(*) from deliveries where state = 'finished'") == 40


# What a channel must have heard, and how long it rests.


def test_channel__sends_only_when_it_was_listened_to(ledger: Ledger) -> None:
    verbs = ledger.state.reconciliation
    assert ledger.begin(ledger.claimed(), listen_s=300).code == "VENDOR_LIMIT"
    verbs.heard("email", NOW)
    ledger.after(seconds=300)
    assert ledger.begin(ledger.claim(), listen_s=300).status == "submitted"
    ledger.after(seconds=1)
    assert ledger.begin(ledger.claimed(), listen_s=300).code == "VENDOR_LIMIT"
    verbs.heard("call", ledger.now)
    ledger.after(minutes=1)
    assert ledger.begin(ledger.claim(), listen_s=300).code == "VENDOR_LIMIT", "another channel's ears"


def test_channel__what_another_server_heard_does_not_count(ledger: Ledger) -> None:
    ledger.state.reconciliation.heard("email", NOW)
    ledger.run("update channels set heard_by = heard_by - interval '1 second' where channel = 'email'")
    assert not ledger.state.outreach.open_tick(TODAY).channels["email"].heard_here
    assert ledger.begin(ledger.claimed(), listen_s=300).code == "VENDOR_LIMIT"


def test_heard__never_goes_back(ledger: Ledger) -> None:
    verbs = ledger.state.reconciliation
    verbs.heard("sms", NOW)
    verbs.heard("sms", NOW - timedelta(hours=1))
    assert ledger.state.outreach.open_tick(TODAY).channels["sms"].heard_until == NOW


# Calls without an end.


def test_overdue_calls__are_asked_about_one_at_a_time_and_not_too_often(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="call")
    verbs = ledger.state.reconciliation

    def overdue() -> list[str]:
        found = verbs.claim_overdue_calls(max_rows=5, older_than_s=900, hold_s=600)
        return [call.provider_id for call in found]

    ledger.after(seconds=899)
    assert overdue() == []
    ledger.after(seconds=1)
    assert ledger.state.outreach.open_tick(TODAY).calls_without_end == 1
    assert overdue() == [f"P-{claim.id}"]
    assert overdue() == []
    ledger.after(seconds=600)
    assert overdue() == [f"P-{claim.id}"]
    ledger.hear(about(claim, "e", disposition="no_answer"), channel="call")
    ledger.after(seconds=600)
    assert overdue() == []
    assert PROVIDERS["call"] == "vapi"


def test_unheard__only_what_was_never_stored(ledger: Ledger) -> None:
    ledger.hear(about(ledger.accepted(), "e1"))
    assert ledger.state.reconciliation.unheard("resend", ["e1", "e2"]) == ["e2"]
    assert ledger.state.reconciliation.unheard("twilio", ["e1"]) == ["e1"]


def test_upgrade__what_was_unknown_before_is_asked_about(ledger: Ledger) -> None:
    """The way old code makes a row unknown, which knows none of the new columns."""
    claim = ledger.submitted()
    with psycopg.connect(ledger.dsn, autocommit=True) as old:
        old.execute("update deliveries set state = 'unknown', lease_until = null")
    assert [unknown.id for unknown in held(ledger)] == [claim.id]
