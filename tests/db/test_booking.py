"""Meetings in the ledger: one time for one person, and what a meeting means for everything else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from shared.state import State
from shared.state.events import Booked
from tests.support.ledger import NOW, Ledger, about, answer

AT = datetime(2026, 11, 24, 15, tzinfo=UTC)
LATER = AT + timedelta(hours=1)


def meetings(ledger: Ledger) -> list[tuple[datetime, bool]]:
    return ledger.rows("select starts_at, clashes from meetings where state = 'booked' order by id")


def test_booking__is_the_outcome_of_its_touch_and_ends_the_sequence(ledger: Ledger) -> None:
    claim = ledger.accepted()
    assert ledger.state.events.book(claim.id, AT) == Booked(status="booked", starts_at=AT)
    touch = ledger.touch(claim.id)
    assert touch["booked_at"] == touch["positive_at"] == touch["delivered_at"] == "2026-11-23T15:00:00+00:00"
    assert touch["disposition"] == "clicked"
    assert ledger.rows("select state, stop_reason from enrolments") == [("stopped", "meeting_booked")]
    assert ledger.rows("select lead_id, starts_at, booked_at from meetings") == [
        (claim.lead.lead_id, AT, NOW)
    ]
    assert ledger.value("select last_message_at from conversations") == NOW
    (counted,) = [
        row
        for row in ledger.state.measures.counts_by_day(NOW.date(), NOW.date())
        if row["metric"] == "booked"
    ]
    assert (counted["channel"], counted["n"]) == ("email", 1)


def test_booking__keeps_an_outcome_of_higher_rank(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.hear(answer(claim, "e1"), reply="positive")
    ledger.state.events.book(claim.id, AT)
    assert ledger.touch(claim.id)["disposition"] == "replied"


@pytest.mark.parametrize("channel", ["email", "sms"])
def test_booking__settles_a_touch_whose_receipt_was_lost(ledger: Ledger, channel: str) -> None:
    claim = ledger.submitted(channel=channel)
    assert ledger.state.events.book(claim.id, AT).status == "booked"
    assert ledger.delivery(claim.id)["state"] == "finished"


def test_booking__cancels_what_a_colleague_was_to_get(ledger: Ledger) -> None:
    claim = ledger.accepted(ledger.lead(company=9))
    ledger.plan(ledger.lead(company=9))
    ledger.state.events.book(claim.id, AT)
    left = "select state, code from deliveries where state <> 'finished' and natural_key not like '%:confirm'"
    left += " and natural_key not like '%:remind'"
    assert ledger.rows(left) == [("cancelled", "colleague_meeting_booked")]


def test_booking_twice__gives_the_first_meeting(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.state.events.book(claim.id, AT)
    ledger.after(minutes=5)
    before = ledger.rows("select m.*, t.* from meetings m, touches t")
    for at in (AT, LATER):
        assert ledger.state.events.book(claim.id, at) == Booked(status="known", starts_at=AT)
    assert ledger.rows("select m.*, t.* from meetings m, touches t") == before


def test_booking_by_another_touch__gives_the_persons_meeting(ledger: Ledger) -> None:
    lead = ledger.lead()
    first = ledger.accepted(lead)
    enrolment = ledger.value("select id from enrolments")
    ledger.state.events.book(first.id, AT)
    ledger.plan(lead, enrolment_id=enrolment, step=2, channel="sms")
    second = ledger.value("select id from touches where step = 2")
    assert ledger.state.events.book(second, LATER) == Booked(status="known", starts_at=AT)
    assert ledger.state.events.booking(second).starts_at == AT


def test_a_taken_time__is_refused_and_leaves_no_trace(ledger: Ledger) -> None:
    one, other = ledger.accepted(), ledger.accepted()
    ledger.state.events.book(one.id, AT)
    before = ledger.touch(other.id)
    assert ledger.state.events.book(other.id, AT) == Booked(status="taken", starts_at=None)
    assert ledger.touch(other.id) == before
    assert ledger.state.events.booking(other.id).starts_at is None
    assert len(meetings(ledger)) == 1


def test_a_cancelled_meeting__frees_its_time(ledger: Ledger) -> None:
    one, other = ledger.accepted(), ledger.accepted()
    ledger.state.events.book(one.id, AT)
    ledger.run("update meetings set state = 'cancelled'")
    assert ledger.state.events.taken_slots(NOW) == []
    assert ledger.state.events.book(other.id, AT).status == "booked"
    # The first comes back through the same link.
    assert ledger.state.events.book(one.id, LATER).status == "booked"
    assert ledger.rows("select touch_id = %s, state from meetings order by id", one.id) == [
        (True, "cancelled"),
        (False, "booked"),
        (None, "booked"),
    ]


def test_many_at_once_for_one_time__one_gets_it(ledger: Ledger) -> None:
    claims = [ledger.accepted(lead) for lead in ledger.leads(4)]

    def book(number: int, state: State) -> str:
        return state.events.book(claims[number].id, AT).status

    assert sorted(ledger.together(4, book)) == ["booked", "taken", "taken", "taken"]
    assert meetings(ledger) == [(AT, False)]


def test_one_person_at_once_for_many_times__gets_one_meeting(ledger: Ledger) -> None:
    claim = ledger.accepted()

    def book(number: int, state: State) -> datetime | None:
        return state.events.book(claim.id, AT + timedelta(hours=number)).starts_at

    assert len(set(ledger.together(4, book))) == 1
    assert len(meetings(ledger)) == 1


def test_an_unknown_touch__books_nothing(ledger: Ledger) -> None:
    assert ledger.state.events.book(uuid4(), AT) == Booked(status="unknown", starts_at=None)
    assert not ledger.state.events.booking(uuid4()).known
    assert meetings(ledger) == []


def test_somebody_who_opted_out__may_book_and_stays_suppressed(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.state.events.unsubscribe(claim.id, source="link")
    assert ledger.state.events.book(claim.id, AT).status == "booked"
    assert ledger.touch(claim.id)["disposition"] == "unsubscribed"
    assert ledger.value("select is_suppressed(%s)", claim.lead.lead_id)
    (hot,) = ledger.state.measures.hot_leads(NOW - timedelta(days=1), 9)
    assert (hot["wish"], datetime.fromisoformat(hot["meeting_at"])) == ("meeting", AT)


def test_a_meeting_that_is_over__makes_room_for_another(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.state.events.book(claim.id, AT)
    ledger.at(AT + timedelta(minutes=1))
    assert ledger.state.events.booking(claim.id).starts_at is None
    again = AT + timedelta(days=1)
    assert ledger.state.events.book(claim.id, again) == Booked(status="booked", starts_at=again)


def agreed_by_phone(ledger: Ledger, at: datetime | None, key: str = "c1") -> int:
    """A call in which a meeting was agreed. Its lead."""
    claim = ledger.accepted(channel="call")
    details = {"meeting_at": at.isoformat()} if at else {}
    ledger.hear(
        about(claim, key, disposition="meeting", milestones=("booked",), details=details), channel="call"
    )
    return claim.lead.lead_id


def test_a_time_agreed_by_phone__is_taken(ledger: Ledger) -> None:
    agreed_by_phone(ledger, AT)
    assert ledger.state.events.taken_slots(NOW) == [AT]
    assert ledger.state.events.book(ledger.accepted().id, AT).status == "taken"


def test_a_taken_time_agreed_by_phone__stands_as_a_clash(ledger: Ledger) -> None:
    ledger.state.events.book(ledger.accepted().id, AT)
    agreed_by_phone(ledger, AT)
    assert meetings(ledger) == [(AT, False), (AT, True)]
    assert ledger.state.events.taken_slots(NOW) == [AT]


@pytest.mark.parametrize("clashes", [True, False])
def test_a_meeting_agreed_without_a_time_of_its_own__gets_it_by_link(ledger: Ledger, clashes: bool) -> None:
    if clashes:
        ledger.state.events.book(ledger.accepted().id, AT)
    lead = agreed_by_phone(ledger, AT if clashes else None)
    ledger.plan(lead, enrolment_id=ledger.value("select id from enrolments where lead_id = %s", lead), step=2)
    touch = ledger.value("select id from touches where lead_id = %s and step = 2", lead)
    assert ledger.state.events.booking(touch).starts_at is None
    assert ledger.state.events.book(touch, LATER) == Booked(status="booked", starts_at=LATER)
    assert meetings(ledger)[-1] == (LATER, False)
    assert len(meetings(ledger)) == 1 + clashes
