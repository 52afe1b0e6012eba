"""A channel rests when its provider asked for it, and longer and longer while sends keep failing."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

from shared.state import State
from shared.state.incidents import VitalSigns
from shared.state.postgres import PostgresTransport
from tests.support.ledger import NOW, TODAY, Ledger

MINUTE = timedelta(minutes=1)


def test_rest__holds_the_channel_for_everybody_and_tells_what_is_due(
    ledger: Ledger, transport: PostgresTransport
) -> None:
    waiting, claim = ledger.lead(), ledger.claimed()
    ledger.plan(waiting)
    until = NOW + timedelta(hours=2)
    verbs = State(transport, uuid4()).reconciliation
    assert verbs.rest("email", until=until, code="resend.daily_quota_exceeded") == 1
    assert ledger.begin(claim).code == "VENDOR_LIMIT"
    assert ledger.delivery(claim.id)["due_at"] == until.isoformat()
    verbs.rest("email", until=NOW + timedelta(minutes=1), code="short")
    assert ledger.state.outreach.open_tick(TODAY).channels["email"].rests_until == until
    assert ledger.claims("email", 9) == []
    ledger.at(until)
    assert {ledger.begin(each).status for each in ledger.claims("email", 9)} == {"submitted"}


def test_failures_in_a_row__rest_the_channel_longer_and_longer_until_one_send_is_accepted(
    ledger: Ledger,
) -> None:
    verbs = ledger.state.reconciliation

    def waits(retry_after: timedelta | None = None) -> timedelta:
        terms = {"first": timedelta(minutes=3), "longest": timedelta(hours=1)}
        return (
            verbs.trip("email", code="resend.500", needs_owner=False, retry_after=retry_after, **terms) - NOW
        )

    claim = ledger.submitted()
    assert [waits() / MINUTE for _ in range(7)] == [0, 3, 6, 12, 24, 48, 60]
    assert waits(timedelta(hours=20)) == timedelta(hours=20), "the provider's word is more than our patience"
    assert waits(timedelta(seconds=1)) == timedelta(hours=1), "and no more often than that"
    ledger.state.outreach.record_receipt(claim.id, claim.fence, "P-1", None)
    assert waits() == timedelta(0)


def test_first_failure__rests_no_longer_than_it_was_asked_to(ledger: Ledger) -> None:
    asked = timedelta(seconds=7)
    until = ledger.state.reconciliation.trip(
        "sms", code="twilio.20429", needs_owner=False, retry_after=asked, first=MINUTE, longest=MINUTE
    )
    assert until == ledger.state.outreach.open_tick(TODAY).channels["sms"].rests_until == NOW + asked
    signs = _signs(ledger)
    assert [(each.channel, each.strikes) for each in signs.struck] == [("sms", 1)]


def test_rest__longer_than_a_touchs_life__leaves_it_to_expire(ledger: Ledger) -> None:
    ledger.plan(ledger.lead(), latest_at=NOW + timedelta(hours=1))
    assert ledger.state.reconciliation.rest("email", until=NOW + timedelta(hours=2), code="x") == 0
    ledger.after(hours=1)
    ledger.state.outreach.open_tick(TODAY)
    assert ledger.value("select state from deliveries") == "expired"


def test_a_channel_that_cannot_be_heard__is_so_since_the_first_time_until_it_is_heard(ledger: Ledger) -> None:
    verbs = ledger.state.reconciliation
    verbs.deaf("call", "vapi.503")
    ledger.after(minutes=3)
    verbs.deaf("call", "vapi.500")
    assert [(each.channel, each.code, each.since) for each in _signs(ledger).deaf] == [
        ("call", "vapi.500", NOW)
    ]
    verbs.heard("call", NOW)
    assert _signs(ledger).deaf == ()


def test_the_owner__ends_a_rest_and_what_waited_is_due(ledger: Ledger) -> None:
    ledger.plan(ledger.lead())
    verbs = ledger.state.reconciliation
    verbs.rest("email", until=NOW + timedelta(hours=2), code="resend.401")
    assert ledger.state.outreach.open_tick(TODAY).due == {}
    assert (verbs.end_rests(), verbs.end_rests()) == (["email"], [])
    assert ledger.state.outreach.open_tick(TODAY).due == {"email": 1}
    assert ledger.state.outreach.open_tick(TODAY).channels["email"].rests_until is None


def test_a_touch_found_at_its_provider__shows_that_the_channel_works(ledger: Ledger) -> None:
    verbs, claim = ledger.state.reconciliation, ledger.submitted(channel="call")
    ledger.state.outreach.record_failure(claim.id, claim.fence, verdict="unknown", code="x")
    verbs.trip("call", code="x", needs_owner=False, retry_after=None, first=MINUTE, longest=MINUTE)
    (held,) = verbs.claim_unknown(max_rows=9, hold_s=60, conversation_days=14)
    assert verbs.accept(held, "P-1")
    assert _signs(ledger).struck == ()


def _signs(ledger: Ledger) -> VitalSigns:
    return ledger.state.incidents.vital_signs(TODAY, late_minutes=20, endless_minutes=45)
