"""Hours, weekdays, holidays, daylight saving, and the instants at which windows begin and end."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shared.gate import ContactRequest, Place, closes_at, decide, is_open, next_opening
from tests.unit.gate.passing import CALL, EMAIL, NOON_UTC, RULES, SMS, sender

NEW_YORK = ("America/New_York",)
COAST_TO_COAST = ("America/New_York", "America/Los_Angeles")


def local(zone: str, *parts: int) -> datetime:
    return datetime(*parts, tzinfo=ZoneInfo(zone))  # type: ignore[misc, arg-type]


def open_hours(channel: str, region: str | None, zones: tuple[str, ...], day: date) -> list[int]:
    """Whole hours of a date in the first zone at which the window is open."""
    place = Place(channel, "US", region, zones)  # type: ignore[arg-type]
    hours = [local(zones[0], day.year, day.month, day.day, hour) for hour in range(24)]
    return [at.hour for at in hours if is_open(at, place, RULES)]


WEDNESDAY = date(2026, 3, 4)


@pytest.mark.parametrize(
    ("region", "zone", "first", "last"),
    [
        ("NY", "America/New_York", 8, 17),
        ("FL", "America/New_York", 8, 17),
        ("CT", "America/New_York", 9, 17),
        ("IL", "America/Chicago", 9, 17),
        ("KY", "America/New_York", 10, 17),
        ("RI", "America/New_York", 9, 17),
        ("MI", "America/Detroit", 9, 17),
        ("TX", "America/Chicago", 9, 17),
        ("NV", "America/Los_Angeles", 9, 17),
        ("HI", "Pacific/Honolulu", 8, 17),
        (None, "America/New_York", 10, 17),
    ],
)
def test_hours__product_and_state_intersect(region: str | None, zone: str, first: int, last: int) -> None:
    expected = list(range(first, last + 1))
    assert open_hours("call", region, (zone,), WEDNESDAY) == expected
    assert open_hours("sms", region, (zone,), WEDNESDAY) == expected
    assert open_hours("email", region, (zone,), WEDNESDAY) == list(range(8, 18))


def test_hours__every_plausible_zone_must_be_open() -> None:
    assert open_hours("call", "TN", ("America/Chicago", "America/New_York"), WEDNESDAY) == list(range(8, 17))
    # The universal window of an unknown state: 1 PM to 6 PM Eastern.
    assert open_hours("call", None, COAST_TO_COAST, WEDNESDAY) == [13, 14, 15, 16, 17]
    assert open_hours("call", None, ("America/New_York", "Pacific/Guam"), WEDNESDAY) == []


@pytest.mark.parametrize("request_", [CALL, SMS, EMAIL], ids=lambda r: r.channel)
def test_hours__edges_to_the_second(request_: ContactRequest) -> None:
    edges = {(7, 59, 59): False, (8, 0, 0): True, (17, 59, 59): True, (18, 0, 0): False}
    for parts, expected in edges.items():
        at = local("America/New_York", 2026, 3, 4, *parts)
        assert decide(replace(request_, at=at), RULES).allowed == expected


@pytest.mark.parametrize("day", [date(2026, 3, 7), date(2026, 3, 8)])
def test_hours__weekends_are_closed(day: date) -> None:
    for channel in ("call", "sms", "email"):
        assert open_hours(channel, "NY", NEW_YORK, day) == []


def test_hours__a_widened_week_still_keeps_state_weekends() -> None:
    call = RULES.hours.windows["call"].model_copy(update={"days": ("sat", "sun")})
    hours = RULES.hours.model_copy(update={"windows": {**RULES.hours.windows, "call": call}})
    rules = replace(RULES, hours=hours)

    def opens(region: str, *day: int) -> list[int]:
        place = Place("call", "US", region, NEW_YORK)
        return [h for h in range(24) if is_open(local("America/New_York", *day, h), place, rules)]

    assert opens("RI", 2026, 3, 7) == []
    assert opens("AL", 2026, 3, 7) == list(range(8, 18))
    assert opens("AL", 2026, 3, 8) == []
    assert opens("TX", 2026, 3, 8) == list(range(12, 18))


@pytest.mark.parametrize(
    ("region", "day", "name"),
    [
        ("NY", date(2026, 7, 3), "Independence Day, observed"),
        ("NY", date(2026, 11, 26), "Thanksgiving"),
        ("RI", date(2026, 8, 10), "Victory Day, Rhode Island"),
        ("MA", date(2026, 4, 20), "Patriots' Day, Massachusetts"),
        ("FL", date(2026, 10, 12), "Columbus Day, federal whatever the state keeps"),
        (None, date(2026, 12, 25), "Christmas"),
    ],
)
def test_holidays__federal_and_of_the_state(region: str | None, day: date, name: str) -> None:
    at = local("America/New_York", day.year, day.month, day.day, 11)
    place = Place("email", "US", region, NEW_YORK)
    assert not is_open(at, place, RULES), name
    assert is_open(at + timedelta(days=2 if day.weekday() < 3 else 4), place, RULES)


def test_holidays__opened_by_the_owner_stay_closed_where_the_state_says_so() -> None:
    windows = {
        name: window.model_copy(update={"holidays": "open"}) for name, window in RULES.hours.windows.items()
    }
    rules = replace(RULES, hours=RULES.hours.model_copy(update={"windows": windows}))
    veterans_day = local("America/Chicago", 2026, 11, 11, 11)
    central = ("America/Chicago",)
    assert is_open(veterans_day, Place("call", "US", "TN", central), rules)
    assert not is_open(veterans_day, Place("call", "US", "AL", central), rules)
    assert not is_open(veterans_day, Place("sms", "US", "LA", central), rules)
    assert is_open(veterans_day, Place("email", "US", "LA", central), rules), "no law sets hours for email"


def test_holidays__of_another_state_do_not_count() -> None:
    assert open_hours("email", "NY", NEW_YORK, date(2026, 8, 10)) == list(range(8, 18))


def test_holidays__a_country_without_a_calendar_has_no_known_working_day() -> None:
    place = Place("email", "ZZ", None, NEW_YORK)
    assert not is_open(NOON_UTC, place, RULES)
    assert next_opening(NOON_UTC, place, RULES) is None


@pytest.mark.parametrize(
    ("start", "opening"),
    [
        ((2026, 3, 4, 5), (2026, 3, 4, 8)),
        ((2026, 3, 4, 11, 30), (2026, 3, 4, 11, 30)),
        ((2026, 3, 4, 18), (2026, 3, 5, 8)),
        # Friday evening, over the change to daylight saving on Sunday.
        ((2026, 3, 6, 19), (2026, 3, 9, 8)),
        # Thanksgiving is followed by a Friday that New York works.
        ((2026, 11, 25, 20), (2026, 11, 27, 8)),
        ((2026, 12, 24, 18), (2026, 12, 28, 8)),
    ],
)
def test_next_opening__new_york(start: tuple[int, ...], opening: tuple[int, ...]) -> None:
    found = next_opening(local("America/New_York", *start), Place("call", "US", "NY", NEW_YORK), RULES)
    assert found == local("America/New_York", *opening)
    assert found is not None
    assert found.tzinfo is UTC


def test_next_opening__waits_for_the_last_zone_to_open() -> None:
    place = Place("call", "US", None, COAST_TO_COAST)
    start = local("America/New_York", 2026, 3, 4, 9)
    assert next_opening(start, place, RULES) == local("America/Los_Angeles", 2026, 3, 4, 10)
    assert closes_at(local("America/New_York", 2026, 3, 4, 14), place, RULES) == local(
        "America/New_York", 2026, 3, 4, 18
    )


def test_closes_at__none_when_closed() -> None:
    place = Place("call", "US", "NY", NEW_YORK)
    assert closes_at(local("America/New_York", 2026, 3, 4, 7), place, RULES) is None


# Zone: (offset in January, offset in July) in hours.
OFFSETS = {
    "America/New_York": (-5.0, -4.0),
    "America/Phoenix": (-7.0, -7.0),
    "Pacific/Honolulu": (-10.0, -10.0),
    "Australia/Lord_Howe": (11.0, 10.5),
}


@pytest.mark.parametrize("zone", OFFSETS)
def test_daylight_saving__every_date_opens_at_eight_and_closes_at_six_local(zone: str) -> None:
    place = Place("email", "US", None, (zone,))
    day, seen = date(2024, 1, 1), set()
    while day < date(2032, 1, 1):
        opens = local(zone, day.year, day.month, day.day, 8).astimezone(UTC)
        closes = local(zone, day.year, day.month, day.day, 18).astimezone(UTC)
        seen.add(
            (local(zone, day.year, day.month, day.day, 8).utcoffset() or timedelta()).total_seconds() / 3600
        )
        if is_open(opens, place, RULES):
            assert not is_open(opens - timedelta(microseconds=1), place, RULES)
            assert closes_at(opens, place, RULES) == closes
            assert is_open(closes - timedelta(microseconds=1), place, RULES)
            assert not is_open(closes, place, RULES)
            assert next_opening(opens - timedelta(hours=6), place, RULES) == opens
        day += timedelta(days=1)
    assert seen == set(OFFSETS[zone])


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"vendor_open": False}, NOON_UTC + timedelta(minutes=5)),
        ({"sender": sender(healthy=False)}, NOON_UTC + timedelta(minutes=60)),
        ({"sender": sender(last_sent_at=NOON_UTC - timedelta(minutes=2))}, NOON_UTC + timedelta(minutes=3)),
        ({"sender": sender(sent_last_hour=20)}, NOON_UTC + timedelta(minutes=15)),
        ({"sender": sender(sent_today=50)}, local("America/New_York", 2026, 3, 5, 8)),
        (
            {"sender": sender(sent_today=50, resets_at=NOON_UTC + timedelta(hours=2))},
            NOON_UTC + timedelta(hours=2),
        ),
        ({"budget_left": 0.0}, local("America/New_York", 2026, 3, 5, 8)),
        ({"touches_24h": 1}, NOON_UTC + timedelta(hours=24)),
        ({"touches_24h": 1, "last_touch_at": NOON_UTC - timedelta(hours=3)}, NOON_UTC + timedelta(hours=21)),
        (
            {"touches_24h": 1, "last_touch_at": local("America/New_York", 2026, 3, 3, 19)},
            local("America/New_York", 2026, 3, 4, 19) + timedelta(hours=13),
        ),
        ({"touches_7d": 3}, NOON_UTC + timedelta(hours=24)),
        ({"touches_total": 6}, None),
        ({"touches_24h": None}, None),
        ({"in_conversation": True}, None),
        ({"held_out": True}, None),
        ({"suppressed": True}, None),
        ({"sender": None}, NOON_UTC + timedelta(minutes=60)),
        ({"zones": ("Etc/Nowhere",)}, None),
    ],
)
def test_retry_at__when_waiting_helps(changes: dict[str, Any], expected: datetime | None) -> None:
    assert decide(replace(CALL, **changes), RULES).retry_at == expected


def test_retry_at__an_opt_out_is_confirmed_at_once_or_never() -> None:
    late = replace(SMS, purpose="confirm_opt_out", trigger_at=NOON_UTC, vendor_open=False)
    assert decide(late, RULES).reason == "VENDOR_LIMIT"
    assert decide(late, RULES).retry_at is None


def test_retry_at__tomorrow_means_tomorrow_in_every_zone() -> None:
    past_midnight_in_new_york = datetime(2026, 3, 5, 5, 30, tzinfo=UTC)
    reply = replace(
        CALL,
        purpose="reply",
        at=past_midnight_in_new_york,
        trigger_at=past_midnight_in_new_york,
        zones=COAST_TO_COAST,
        budget_left=0.0,
    )
    assert decide(reply, RULES).retry_at == local("America/Los_Angeles", 2026, 3, 6, 8)
