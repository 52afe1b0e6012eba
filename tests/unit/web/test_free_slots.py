"""Which times a booking page offers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from functions.web.free_slots import free_slots
from shared.directives.outreach import Meetings

NEW_YORK = ZoneInfo("America/New_York")


def meetings(**changes: Any) -> Meetings:
    usual = {"minutes": 15, "start_hours": (10, 14), "days_ahead": 7, "notice_hours": 3}
    return Meetings.model_validate(usual | changes)


def here(day: int, hour: int, minute: int = 0, month: int = 9) -> datetime:
    return datetime(2026, month, day, hour, minute, tzinfo=NEW_YORK)


def local(found: list[datetime]) -> list[tuple[int, int]]:
    return [(at.astimezone(NEW_YORK).day, at.astimezone(NEW_YORK).hour) for at in found]


def test_a_week__has_its_business_days_only() -> None:
    # Thursday; the Labor Day weekend is long over.
    found = local(free_slots(here(17, 6), [], meetings(), NEW_YORK))
    assert found == [(day, hour) for day in (17, 18, 21, 22, 23, 24) for hour in (10, 14)]


def test_a_federal_holiday__is_no_business_day() -> None:
    found = local(free_slots(here(8, 6, month=10), [], meetings(), NEW_YORK))
    assert {day for day, _ in found} == {8, 9, 13, 14, 15}  # the 12th is Columbus Day


def test_a_holiday_observed_on_a_weekday__is_no_business_day() -> None:
    found = local(free_slots(here(1, 6, month=7), [], meetings(days_ahead=3), NEW_YORK))
    assert {day for day, _ in found} == {1, 2}  # the 4th is a Saturday and kept on the 3rd


def test_notice__is_kept_to_the_minute() -> None:
    days = meetings(days_ahead=1)
    assert local(free_slots(here(17, 7), [], days, NEW_YORK))[0] == (17, 10)
    assert local(free_slots(here(17, 7, 1), [], days, NEW_YORK))[0] == (17, 14)


def test_the_day__is_the_owners_and_not_that_of_greenwich() -> None:
    # 21:00 on Thursday in New York is Friday in UTC; seven days ahead ends on the next Thursday.
    found = local(free_slots(here(17, 21).astimezone(UTC), [], meetings(), NEW_YORK))
    assert (found[0], found[-1]) == ((18, 10), (24, 14))


def test_a_taken_time__is_gone_and_so_is_what_overlaps_it() -> None:
    day, rule = here(17, 6), meetings(start_hours=(10, 11, 14), days_ahead=1, minutes=30)
    taken = [here(17, 10), here(17, 10, 31), here(17, 13, 30), here(18, 14, 29).astimezone(UTC)]
    assert local(free_slots(day, taken, rule, NEW_YORK)) == [(17, 14), (18, 10), (18, 11)]


def test_all_taken__offers_nothing() -> None:
    rule = meetings(days_ahead=1)
    assert free_slots(here(17, 6), free_slots(here(17, 6), [], rule, NEW_YORK), rule, NEW_YORK) == []


def test_clocks_set_back__the_hour_on_the_wall_stays() -> None:
    # Friday 30 October 2026 to Monday 2 November: the clocks go back on the Sunday between.
    found = free_slots(here(30, 6, month=10), [], meetings(start_hours=(10,), days_ahead=3), NEW_YORK)
    assert [at.hour for at in found] == [14, 15]
    assert all(at.tzinfo is UTC for at in found)


def test_an_hour_that_the_clocks_skip__is_not_offered() -> None:
    # Cairo goes forward at midnight to a Friday.
    cairo = ZoneInfo("Africa/Cairo")
    now = datetime(2026, 4, 23, 1, tzinfo=cairo)
    rule = meetings(start_hours=(0, 9), days_ahead=1, notice_hours=0)
    found = [at.astimezone(cairo) for at in free_slots(now, [], rule, cairo)]
    assert [(at.day, at.hour) for at in found] == [(23, 9), (24, 9)]


@given(
    minutes=st.integers(0, 2 * 365 * 24 * 60),
    taken_hours=st.lists(st.integers(0, 240), max_size=8),
    zone=st.sampled_from(["America/New_York", "America/Phoenix", "Pacific/Honolulu", "Europe/London"]),
)
def test_any_moment__offers_only_what_may_be_booked(minutes: int, taken_hours: list[int], zone: str) -> None:
    owner, rule = ZoneInfo(zone), meetings()
    now = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    taken = [now + timedelta(hours=hours, minutes=7) for hours in taken_hours]
    found = free_slots(now, taken, rule, owner)
    assert found == sorted(set(found))
    for at in found:
        wall = at.astimezone(owner)
        assert at >= now + timedelta(hours=3)
        assert (wall.date() - now.astimezone(owner).date()).days <= 7
        assert wall.weekday() < 5
        assert (wall.hour, wall.minute) in {(10, 0), (14, 0)}
        assert all(abs(at - each) >= timedelta(minutes=15) for each in taken)
