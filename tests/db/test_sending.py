"""Claim, begin, record: what may stop a send, and that nothing is counted, sent or owned twice."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import uuid4

import psycopg
import pytest

from shared.state import State
from shared.state.embedded import EmbeddedServer
from shared.state.outreach import Claim
from shared.state.postgres import PostgresTransport
from tests.support.database import cloned
from tests.support.ledger import INSTALLATION, LEASE_S, NOW, TODAY, Ledger, about, answer, event, limit


def refusal(ledger: Ledger, claim: Claim, **terms: Any) -> str | None:
    """Begin; the answer must be a refusal. Its code."""
    said = ledger.begin(claim, **terms)
    assert said.status == "refused"
    assert ledger.delivery(claim.id)["code"] == said.code
    return said.code


def stopped_by(ledger: Ledger, change: Callable[[], object]) -> str | None:
    """The refusal of a touch whose world changed between claim and begin; it left no trace of a send."""
    claim = ledger.claimed()
    change()
    code = refusal(ledger, claim)
    row = ledger.delivery(claim.id)
    assert (row["payload"], row["submitted_at"], row["try"], row["reserved"]) == (None, None, 0, [])
    assert ledger.used("sender:email") == ledger.used("budget:email") == 0
    return code


def test_kill_switch_between_claim_and_begin__nothing_goes_and_the_touch_waits(ledger: Ledger) -> None:
    live = ledger.state.live
    assert stopped_by(ledger, lambda: live.set_kill_switch(True, reason="r", actor="owner")) == "KILL_SWITCH"
    assert ledger.value("select state from deliveries") == "planned"
    live.set_kill_switch(False, reason="over", actor="owner")
    assert ledger.begin(ledger.claim()).status == "submitted"


def test_live_turned_off_between_claim_and_begin(ledger: Ledger) -> None:
    live = ledger.state.live
    assert stopped_by(ledger, lambda: live.turn_off(app="growthloop", actor="owner")) == "NOT_LIVE"


def test_other_installation__refused(ledger: Ledger, transport: PostgresTransport) -> None:
    claim = ledger.claimed()
    stranger = State(transport, uuid4())
    assert ledger.begin(claim, state=stranger).code == "NOT_LIVE"
    assert not stranger.live.status().may_send
    assert not stranger.live.status().installation_matches


def test_restored_copy__refused_by_its_own_identity(ledger: Ledger, server: EmbeddedServer) -> None:
    claim = ledger.claimed()
    ledger.state.close()
    with cloned(server, ledger.dsn.rpartition("/")[2].partition("?")[0]) as copy:
        transport = PostgresTransport(copy)
        twin = Ledger(copy, State(transport, INSTALLATION))
        status = twin.state.live.status()
        assert (status.on, status.installation_matches, status.database_matches) == (True, True, False)
        assert refusal(twin, claim) == "NOT_LIVE"
        transport.close()
    assert ledger.begin(claim).status == "submitted"


def test_suppression_committed_between_claim_and_begin(ledger: Ledger) -> None:
    sql = "select suppress_address('lead0@example.com', 'person', 'opt_out', 'test')"
    assert stopped_by(ledger, lambda: ledger.run(sql)) == "SUPPRESSED"
    assert ledger.value("select state from deliveries") == "refused"


def test_stop_event_between_claim_and_begin__the_claim_is_lost(ledger: Ledger) -> None:
    claim = ledger.claimed()
    ledger.hear(event("e1", from_address="lead0@example.com", suppress="opt_out"))
    assert ledger.begin(claim).status == "lost"
    assert ledger.delivery(claim.id)["state"] == "cancelled"


def test_conversation_of_a_colleague__refused(ledger: Ledger) -> None:
    first, second = ledger.lead(company=1), ledger.lead(company=1)
    claim = ledger.claimed(second)
    ledger.run("select note_conversation(id, company_id, loop_now()) from leads where id = %s", first)
    assert refusal(ledger, claim) == "IN_CONVERSATION"


def test_conversation_that_is_over__no_objection(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.run("select note_conversation(%s, null, loop_now() - interval '15 days')", lead)
    assert ledger.begin(ledger.claimed(lead)).status == "submitted"


def test_held_out__refused(ledger: Ledger) -> None:
    assert refusal(ledger, ledger.claimed(held_out=True)) == "HOLDOUT"


def test_transactional_purpose__needs_no_room_but_no_suppression(ledger: Ledger) -> None:
    claim = ledger.claimed(held_out=True, purpose="transactional")
    assert ledger.begin(claim, per_day=0).status == "submitted"
    other = ledger.claimed(purpose="transactional")
    ledger.run("select suppress_lead(lead_id, 'opt_out', 'test') from touches")
    assert refusal(ledger, other) == "SUPPRESSED"


@pytest.mark.parametrize("channel", ["call", "email"])
def test_dead_address__refused(ledger: Ledger, channel: str) -> None:
    claim = ledger.claimed(channel=channel)
    ledger.run("update leads set email_invalid_since = now()")
    ledger.run("update phones set invalid_since = now()")
    assert refusal(ledger, claim) == "BAD_DATA"


def test_erased_person__refused(ledger: Ledger) -> None:
    claim = ledger.claimed()
    ledger.run("update leads set erased_at = now()")
    assert refusal(ledger, claim) == "BAD_DATA"


def second_touch(ledger: Ledger, **later: float) -> Claim:
    """A lead with one accepted touch, and their next one, claimed after so much time."""
    lead = ledger.lead()
    ledger.accepted(lead)
    ledger.after(**later)
    enrolment = ledger.value("select max(id) from enrolments")
    return ledger.claimed(lead, enrolment_id=enrolment, step=2)


@pytest.mark.parametrize(
    ("later", "terms", "code"),
    [
        pytest.param({"hours": 23.9}, {"local_day": "2026-11-24"}, "FREQ_CAP", id="within 24 hours"),
        pytest.param({"hours": 24.1}, {}, None, id="after 24 hours"),
        pytest.param({"hours": 24.1}, {"local_day": TODAY}, "FREQ_CAP", id="same local date"),
        pytest.param({"days": 6.9}, {"per_week": 1}, "FREQ_CAP", id="within 7 days"),
        pytest.param({"days": 7.1}, {"per_week": 1}, None, id="after 7 days"),
        pytest.param({"days": 90}, {"per_life": 1}, "FREQ_CAP", id="in total"),
        pytest.param({"days": 90}, {"per_life": 2}, None, id="room in total"),
        pytest.param({"days": 90}, {"per_life": None}, "FREQ_CAP", id="a limit not given is no licence"),
    ],
)
def test_frequency(ledger: Ledger, later: dict[str, float], terms: dict[str, Any], code: str | None) -> None:
    assert ledger.begin(second_touch(ledger, **later), **terms).code == code


@pytest.mark.parametrize("state", ["unknown", "failed"])
def test_frequency__what_may_have_reached_them_counts_and_what_did_not_does_not(
    ledger: Ledger, state: Any
) -> None:
    lead = ledger.lead()
    first = ledger.submitted(lead)
    ledger.state.outreach.record_failure(first.id, first.fence, verdict=state, code="x")
    ledger.run("update deliveries set state = 'finished' where state = 'unknown'")
    second = ledger.claimed(lead, enrolment_id=ledger.value("select id from enrolments"), step=2)
    assert ledger.begin(second).code == ("FREQ_CAP" if state == "unknown" else None)


def test_lost__lapsed_lease_old_fence_or_past_its_life__nothing_changed(ledger: Ledger) -> None:
    old = ledger.claimed(latest_at=NOW + timedelta(hours=1))
    ledger.after(seconds=LEASE_S)
    assert ledger.begin(old).status == "lost"
    ledger.state.outreach.open_tick(TODAY)
    new = ledger.claim()
    before = ledger.delivery(old.id)
    assert ledger.begin(old).status == "lost"
    assert not ledger.state.outreach.refuse(old, "COUNTRY", None)
    assert ledger.state.outreach.unclaim([old]) == 0
    assert ledger.delivery(old.id) == before
    ledger.run("update deliveries set lease_until = 'infinity'")
    ledger.after(hours=1)
    assert ledger.begin(new).status == "lost"
    assert ledger.used("sender:email") == 0


def test_unknown_touch__lost(ledger: Ledger) -> None:
    assert ledger.begin(ledger.claimed().model_copy(update={"id": uuid4()})).status == "lost"


def test_sender__quarantined_or_resting(ledger: Ledger) -> None:
    ledger.submitted()
    second = ledger.claimed()
    assert refusal(ledger, second, min_gap_s=300) == "VENDOR_LIMIT"
    assert ledger.delivery(second.id)["due_at"] == (NOW + timedelta(seconds=300)).isoformat()
    ledger.after(seconds=300)
    second = ledger.claim()
    ledger.run("update senders set health = 'quarantined'")
    assert refusal(ledger, second) == "SENDER_HEALTH"


def test_begin__freezes_payload_and_provenance(ledger: Ledger) -> None:
    claim = ledger.submitted()
    frozen, said = ledger.delivery(claim.id), ledger.touch(claim.id)
    assert (said["script_hash"], said["rules_hash"], said["address"]) == ("s1", "r1", "lead0@example.com")
    ledger.state.outreach.plan([{**plan_again(ledger, claim), "script_key": "scripts/other"}])
    ledger.run("update leads set first_name = 'Grace', email = 'new@example.com'")
    ledger.state.outreach.record_receipt(claim.id, claim.fence, "P-1", None)
    ledger.hear(about(claim, "e1", disposition="delivered", milestones=("delivered",)))
    kept = ("payload", "natural_key", "provider", "try", "reserved", "submitted_at")
    assert {k: ledger.delivery(claim.id)[k] for k in kept} == {k: frozen[k] for k in kept}
    also = ("script_key", "script_hash", "rules_hash", "address", "provenance", "sender_id", "day")
    assert {k: ledger.touch(claim.id)[k] for k in also} == {k: said[k] for k in also}


@pytest.mark.parametrize(("channel", "kept"), [("email", True), ("sms", False)])
def test_second_try__keeps_the_bytes_where_the_providers_key_stands_for_them(
    ledger: Ledger, channel: str, kept: bool
) -> None:
    address = "lead0@example.com" if channel == "email" else "+15555550100"
    first, second = ({"to": [address], "text": words} for words in ("Hello", "Hello again"))
    claim = ledger.claimed(channel=channel)
    assert ledger.begin(claim, payload=first, address=address).payload == first
    ledger.state.outreach.record_failure(
        claim.id, claim.fence, verdict="requeue", code="rate_limited", retry_at=NOW
    )
    again = ledger.begin(ledger.claim(channel), payload=second, address=address)
    assert again.payload == (first if kept else second)
    assert ledger.delivery(claim.id)["payload"] == again.payload


def plan_again(ledger: Ledger, claim: Claim) -> dict[str, Any]:
    """The row that planned this touch."""
    row = ledger.touch(claim.id)
    names = ("lead_id", "enrolment_id", "step", "attempt", "purpose", "channel", "day", "playbook_hash")
    return {n: row[n] for n in names} | {"due_at": NOW, "latest_at": NOW, "refused": False}


@pytest.mark.parametrize(
    ("stop", "status", "code"),
    [
        ("select set_kill_switch_v1(true, 'r', 'owner')", "refused", "KILL_SWITCH"),
        ("select set_live_v1(false, null, null, 'owner')", "refused", "NOT_LIVE"),
        ("select unsubscribe_v1(id, 'link') from touches order by step limit 1", "lost", None),
    ],
)
def test_stop_that_is_being_written__is_waited_for_and_obeyed(
    ledger: Ledger, stop: str, status: str, code: str | None
) -> None:
    claim = ledger.claimed()
    with psycopg.connect(ledger.dsn) as owner:
        owner.execute(stop)  # type: ignore[call-overload,unused-ignore]
        with ledger.meanwhile(lambda state: ledger.begin(claim, state=state)) as begun:
            assert not begun.done()
            owner.commit()
    assert (begun.result().status, begun.result().code) == (status, code)


def test_caps_and_budgets__never_exceeded_by_one(ledger: Ledger) -> None:
    for lead_id in ledger.leads(48):
        ledger.plan(lead_id)
    claims = ledger.claims("email", 48)
    limits = [limit("budget:email", 0.1, 2.0, "BUDGET"), limit("sender:email", 1, 13, "WARMUP_CAP")]

    def work(number: int, state: State) -> list[str | None]:
        order = limits if number % 2 else limits[::-1]
        said: list[str | None] = []
        for claim in claims[number::8]:
            answer = ledger.begin(claim, state=state, limits=order)
            said.append(answer.code or answer.status)
            if answer.status == "submitted" and number % 2:
                state.outreach.record_failure(claim.id, claim.fence, verdict="failed", code="x")
        return said

    said = [code for part in ledger.together(8, work) for code in part]
    standing = ledger.value("select count(*) from deliveries where state = 'submitted'")
    assert set(said) <= {"submitted", "WARMUP_CAP", "BUDGET"}
    assert ledger.used("sender:email") == standing <= 13
    assert ledger.used("budget:email") == pytest.approx(standing * 0.1)


@pytest.mark.parametrize(
    ("most", "budget", "sent"), [(13, 100.0, 13), (100, 2.0, 20), (20, 2.0, 20), (0, 9, 0)]
)
def test_caps_and_budgets__used_to_the_last_one(ledger: Ledger, most: int, budget: float, sent: int) -> None:
    for lead_id in ledger.leads(32):
        ledger.plan(lead_id)
    claims = ledger.claims("email", 32)
    limits = [limit("sender:email", 1, most, "WARMUP_CAP"), limit("budget:email", 0.1, budget, "BUDGET")]

    def work(number: int, state: State) -> list[str]:
        # Without a sender, whose row would make them take turns.
        mine = claims[number::8]
        return [ledger.begin(c, state=state, limits=limits, sender_id=None).status for c in mine]

    assert [s for part in ledger.together(8, work) for s in part].count("submitted") == sent
    assert ledger.used("sender:email") == sent


@pytest.mark.parametrize("giving_back", [True, False])
def test_tokens__are_locked_in_one_order_whatever_the_callers(ledger: Ledger, giving_back: bool) -> None:
    first, second = ledger.claimed(), ledger.claimed()
    limits = [limit("sender:email", 1, 9, "WARMUP_CAP"), limit("budget:email", 0.1, 9, "BUDGET")]
    # On the disk in the other order, so that a scan would meet the sender first.
    ledger.run("insert into cap_usage (scope, bucket) values ('sender:email', %s)", TODAY.isoformat())
    ledger.begin(first, limits=limits)

    def work(state: State) -> bool:
        if giving_back:
            return state.outreach.record_failure(first.id, first.fence, verdict="failed", code="x")
        return ledger.begin(second, state=state, limits=limits).status == "submitted"

    lock = "select from cap_usage where scope = %s for update nowait"
    with psycopg.connect(ledger.dsn) as other:
        other.execute(lock, ["budget:email"])
        with ledger.meanwhile(work) as waiting:
            assert not waiting.done()
            other.execute(lock, ["sender:email"])
            other.commit()
    assert waiting.result()


def test_cap_without_a_figure__refuses(ledger: Ledger) -> None:
    claim = ledger.claimed()
    assert refusal(ledger, claim, limits=[limit("sender:email", 1, None, "WARMUP_CAP")]) == "WARMUP_CAP"


@pytest.mark.parametrize(
    ("verdict", "state", "used"),
    [("failed", "failed", 0), ("requeue", "planned", 0), ("unknown", "unknown", 1)],
)
def test_failure__gives_tokens_back_unless_it_may_have_gone_out(
    ledger: Ledger, verdict: Any, state: str, used: int
) -> None:
    claim = ledger.submitted()
    again = NOW + timedelta(minutes=5)
    done = ledger.state.outreach.record_failure(
        claim.id, claim.fence, verdict=verdict, code="resend.500", retry_at=again
    )
    row = ledger.delivery(claim.id)
    assert (done, row["state"], row["code"], row["lease_until"]) == (True, state, "resend.500", None)
    assert (ledger.used("sender:email"), ledger.used("budget:email")) == (used, used * 0.5)
    assert bool(row["closed_at"]) == (state == "failed")
    once_more = ledger.state.outreach.record_failure(claim.id, claim.fence, verdict="failed", code="x")
    assert (once_more, ledger.used("sender:email")) == (False, used)
    if state == "planned":
        assert row["due_at"] == again.isoformat()
        ledger.at(again)
        assert ledger.begin(ledger.claim()).status == "submitted"
        assert ledger.delivery(claim.id)["try"] == 2


def test_requeue_past_its_life__failed_and_closed(ledger: Ledger) -> None:
    claim = ledger.submitted()
    late = NOW + timedelta(days=8)
    ledger.state.outreach.record_failure(claim.id, claim.fence, verdict="requeue", code="x", retry_at=late)
    row = ledger.delivery(claim.id)
    assert (row["state"], row["closed_at"]) == ("failed", NOW.isoformat())


def test_failure__opt_out_and_dead_address_reach_the_person_or_the_address(ledger: Ledger) -> None:
    first, second = ledger.submitted(), ledger.submitted()
    fail = ledger.state.outreach.record_failure
    fail(first.id, first.fence, verdict="failed", code="twilio.21610", opted_out=True)
    fail(second.id, second.fence, verdict="failed", code="resend.422", bad_address=True)
    suppressed = "select array_agg(is_suppressed(id) order by id) from leads"
    assert ledger.value(suppressed) == [True, False]
    dead = "select array_agg(email_invalid_since is not null order by id) from leads"
    assert ledger.value(dead) == [False, True]
    stopped = "select array_agg(stop_reason order by lead_id) from enrolments"
    assert ledger.value(stopped) == ["opted_out", None]


def test_receipt__an_old_fence_changes_nothing(ledger: Ledger) -> None:
    claim = ledger.submitted()
    assert not ledger.state.outreach.record_receipt(claim.id, claim.fence - 1, "P-1", None)
    assert ledger.delivery(claim.id)["state"] == "submitted"


def test_receipt_after_a_faster_webhook__fills_in_what_is_missing(ledger: Ledger) -> None:
    claim = ledger.submitted()
    ledger.hear(about(claim, "e1", provider_id=None, disposition="delivered", milestones=("delivered",)))
    assert ledger.delivery(claim.id)["state"] == "finished"
    assert ledger.state.outreach.record_receipt(claim.id, claim.fence, "P-1", 0.02)
    row = ledger.delivery(claim.id)
    assert (row["state"], row["provider_id"], ledger.touch(claim.id)["cost_usd"]) == ("finished", "P-1", 0.02)
    assert ledger.value("select sum(n) from touch_rollups where metric = 'sent'") == 1


def test_inbound_mail_before_the_receipt__its_id_is_not_the_touchs(ledger: Ledger) -> None:
    claim = ledger.submitted()
    ledger.hear(answer(claim, "m1"), reply="positive")
    assert ledger.delivery(claim.id)["provider_id"] is None
    assert ledger.state.outreach.record_receipt(claim.id, claim.fence, "P-1", None)
    assert ledger.delivery(claim.id)["provider_id"] == "P-1"


def test_event_that_proves_nothing_yet__keeps_the_lease(ledger: Ledger) -> None:
    claim = ledger.submitted()
    said = replace(about(claim, "e1"), provider_id=None)
    assert ledger.hear(said).stored
    row = ledger.delivery(claim.id)
    assert (row["state"], row["accepted_at"]) == ("submitted", None)
    assert row["lease_until"] == (NOW + timedelta(seconds=LEASE_S)).isoformat()
