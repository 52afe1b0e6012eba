"""The hours at which somebody may be contacted, written down a second time, to judge the gate by.

Nothing here is read from `directives/rules`, `shared.zones` or a time zone database: the table is copied from
the sources themselves, daylight saving time is counted from 15 U.S.C. 260a, federal holidays from 5 U.S.C.
6103. Where two readings of a state's hours disagree, the narrower one stands here. Only the states' own
holidays come from the `holidays` package, which is data on both sides.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cache
from typing import Final, Literal

Verdict = Literal["STATE_BLOCKED", "REGISTRATION", "OUTSIDE_WINDOW", "HOLIDAY"]
Hours = tuple[int, int] | None

CLOSED: Final = None
FEDERAL: Final = (8, 21)
UNKNOWN_STATE: Final = (10, 18)

# State: hours on weekdays, on Saturday, on Sunday.
STATE_HOURS: Final[dict[str, tuple[Hours, Hours, Hours]]] = {
    "AL": ((8, 20), (8, 20), CLOSED),
    "CT": ((9, 20), (9, 20), (9, 20)),
    "FL": ((8, 20), (8, 20), (8, 20)),
    "IL": ((9, 21), (9, 21), (9, 21)),
    "KY": ((10, 21), (10, 21), (10, 21)),
    "LA": ((8, 20), (8, 20), CLOSED),
    "MA": ((8, 20), (8, 20), (8, 20)),
    "MD": ((8, 20), (8, 20), (8, 20)),
    "MI": ((9, 21), (9, 21), (9, 21)),
    "MN": ((9, 21), (9, 21), (9, 21)),
    "MS": ((8, 20), (8, 20), CLOSED),
    "NM": ((9, 21), (9, 21), (9, 21)),
    "NV": ((9, 20), (9, 20), (9, 20)),
    "OK": ((8, 20), (8, 20), (8, 20)),
    "PA": ((8, 21), (8, 21), CLOSED),
    "RI": ((9, 18), CLOSED, CLOSED),
    "TX": ((9, 21), (9, 21), (12, 21)),
    "UT": ((8, 21), (8, 21), (8, 21)),
    "VA": ((8, 21), (8, 21), (8, 21)),
    "WA": ((8, 20), (8, 20), (8, 20)),
}
AI_CALLS_BLOCKED: Final = frozenset({"OK"})
RESTS_ON_HOLIDAYS: Final = frozenset({"AL", "LA", "PA", "UT"})
SELLERS_REGISTER: Final = frozenset({"TX"})

# Zone: hours from UTC in standard time, and whether it keeps daylight saving time.
ZONES: Final[dict[str, tuple[int, bool]]] = {
    **dict.fromkeys(
        (
            "America/New_York",
            "America/Detroit",
            "America/Kentucky/Louisville",
            "America/Kentucky/Monticello",
            "America/Indiana/Indianapolis",
            "America/Indiana/Vincennes",
            "America/Indiana/Winamac",
            "America/Indiana/Marengo",
            "America/Indiana/Petersburg",
            "America/Indiana/Vevay",
        ),
        (-5, True),
    ),
    **dict.fromkeys(
        (
            "America/Chicago",
            "America/Menominee",
            "America/Indiana/Tell_City",
            "America/Indiana/Knox",
            "America/North_Dakota/Center",
            "America/North_Dakota/New_Salem",
            "America/North_Dakota/Beulah",
        ),
        (-6, True),
    ),
    **dict.fromkeys(("America/Denver", "America/Boise"), (-7, True)),
    "America/Phoenix": (-7, False),
    "America/Los_Angeles": (-8, True),
    **dict.fromkeys(
        (
            "America/Anchorage",
            "America/Juneau",
            "America/Sitka",
            "America/Metlakatla",
            "America/Yakutat",
            "America/Nome",
        ),
        (-9, True),
    ),
    "America/Adak": (-10, True),
    "Pacific/Honolulu": (-10, False),
    "America/Puerto_Rico": (-4, False),
    "America/St_Thomas": (-4, False),
    "Pacific/Guam": (10, False),
    "Pacific/Saipan": (10, False),
    "Pacific/Pago_Pago": (-11, False),
}


@dataclass(frozen=True)
class OwnerHours:
    """When the owner lets the product contact people: hours, days counted from Monday as 0, holidays."""

    opens: int
    closes: int
    days: frozenset[int]
    rests_on_holidays: bool


SHIPPED: Final = OwnerHours(8, 18, frozenset(range(5)), rests_on_holidays=True)
WIDEST: Final = OwnerHours(8, 21, frozenset(range(7)), rests_on_holidays=False)


def verdict(
    at: datetime, zone: str, region: str | None, channel: str, owner: OwnerHours, *, registered: bool
) -> Verdict | None:
    """Why nobody there may be contacted at this instant; None where they may be."""
    if channel != "email" and region in AI_CALLS_BLOCKED:
        return "STATE_BLOCKED"
    if channel != "email" and region in SELLERS_REGISTER and not registered:
        return "REGISTRATION"
    local = wall_clock(at, zone)
    if not _within(local, region, channel, owner):
        return "OUTSIDE_WINDOW"
    by_law = channel != "email" and region in RESTS_ON_HOLIDAYS
    rests = owner.rests_on_holidays or by_law
    return "HOLIDAY" if rests and _is_holiday(local.date(), region) else None


def wall_clock(at: datetime, zone: str) -> datetime:
    """What a clock on the wall shows there, as a naive time."""
    hours, saves_daylight = ZONES[zone]
    standard = at.astimezone(UTC).replace(tzinfo=None) + timedelta(hours=hours)
    return standard + timedelta(hours=saves_daylight and _is_summer(standard))


def _is_summer(standard: datetime) -> bool:
    """From the second Sunday of March at two to the first of November at two, which is one in standard."""
    begins, ends = _nth_weekday(standard.year, 3, 6, 2), _nth_weekday(standard.year, 11, 6, 1)
    return (begins, 2) <= (standard.date(), standard.hour) and (standard.date(), standard.hour) < (ends, 1)


def _within(local: datetime, region: str | None, channel: str, owner: OwnerHours) -> bool:
    if local.weekday() not in owner.days or not owner.opens <= local.hour < owner.closes:
        return False
    if channel == "email":
        return True
    of_law = _of_law(local.weekday(), region)
    return of_law is not None and of_law[0] <= local.hour < of_law[1]


def _of_law(weekday: int, region: str | None) -> Hours:
    if region is None:
        return UNKNOWN_STATE
    workdays, saturday, sunday = STATE_HOURS.get(region, (FEDERAL, FEDERAL, FEDERAL))
    return {5: saturday, 6: sunday}.get(weekday, workdays)


def _is_holiday(day: date, region: str | None) -> bool:
    return day in federal_holidays(day.year) or day in _state_holidays(region, day.year)


@cache
def federal_holidays(year: int) -> frozenset[date]:
    """The eleven days of 5 U.S.C. 6103, and the weekday that is kept when one falls on a weekend."""
    fixed = [
        date(y, m, d) for y in (year, year + 1) for m, d in ((1, 1), (6, 19), (7, 4), (11, 11), (12, 25))
    ]
    moving = [
        _nth_weekday(year, 1, 0, 3),
        _nth_weekday(year, 2, 0, 3),
        _nth_weekday(year, 9, 0, 1),
        _nth_weekday(year, 10, 0, 2),
        _nth_weekday(year, 11, 3, 4),
        _nth_weekday(year, 6, 0, 1) - timedelta(days=7),  # the last Monday of May
    ]
    return frozenset(day for each in (*fixed, *moving) for day in (each, _kept_on(each)) if day.year == year)


def _kept_on(day: date) -> date:
    return day + timedelta(days={5: -1, 6: 1}.get(day.weekday(), 0))


def _nth_weekday(year: int, month: int, weekday: int, nth: int) -> date:
    first = date(year, month, 1)
    return first + timedelta(days=(weekday - first.weekday()) % 7 + 7 * (nth - 1))


@cache
def _state_holidays(region: str | None, year: int) -> frozenset[date]:
    import holidays

    if region not in holidays.list_supported_countries()["US"]:
        return frozenset()
    return frozenset(iter(holidays.country_holidays("US", subdiv=region, years=year)))
