"""The world's clock, its working hours and its law."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.clock import VirtualClock
from simulator.world.law import may_ring
from simulator.world.working_hours import add_working_time, next_working_moment, on_the_half_hour
from tests.unit.simulator.worlds import MONDAY

NEW_YORK = "America/New_York"
YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def _local(text: str, zone: str = NEW_YORK) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


def test_clock__never_goes_back() -> None:
    clock = VirtualClock(MONDAY)
    clock.advance_to(MONDAY - timedelta(days=1))
    assert clock.now == MONDAY


def test_clock__refuses_a_start_without_a_zone() -> None:
    with pytest.raises(ValueError, match="aware"):
        VirtualClock(datetime(2026, 10, 5))  # noqa: DTZ001 - that is the point


@pytest.mark.parametrize(
    ("start", "hours", "end"),
    [
        ("2026-10-05T09:00", 2, "2026-10-05T11:00"),
        ("2026-10-05T17:00", 2, "2026-10-06T09:00"),
        ("2026-10-09T17:30", 1, "2026-10-12T08:30"),
        ("2026-10-10T12:00", 1, "2026-10-12T09:00"),
        ("2026-10-05T05:00", 0.5, "2026-10-05T08:30"),
        ("2026-10-30T17:00", 2, "2026-11-02T09:00"),
    ],
)
def test_working_time__passes_only_while_people_are_at_work(start: str, hours: float, end: str) -> None:
    found = add_working_time(_local(start), timedelta(hours=hours), NEW_YORK)
    assert found == _local(end)


@given(
    st.integers(0, 365 * 24 * 60).map(lambda minutes: YEAR + timedelta(minutes=minutes)),
    st.floats(0, 90),
    st.sampled_from([NEW_YORK, "Pacific/Honolulu", "America/Phoenix"]),
)
def test_working_time__ends_at_work_and_never_in_the_past(at: datetime, hours: float, zone: str) -> None:
    end = add_working_time(at, timedelta(hours=hours), zone)
    local = end.astimezone(ZoneInfo(zone))
    assert end >= at
    assert local.weekday() < 5
    assert 8 <= local.hour + local.minute / 60 <= 18


def test_appointments__are_on_the_half_hour() -> None:
    assert on_the_half_hour(_local("2026-10-05T10:07"), NEW_YORK) == _local("2026-10-05T10:30")
    assert on_the_half_hour(_local("2026-10-05T17:40"), NEW_YORK) == _local("2026-10-06T08:00")
    assert next_working_moment(_local("2026-10-05T18:00"), NEW_YORK) == _local("2026-10-06T08:00")


@pytest.mark.parametrize(
    ("state", "zone", "at", "allowed"),
    [
        ("CO", "America/Denver", "2026-10-05T08:00", True),
        ("CO", "America/Denver", "2026-10-05T07:59", False),
        ("CO", "America/Denver", "2026-10-05T20:59", True),
        ("CO", "America/Denver", "2026-10-05T21:00", False),
        ("FL", NEW_YORK, "2026-10-05T20:00", False),
        ("KY", "America/Chicago", "2026-10-05T09:30", False),
        ("AL", "America/Chicago", "2026-10-04T12:00", False),
        ("LA", "America/Chicago", "2026-11-26T12:00", False),
        ("CO", "America/Denver", "2026-11-26T12:00", True),
        ("TX", "America/Chicago", "2026-10-04T11:00", False),
        ("TX", "America/Chicago", "2026-10-04T12:00", True),
        ("RI", NEW_YORK, "2026-10-05T18:00", False),
        ("", NEW_YORK, "2026-10-05T12:00", True),
    ],
)
def test_law__knows_the_hours_of_states(state: str, zone: str, at: str, allowed: bool) -> None:
    assert may_ring(state, zone, _local(at, zone)) is allowed
