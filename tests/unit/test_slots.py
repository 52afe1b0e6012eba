"""Slots come out right in every zone, on every date, whichever way its clocks are set."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions import slots, stages
from functions.stages import Stage

FIRST, LAST = date(2024, 1, 1), date(2031, 12, 31)
TICK = timedelta(microseconds=1)
ZONES = [
    "America/New_York",
    "Europe/London",
    "Australia/Lord_Howe",  # half an hour
    "Pacific/Chatham",  # 02:45 to 03:45
    "America/Havana",  # midnight does not exist
    "Atlantic/Azores",  # midnight comes twice
    "Africa/Cairo",
    "America/Santiago",  # 23:00 comes twice
    "America/Nuuk",
    "Antarctica/Troll",  # two hours
    "Asia/Kathmandu",
    "Africa/Casablanca",
]
DAY_STAGES = [stage for stage in stages.STAGES if stage.period == "day"]
NEW_YORK = ZoneInfo("America/New_York")


def _dates() -> Iterator[date]:
    return (FIRST + timedelta(days=n) for n in range((LAST - FIRST).days + 1))


def _near_a_change(zone: ZoneInfo) -> list[date]:
    """Dates within a day of a change of clocks: the only ones on which two day stages could differ."""
    noon = [datetime(d.year, d.month, d.day, 12, tzinfo=zone) for d in _dates()]
    found: set[date] = set()
    for before, after in pairwise(noon):
        if before.utcoffset() != after.utcoffset():
            found |= {before.date() + timedelta(days=n) for n in range(-1, 3)}
    return sorted(found)


def _slot_on(stage: Stage, day: date, zone: ZoneInfo) -> datetime:
    return slots.slot_of(stage, day - timedelta(days=stage.days_back), zone)


@pytest.mark.parametrize("name", ZONES)
def test_a_day_stage__has_one_slot_on_each_local_date(name: str) -> None:
    zone, stage = ZoneInfo(name), stages.get("daily_metrics")
    found = [_slot_on(stage, day, zone) for day in _dates()]
    assert [slots.local_date(slot, zone) for slot in found] == list(_dates())
    assert all(before < after for before, after in pairwise(found))


@pytest.mark.parametrize("name", ZONES)
def test_a_day_slot__lasts_until_the_next_through_every_change_of_clocks(name: str) -> None:
    zone = ZoneInfo(name)
    for stage in DAY_STAGES:
        for day in _near_a_change(zone):
            slot = _slot_on(stage, day, zone)
            before = _slot_on(stage, day - timedelta(days=1), zone)
            assert slots.slot_for(stage, slot, zone) == slot
            assert slots.slot_for(stage, slot - TICK, zone) == before
            assert slots.next_slot(stage, before, zone) == slot
            assert slots.next_slot(stage, slot - TICK, zone) == slot


@pytest.mark.parametrize("name", ZONES)
def test_days_and_weeks__follow_each_other_without_gap_or_overlap(name: str) -> None:
    zone = ZoneInfo(name)
    day_stage, week_stage = stages.get("evening_report"), stages.get("weekly_learning_agent")
    for day in _near_a_change(zone):
        today = slots.period_for(day_stage, _slot_on(day_stage, day, zone), zone)
        tomorrow = slots.period_for(day_stage, _slot_on(day_stage, day + timedelta(days=1), zone), zone)
        assert (today.day, today.end) == (day, tomorrow.start)
        assert slots.local_date(today.start, zone) == day == slots.local_date(today.end - TICK, zone)
        week = slots.period_for(week_stage, slots.slot_of(week_stage, day, zone), zone)
        assert week.start <= today.start
        assert today.end <= week.end
        assert week.day is not None
        assert week.day.weekday() == 0


@pytest.mark.parametrize("name", ZONES)
def test_the_tick__has_a_slot_every_three_minutes_whatever_the_clocks_do(name: str) -> None:
    zone, tick = ZoneInfo(name), stages.get("outreach_tick")
    for day in _near_a_change(zone)[:12]:
        moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        for _ in range(0, 24 * 60, 30):
            moment += timedelta(minutes=30)
            assert slots.slot_for(tick, moment, zone) == moment
            assert slots.slot_for(tick, moment - TICK, zone) == moment - timedelta(minutes=3)
            assert slots.next_slot(tick, moment, zone) == moment + timedelta(minutes=3)


@given(
    moment=st.datetimes(datetime(2024, 1, 1), datetime(2031, 12, 31), timezones=st.just(UTC)),  # noqa: DTZ001
    name=st.sampled_from(ZONES),
    stage=st.sampled_from(stages.STAGES),
)
def test_a_slot__is_the_last_at_or_before_now(moment: datetime, name: str, stage: Stage) -> None:
    zone = ZoneInfo(name)
    slot, following = slots.slot_for(stage, moment, zone), slots.next_slot(stage, moment, zone)
    assert slot <= moment < following
    assert slots.next_slot(stage, slot, zone) == following
    assert slots.slot_for(stage, following - TICK, zone) == slot
    period = slots.period_for(stage, slot, zone)
    assert period.start < period.end


def test_a_time_that_does_not_exist__is_the_end_of_the_gap() -> None:
    havana = ZoneInfo("America/Havana")  # 2026-03-08 00:00 to 01:00
    slot = _slot_on(stages.get("daily_metrics"), date(2026, 3, 8), havana)
    assert slot.astimezone(havana).isoformat() == "2026-03-08T01:00:00-04:00"


def test_a_time_that_comes_twice__is_its_first_coming() -> None:
    azores = ZoneInfo("Atlantic/Azores")  # 2026-10-25 01:00 back to 00:00
    slot = _slot_on(stages.get("daily_metrics"), date(2026, 10, 25), azores)
    assert slot.astimezone(azores).isoformat() == "2026-10-25T00:05:00+00:00"
    second = slot + timedelta(hours=1)
    assert slots.slot_for(stages.get("daily_metrics"), second, azores) == slot


def test_a_week__runs_from_monday_to_monday_around_its_sunday_slot() -> None:
    stage = stages.get("weekly_learning_agent")
    slot = slots.slot_for(stage, datetime(2026, 11, 23, 12, tzinfo=UTC), NEW_YORK)
    period = slots.period_for(stage, slot, NEW_YORK)
    assert slot == datetime(2026, 11, 23, 1, tzinfo=UTC)  # Sunday 20:00 in New York
    assert (period.day, period.start) == (date(2026, 11, 16), datetime(2026, 11, 16, 5, tzinfo=UTC))
    assert period.end == datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_a_day__is_23_hours_long_when_clocks_go_forward() -> None:
    stage = stages.get("evening_report")
    period = slots.period_for(stage, _slot_on(stage, date(2026, 3, 8), NEW_YORK), NEW_YORK)
    assert period.end - period.start == timedelta(hours=23)
