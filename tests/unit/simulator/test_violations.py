"""Each rule, broken and kept, in a world of one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from simulator.agenda import Delivery, Effect
from simulator.record import Contact, Record
from simulator.violations import violations
from simulator.world import World
from tests.unit.simulator.worlds import ADA, ADA_CONSENTS, ADA_ID, MONDAY, ada_world, world_of

NUMBER = "+15555550123"
CLEAN = {"sent_twice": 0, "outside_window": 0, "after_opt_out": 0, "without_consent": 0}
HOUR = timedelta(hours=1)


def _mobile_world() -> World:
    return next(world for seed in range(50) if (world := ada_world(seed)).lines[NUMBER].mobile)


def _contact(channel: str, at: datetime = MONDAY, n: int = 1, **changes: str | None) -> Contact:
    content = None if channel == "call" else f"text {n}"
    base = Contact(ADA_ID, channel, NUMBER, at, n, f"{channel}-{n}", content, "delivered")
    return replace(base, **changes)  # type: ignore[arg-type]


def _record(*contacts: Contact) -> Record:
    record = Record()
    for contact in contacts:
        record.accept(contact)
    return record


def _tell(record: Record, at: datetime, effect: Effect, channel: str = "sms") -> None:
    record.arrived(Delivery(at, ADA_ID, channel, 1, 0, "inbound", "none", "", b"", "", "", effect=effect), at)


def test_lawful_contacts__break_nothing() -> None:
    record = _record(_contact("call"), _contact("email"), _contact("sms", MONDAY + HOUR))
    assert violations(record, _mobile_world()) == CLEAN


@pytest.mark.parametrize("channel", ["call", "email", "sms"])
def test_sent_twice__two_contacts_on_one_channel_within_20_hours(channel: str) -> None:
    record = _record(_contact(channel), _contact(channel, MONDAY + 2 * HOUR, 2))
    assert violations(record, _mobile_world()) == CLEAN | {"sent_twice": 1}


def test_sent_twice__a_day_later_is_the_next_touch() -> None:
    record = _record(_contact("email"), _contact("email", MONDAY + 24 * HOUR, 2))
    assert violations(record, _mobile_world()) == CLEAN


def test_sent_twice__one_reference_accepted_again_counts_however_late() -> None:
    again = _contact("email", MONDAY + timedelta(days=3), 2, reference="email-1")
    assert violations(_record(_contact("email"), again), _mobile_world()) == CLEAN | {"sent_twice": 1}


def test_sent_twice__an_answer_to_the_person_is_no_copy() -> None:
    record = _record(_contact("email"), _contact("email", MONDAY + 2 * HOUR, 2))
    _tell(record, MONDAY + HOUR, Effect(act="question"), "email")
    assert violations(record, _mobile_world()) == CLEAN


def test_sent_twice__the_same_words_are_a_copy_even_in_a_conversation() -> None:
    record = _record(_contact("email"), _contact("email", MONDAY + 2 * HOUR, 2, content="text 1"))
    _tell(record, MONDAY + HOUR, Effect(act="question"), "email")
    assert violations(record, _mobile_world()) == CLEAN | {"sent_twice": 1}


def test_sent_twice__a_second_call_needs_a_wish_since_the_first() -> None:
    record = _record(_contact("call"), _contact("call", MONDAY + 2 * HOUR, 2))
    _tell(record, MONDAY - HOUR, Effect(act="positive"), "email")
    assert violations(record, _mobile_world())["sent_twice"] == 1
    _tell(record, MONDAY + HOUR, Effect(act="callback"), "call")
    assert violations(record, _mobile_world())["sent_twice"] == 0


@pytest.mark.parametrize(("channel", "broken"), [("call", 1), ("sms", 1), ("email", 0)])
def test_outside_window__counts_what_rings(channel: str, broken: int) -> None:
    night = datetime(2026, 10, 6, 4, tzinfo=UTC)
    assert violations(_record(_contact(channel, night)), _mobile_world())["outside_window"] == broken


def test_outside_window__goes_by_where_the_person_truly_is() -> None:
    half_past_seven = datetime(2026, 10, 5, 17, 30, tzinfo=UTC)
    honolulu = world_of([ADA | {"city": "Honolulu", "state": "HI"}], ADA_CONSENTS)
    assert violations(_record(_contact("call", half_past_seven)), honolulu)["outside_window"] == 1
    assert violations(_record(_contact("call", half_past_seven)), ada_world())["outside_window"] == 0


def test_outside_window__an_answer_within_five_minutes_is_not_counted() -> None:
    night = datetime(2026, 10, 6, 4, tzinfo=UTC)
    record = _record(_contact("sms", night + timedelta(minutes=4)), _contact("sms", night + 2 * HOUR, 2))
    _tell(record, night, Effect(act="question"))
    assert violations(record, _mobile_world())["outside_window"] == 1


@pytest.mark.parametrize("channel", ["call", "email", "sms"])
def test_after_opt_out__any_channel_counts(channel: str) -> None:
    record = _record(_contact(channel, MONDAY + HOUR))
    _tell(record, MONDAY, Effect(stop=True), "email")
    assert violations(record, _mobile_world()) == CLEAN | {"after_opt_out": 1}


def test_after_opt_out__what_was_on_its_way_before_does_not_count() -> None:
    record = _record(_contact("email", MONDAY - timedelta(seconds=1)))
    _tell(record, MONDAY, Effect(stop=True), "email")
    assert violations(record, _mobile_world()) == CLEAN


def test_after_opt_out__one_confirming_text_is_allowed_and_a_second_is_not() -> None:
    at = MONDAY + timedelta(minutes=1)
    record = _record(_contact("sms", at))
    _tell(record, MONDAY, Effect(stop=True))
    assert violations(record, _mobile_world()) == CLEAN
    record.accept(_contact("sms", at + timedelta(minutes=1), 2))
    assert violations(record, _mobile_world())["after_opt_out"] == 1


def test_without_consent__calls_to_cell_phones_and_texts_need_it() -> None:
    seed = _mobile_world().seed
    bare = world_of([ADA], (), seed)
    record = _record(_contact("call"), _contact("sms"), _contact("email"))
    assert violations(record, bare) == CLEAN | {"without_consent": 2}


def test_without_consent__landlines_need_none_for_calls() -> None:
    landline = next(w for seed in range(99) if not (w := world_of([ADA], (), seed)).lines[NUMBER].mobile)
    assert violations(_record(_contact("call")), landline) == CLEAN


def test_without_consent__a_consent_given_later_does_not_help() -> None:
    later = [consent | {"given_on": "2026-10-09"} for consent in ADA_CONSENTS]
    world = world_of([ADA], later, _mobile_world().seed)
    assert violations(_record(_contact("call"), _contact("sms")), world)["without_consent"] == 2


def test_without_consent__asking_for_a_call_is_consent_to_it() -> None:
    world = world_of([ADA], (), _mobile_world().seed)
    record = _record(_contact("call", MONDAY + HOUR))
    _tell(record, MONDAY, Effect(act="callback"), "email")
    assert violations(record, world) == CLEAN


def test_strangers__are_nobodys_violation() -> None:
    record = _record(_contact("sms", person=None), _contact("sms", MONDAY + HOUR, 2, person=None))
    assert violations(record, _mobile_world()) == CLEAN
    assert record.sent() == {"call": 0, "email": 0, "sms": 0}


def test_without_consent__a_booking_from_a_text_is_no_opt_in() -> None:
    record = _record(_contact("sms", MONDAY + 24 * HOUR, 2))
    _tell(record, MONDAY, Effect(act="booked"))
    assert violations(record, world_of([ADA], seed=1)) == CLEAN | {"without_consent": 1}
