"""The morning's sentence: who is due, who fits into the day, and why the others do not."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from typing import Any, Literal

import pytest

from functions.campaigns.planning import DayPlan, PlannedTouch
from functions.campaigns.preview import Room, preview_of, room_on
from shared.config import SenderSetting
from shared.gate import Rules
from shared.state.senders import DaySoFar

TODAY = date(2026, 11, 23)
NOON = datetime(2026, 11, 23, 17, tzinfo=UTC)
RULES = Rules.load()
WIDE: Any = {channel: Room(1_000, "WARMUP_CAP") for channel in ("call", "email", "sms")}


def touch(lead: int, channel: Literal["call", "email", "sms"], code: str | None = None) -> PlannedTouch:
    return PlannedTouch(
        lead_id=lead,
        enrolment_id=None,
        step=1,
        attempt=1,
        purpose="prospect",
        channel=channel,
        script_key="scripts/x",
        playbook_hash="p",
        day=TODAY,
        due_at=NOON,
        latest_at=NOON,
        window_closes_at=None,
        code=code,
        refused=code is not None,
    )


def test_preview__the_specified_sentence() -> None:
    """143 due: 96 by email, 22 without consent, 14 outside hours, 11 above the cap."""
    touches = [touch(n, "email") for n in range(107)]
    touches += [touch(200 + n, "call", "CONSENT_MISSING") for n in range(22)]
    touches += [touch(300 + n, "call", "OUTSIDE_WINDOW") for n in range(14)]
    found = preview_of(DayPlan(touches=touches), WIDE | {"email": Room(96, "WARMUP_CAP")}, {})
    assert (found.due, found.contacted) == (143, 96)
    assert found.sentence({"CONSENT_MISSING": "no consent for AI voice", "WARMUP_CAP": "the cap"}) == (
        "Of 143 due, 96 will be contacted; the rest not: 22 because no consent for AI voice, "
        "14 because OUTSIDE_WINDOW, 11 because the cap."
    )


def test_preview__counts_people_by_the_channel_that_reaches_them() -> None:
    """Somebody who may not be called and is mailed instead is contacted, and no reason is left."""
    plan = DayPlan(
        touches=[touch(1, "call", "CONSENT_MISSING"), touch(1, "email"), touch(2, "call", "COUNTRY")]
    )
    found = preview_of(plan, WIDE, {})
    assert (found.due, found.contacted, found.reasons) == (2, 1, Counter({"COUNTRY": 1}))


def test_preview__those_who_wait_since_yesterday_are_due_too() -> None:
    plan = DayPlan(touches=[touch(n, "email") for n in range(4)])
    found = preview_of(plan, WIDE | {"email": Room(5, "BUDGET")}, {"email": 3, "sms": 2})
    assert (found.due, found.contacted, found.reasons) == (9, 7, Counter({"BUDGET": 2}))


def test_preview__nobody_due() -> None:
    found = preview_of(DayPlan(), WIDE, {})
    assert (found.due, found.contacted, found.reasons) == (0, 0, Counter())


def so_far(**changes: Any) -> DaySoFar:
    known = {"set_up": True, "health": "healthy", "warmup_started_on": "2026-08-01"}
    found = {"waiting": {}, "spent": {}, "used": {}, "senders": {"email:a@x.example": known}}
    return DaySoFar.model_validate(found | changes)


def room(day: DaySoFar, **changes: Any) -> Room:
    usual: dict[str, Any] = {"usd_each": 0.001, "usd_a_day": 1.0}
    senders = [SenderSetting(channel="email", address="a@x.example")]
    return room_on("email", senders, day, today=TODAY, rules=RULES, **(usual | changes))


SENDER = {"set_up": True, "health": "healthy", "warmup_started_on": "2026-08-01"}


@pytest.mark.parametrize(
    ("day", "money", "expected"),
    [
        (so_far(), {}, Room(30, "WARMUP_CAP")),
        (so_far(used={"email:a@x.example": 12}), {}, Room(18, "WARMUP_CAP")),
        (so_far(used={"email:a@x.example": 31}), {}, Room(0, "WARMUP_CAP")),
        (so_far(), {"usd_a_day": 0.02}, Room(20, "BUDGET")),
        (so_far(spent={"email": 0.015}), {"usd_a_day": 0.02}, Room(5, "BUDGET")),
        (so_far(spent={"email": 2.0}), {}, Room(0, "BUDGET")),
        (so_far(), {"usd_each": 0.0}, Room(30, "WARMUP_CAP")),
        (so_far(senders={}), {}, Room(5, "WARMUP_CAP")),  # never on record: a first day
        (so_far(senders={"email:a@x.example": SENDER | {"set_up": False}}), {}, Room(0, "SENDER_SETUP")),
        (
            so_far(senders={"email:a@x.example": SENDER | {"health": "quarantined"}}),
            {},
            Room(0, "SENDER_HEALTH"),
        ),
        (
            so_far(senders={"email:a@x.example": SENDER | {"warmup_started_on": "2026-11-14"}}),
            {},
            Room(10, "WARMUP_CAP"),
        ),
    ],
)
def test_room__what_caps_and_budget_leave(day: DaySoFar, money: dict[str, float], expected: Room) -> None:
    assert room(day, **money) == expected


def test_room__without_a_sender_there_is_none() -> None:
    found = room_on("sms", [], so_far(), today=TODAY, rules=RULES, usd_each=0.01, usd_a_day=5.0)
    assert found == Room(0, "SENDER_SETUP")
