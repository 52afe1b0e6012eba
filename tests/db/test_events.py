"""Events: any number of copies in any order give one state, and what means "stop" always wins."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from psycopg import sql
from psycopg.types.json import Jsonb

from shared.providers.event import ProviderEvent, Reply, ReplyClass
from shared.state import State
from shared.state.events import Events
from shared.state.outreach import Claim
from tests.support.ledger import NOW, PROVIDERS, Ledger, about, answer, event, phone
from tests.support.outcome import OUTCOME

Heard = tuple[ProviderEvent, ReplyClass | None]


class Rehearsal:
    """A transport whose calls are undone: events are heard in a transaction that never commits."""

    def __init__(self, dsn: str) -> None:
        self.connection = psycopg.connect(dsn)

    def call(self, function: str, /, **arguments: Any) -> Any:
        """Call a function with its one argument."""
        ((name, value),) = arguments.items()
        query = sql.SQL("select {}({} => %s)").format(sql.Identifier(function), sql.Identifier(name))
        row = self.connection.execute(query, [Jsonb(value)]).fetchone()
        return row[0] if row else None

    def close(self) -> None:
        """Give back the connection."""
        self.connection.close()

    def end(self, channel: str, heard: Sequence[Heard]) -> dict[str, Any]:
        """The state after these events, which it then forgets."""
        with self.connection.transaction(force_rollback=True):
            for said, reply in heard:
                Events(self).apply(said, channel=channel, reply_class=reply)
            ((found,),) = self.connection.execute(OUTCOME).fetchall()
            return dict(found)


def world(ledger: Ledger, channel: str, *, receipt: bool) -> Claim:
    """A touch in the provider's hands, with a later step and a colleague."""
    lead, colleague = ledger.lead(company=1), ledger.lead(company=1)
    make = ledger.accepted if receipt else ledger.submitted
    claim = make(lead, channel=channel)
    ledger.plan(lead, enrolment_id=ledger.enrol(lead), step=2)
    ledger.plan(colleague)
    return claim


def email_events(claim: Claim) -> list[Heard]:
    """Whatever may be heard about an email."""
    made: list[Heard] = [
        (about(claim, "sent", disposition="sent"), None),
        (about(claim, "delayed", disposition="delayed"), None),
        (about(claim, "delivered", disposition="delivered", milestones=("delivered",)), None),
        (about(claim, "opened", disposition="opened"), None),
        (about(claim, "soft", disposition="soft_bounced"), None),
        (about(claim, "no id", provider_id=None), None),
        (
            about(
                claim,
                "hard",
                disposition="bounced",
                milestones=("bounced",),
                suppress="hard_bounce",
                bad_address=True,
            ),
            None,
        ),
        (
            about(claim, "spam", disposition="complained", milestones=("complained",), suppress="complaint"),
            None,
        ),
        (answer(claim, "yes"), "positive"),
        (answer(claim, "later"), "not_now"),
        (replace(answer(claim, "away"), disposition=None, milestones=()), "out_of_office"),
        (replace(answer(claim, "away too"), disposition=None, milestones=()), "out_of_office"),
        (replace(answer(claim, "stop"), suppress="opt_out", milestones=("replied", "opted_out")), "opt_out"),
    ]
    return spread(made)


def call_events(claim: Claim) -> list[Heard]:
    """Whatever may be heard about a call."""
    ended: dict[str, Any] = {"cost_usd": 0.31, "duration_s": 62.0}
    made: list[Heard] = [
        (about(claim, "queued"), None),
        (about(claim, "tool", milestones=("answered",)), None),
        (
            about(
                claim, "no", disposition="not_interested", milestones=("answered", "conversation"), **ended
            ),
            None,
        ),
        (about(claim, "dearer", disposition="voicemail", cost_usd=0.4), None),
        (about(claim, "back", disposition="callback", milestones=("dm_contact",)), None),
        (
            about(
                claim,
                "meeting",
                disposition="meeting",
                milestones=("booked",),
                details={"meeting_at": "2026-11-25T15:00:00+00:00"},
            ),
            None,
        ),
        (about(claim, "tool booked", milestones=("booked",)), None),
        (about(claim, "wrong", disposition="wrong_number", suppress="wrong_number", bad_address=True), None),
        (about(claim, "dnc", disposition="dnc", suppress="dnc", milestones=("answered", "opted_out")), None),
    ]
    return spread(made)


def spread(heard: list[Heard]) -> list[Heard]:
    """The same events at times that are not the order of the list."""
    return [
        (replace(said, occurred_at=NOW + timedelta(hours=5 * (n * 7 % 11))), reply)
        for n, (said, reply) in enumerate(heard)
    ]


@pytest.mark.parametrize("channel", ["email", "call"])
@pytest.mark.parametrize("receipt", [True, False])
def test_any_order_and_any_copies__give_the_same_state(ledger: Ledger, channel: str, receipt: bool) -> None:
    claim = world(ledger, channel, receipt=receipt)
    pool = email_events(claim) if channel == "email" else call_events(claim)

    @settings(max_examples=25, deadline=None, suppress_health_check=list(HealthCheck))
    @given(st.data())
    def same(data: st.DataObject) -> None:
        chosen = data.draw(st.lists(st.sampled_from(range(len(pool))), min_size=1, max_size=6, unique=True))
        copies = data.draw(st.lists(st.sampled_from(chosen), max_size=4))
        order = data.draw(st.permutations([*chosen, *copies]))
        once = rehearsal.end(channel, [pool[n] for n in sorted(chosen)])
        assert rehearsal.end(channel, [pool[n] for n in order]) == once

    with closing(Rehearsal(ledger.dsn)) as rehearsal:
        same()


@pytest.mark.parametrize("channel", ["email", "call"])
def test_any_two_events__give_the_same_state_either_way(ledger: Ledger, channel: str) -> None:
    claim = world(ledger, channel, receipt=False)
    pool = email_events(claim) if channel == "email" else call_events(claim)
    with closing(Rehearsal(ledger.dsn)) as rehearsal:
        for one, other in itertools.combinations(pool, 2):
            ended = rehearsal.end(channel, [one, other])
            assert rehearsal.end(channel, [other, one]) == ended, (one[0].event_key, other[0].event_key)


@pytest.mark.parametrize("stop", ["stop", "spam"])
def test_stop__wins_in_every_order(ledger: Ledger, stop: str) -> None:
    claim = world(ledger, "email", receipt=True)
    pool = {said.event_key: (said, reply) for said, reply in email_events(claim)}
    with closing(Rehearsal(ledger.dsn)) as rehearsal:
        for order in itertools.permutations([stop, "yes", "delivered", "away"]):
            ended = rehearsal.end("email", [pool[key] for key in order])
            assert ended["enrolments"][0]["stop_reason"] == "opted_out"
            assert len(ended["suppressions"]) == 2
            assert ended["planned"] == ["cancelled", "cancelled"]
            (touch,) = [t for t in ended["touches"] if t["id"] == str(claim.id)]
            assert touch["disposition"] == ("complained" if stop == "spam" else "replied")


def test_events_of_one_person_at_once__each_takes_effect_once(ledger: Ledger) -> None:
    claims = [ledger.accepted(ledger.lead(company=n % 2)) for n in range(4)]

    def work(number: int, state: State) -> int:
        stored = 0
        for claim, (key, reply) in itertools.product(claims, (("yes", "positive"), ("stop", "opt_out"))):
            said = replace(answer(claim, f"{claim.id}{key}"), suppress="opt_out" if key == "stop" else None)
            delivered = about(claim, f"{claim.id}d{number % 3}", milestones=("delivered",))
            stored += state.events.apply(said, channel="email", reply_class=reply).stored  # type: ignore[arg-type]
            stored += state.events.apply(delivered, channel="email").stored
        return stored

    assert sum(ledger.together(8, work)) == 4 * (2 + 3)
    assert ledger.value("select count(*) from messages") == 8
    counts = dict(ledger.rows("select metric, sum(n)::int from touch_rollups group by 1"))
    assert counts == {"sent": 4, "delivered": 4, "replied": 4}


def test_unknown_senders_stop__closes_the_address_before_it_is_imported(ledger: Ledger) -> None:
    number, mail = phone(0), "Lead1@Example.com"
    heard = ledger.hear(
        event("s1", provider="twilio", from_address=number, suppress="opt_out"), channel="sms"
    )
    assert (heard.stored, heard.suppressed, heard.lead_id) == (True, True, None)
    ledger.hear(event("m1", from_address=f" {mail} ", suppress="opt_out"))
    first, second, third = ledger.leads(3)
    rows = ledger.rows("select id from leads where is_suppressed(id) order by id")
    assert rows == [(first,), (second,)]
    facts = {c.lead_id: c for c in ledger.state.outreach.candidates(conversation_days=14, today=NOW.date())}
    assert [facts[lead].suppressed for lead in (first, second, third)] == [True, True, False]
    assert facts[first].email_suppressed


def test_unknown_senders_bounce__closes_only_that_address(ledger: Ledger) -> None:
    ledger.hear(event("b1", from_address="lead0@example.com", suppress="hard_bounce"))
    lead = ledger.lead()
    assert ledger.value("select is_suppressed(%s)", lead) is False
    assert ledger.value("select is_suppressed(%s, 'lead0@example.com')", lead) is True


def test_reply__stops_the_lead_and_the_colleagues_and_nobody_else(ledger: Ledger) -> None:
    lead, colleague, stranger = ledger.lead(company=1), ledger.lead(company=1), ledger.lead()
    claim = ledger.accepted(lead)
    enrolment = ledger.enrol(lead)
    ledger.plan(lead, enrolment_id=enrolment, step=2)
    ledger.plan(lead, enrolment_id=enrolment, step=3, purpose="callback")
    for other in (colleague, stranger):
        ledger.plan(other)
    held = ledger.claims("email", 9)
    heard = ledger.hear(answer(claim, "yes"), reply="positive")
    assert (heard.touch_id, heard.lead_id) == (claim.id, lead)
    query = "select stop_reason from enrolments where lead_id in (%s, %s, %s) order by lead_id"
    assert ledger.rows(query, lead, colleague, stranger) == [("replied",), ("colleague_replied",), (None,)]
    said = {c.lead.lead_id: ledger.begin(c).status for c in held if c.purpose == "prospect"}
    assert said == {lead: "lost", colleague: "lost", stranger: "submitted"}
    assert [ledger.begin(c).status for c in held if c.purpose == "callback"] == ["submitted"]
    assert ledger.rows("select reply_class, direction, body from messages") == [
        ("positive", "in", "Some words.")
    ]


def test_out_of_office__pauses_only_that_person(ledger: Ledger) -> None:
    lead, colleague = ledger.lead(company=1), ledger.lead(company=1)
    claim = ledger.accepted(lead)
    ledger.after(days=2)
    ledger.plan(lead, enrolment_id=ledger.enrol(lead), step=2, latest_at=NOW + timedelta(days=9))
    ledger.plan(colleague)
    held = ledger.claims("email", 2)
    away = replace(answer(claim, "away"), disposition=None, milestones=(), occurred_at=ledger.now)
    ledger.hear(away, reply="out_of_office")
    said = {c.lead.lead_id: (ledger.begin(c).status, ledger.delivery(c.id)["state"]) for c in held}
    assert said == {lead: ("refused", "planned"), colleague: ("submitted", "submitted")}
    ledger.at(NOW + timedelta(days=8, hours=8))
    assert ledger.claims("email", 9) == []
    ledger.after(hours=2)
    ledger.state.outreach.open_tick(ledger.now.date())
    assert ledger.begin(ledger.claim()).status == "submitted"


@pytest.mark.parametrize("why", ["wrong_number", "hard_bounce"])
def test_dead_address__reaches_only_itself(ledger: Ledger, why: str) -> None:
    channel = "call" if why == "wrong_number" else "email"
    lead = ledger.lead()
    claim = ledger.accepted(lead, channel=channel)
    disposition = "wrong_number" if channel == "call" else "bounced"
    ledger.hear(about(claim, "e", disposition=disposition, suppress=why, bad_address=True), channel=channel)
    assert ledger.value("select is_suppressed(%s)", lead) is False
    query = "select is_suppressed(%s, %s), is_suppressed(%s, %s)"
    closed = (channel == "call", channel == "email")
    assert ledger.rows(query, lead, phone(0), lead, "lead0@example.com") == [closed]
    dead = "select p.invalid_since is not null, l.email_invalid_since is not null from leads l, phones p"
    assert ledger.rows(dead) == [closed]
    assert ledger.value("select state from enrolments") == "active"


def test_stop_from_another_address__closes_that_one_too(ledger: Ledger) -> None:
    claim = ledger.accepted()
    said = replace(answer(claim, "stop"), from_address="private@example.org", suppress="opt_out")
    ledger.hear(said, reply="opt_out")
    other = ledger.lead(email="private@example.org")
    assert ledger.value("select is_suppressed(%s)", other) is True


def test_inbound_text__finds_lead_and_newest_touch_by_number(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.accepted(lead, channel="sms")
    ledger.after(days=8)
    newest = ledger.accepted(lead, channel="sms", enrolment_id=ledger.enrol(lead), step=2)
    said = event(
        "SM1", provider="twilio", from_address=phone(0), disposition="replied", milestones=("replied",)
    )
    heard = ledger.hear(replace(said, reply=Reply("ok"), provider_id="SM1"), channel="sms", reply="other")
    assert (heard.touch_id, heard.lead_id) == (newest.id, lead)
    assert ledger.delivery(newest.id)["provider_id"] == f"P-{newest.id}"
    assert ledger.rows("select channel, touch_id from messages") == [("sms", newest.id)]


def test_event_by_the_providers_id_alone__finds_the_touch(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="sms")
    said = event("p", provider=PROVIDERS["sms"], provider_id=f"P-{claim.id}", disposition="undelivered")
    assert ledger.hear(said, channel="sms").touch_id == claim.id
    elsewhere = replace(said, provider="resend", event_key="q")
    assert ledger.hear(elsewhere).touch_id is None


@pytest.mark.parametrize("reference", ["not-a-uuid", "", str(UUID(int=1)), "A" * 36])
def test_strange_reference__is_stored_and_belongs_to_nobody(ledger: Ledger, reference: str) -> None:
    heard = ledger.hear(event("x", delivery_id=reference))
    assert (heard.stored, heard.touch_id, heard.lead_id) == (True, None, None)
    assert not ledger.hear(event("x", delivery_id=reference)).stored


def test_an_event_settles_what_was_unknown_or_parked(ledger: Ledger) -> None:
    for state in ("unknown", "parked"):
        claim = ledger.submitted()
        owner = "owner" if state == "parked" else None
        query = "update deliveries set state = %s, lease_until = null, parked_owner = %s where id = %s"
        ledger.run(query, state, owner, claim.id)
        ledger.hear(about(claim, f"{state} quiet", provider_id=None))
        assert ledger.delivery(claim.id)["state"] == state
        ledger.hear(about(claim, f"{state} sent", disposition="sent"))
        row = ledger.delivery(claim.id)
        assert (row["state"], row["parked_owner"], row["closed_at"]) == ("accepted", None, None)


def test_unsubscribe__stops_the_whole_person_and_a_second_time_changes_nothing(ledger: Ledger) -> None:
    lead = ledger.lead()
    claim = ledger.submitted(lead)
    ledger.plan(lead, enrolment_id=ledger.enrol(lead), step=2)
    assert ledger.state.events.unsubscribe(claim.id, source="link")
    before = ledger.value(OUTCOME)
    ledger.after(hours=1)
    assert ledger.state.events.unsubscribe(claim.id, source="link")
    assert ledger.value(OUTCOME) == before
    assert ledger.touch(claim.id)["disposition"] == "unsubscribed"
    assert ledger.rows("select is_suppressed(%s), is_suppressed(%s, %s)", lead, lead, phone(0)) == [
        (True, True)
    ]
    assert ledger.value("select stop_reason from enrolments") == "opted_out"
    assert not ledger.state.events.unsubscribe(UUID(int=1), source="link")


def test_unsubscribe_of_a_call__leaves_its_lease(ledger: Ledger) -> None:
    claim = ledger.submitted(channel="call")
    assert ledger.state.events.unsubscribe(claim.id, source="link")
    assert ledger.delivery(claim.id)["state"] == "submitted"
