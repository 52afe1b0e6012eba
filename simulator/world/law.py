"""The law as the world knows it, for judging, not for deciding.

Hours a telephone may ring or a text may arrive, in the recipient's own zone: 47 CFR 64.1200(c)(1) says 8 to
21, and states say less. Written apart from the loop's rules on purpose.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from functools import cache
from zoneinfo import ZoneInfo

import holidays

SATURDAY, SUNDAY = 5, 6


@dataclass(frozen=True)
class Hours:
    """Lawful hours of one state, as whole local hours; `None` for a day without any."""

    weekday: tuple[int, int] = (8, 21)
    saturday: tuple[int, int] | None = (8, 21)
    sunday: tuple[int, int] | None = (8, 21)
    on_holidays: bool = True


def _daily(start: int, end: int) -> Hours:
    return Hours((start, end), (start, end), (start, end))


FEDERAL = Hours()
STATES = {
    "AL": Hours((8, 20), (8, 20), None, on_holidays=False),
    "CT": _daily(9, 20),
    "FL": _daily(8, 20),
    "IL": _daily(9, 21),
    "KY": _daily(10, 21),
    "LA": Hours((8, 20), (8, 20), None, on_holidays=False),
    "MA": _daily(8, 20),
    "MD": _daily(8, 20),
    "MI": _daily(9, 21),
    "MN": _daily(9, 21),
    "MS": Hours((8, 20), (8, 20), None),
    "NM": _daily(9, 21),
    "NV": _daily(9, 20),
    "OK": _daily(8, 20),
    "PA": Hours((8, 21), (8, 21), (14, 21), on_holidays=False),
    "RI": Hours((9, 18), (10, 17), None, on_holidays=False),
    "TX": Hours((9, 21), (9, 21), (12, 21)),
    "WA": _daily(8, 20),
}


@cache
def _holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("US", years=year))


def may_ring(state: str, zone: str, at: datetime) -> bool:
    """Whether a call or text may reach somebody in this state and zone at this instant."""
    local = at.astimezone(ZoneInfo(zone))
    hours = STATES.get(state, FEDERAL)
    if not hours.on_holidays and local.date() in _holidays(local.year):
        return False
    day = {SATURDAY: hours.saturday, SUNDAY: hours.sunday}.get(local.weekday(), hours.weekday)
    return day is not None and day[0] <= local.hour < day[1]
