"""When a person may be reached: local hours, weekdays and holidays in every zone they may be in.

A window is open when it is open in each plausible zone at once. All instants are aware datetimes; answers are
in UTC. Daylight saving needs no rule of its own: every comparison is made on the zone's own wall clock.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from typing import Final, Literal
from zoneinfo import ZoneInfo

from shared.gate.rules import DAYS, Hours, Rules, StateRule
from shared.providers.channel import ChannelName

# How far ahead an opening is looked for. A step expires after 7 days; no run of holidays comes near 14.
_HORIZON_DAYS: Final = 14

Span = tuple[time, time]


@dataclass(frozen=True)
class Place:
    """Where and how somebody is to be reached: all that a window depends on besides the clock."""

    channel: ChannelName
    country: str | None
    region: str | None
    zones: tuple[str, ...]


def in_hours(at: datetime, place: Place, rules: Rules) -> bool:
    """Whether weekday and hour are right in every zone; False where a zone is unknown. Ignores holidays."""
    zones = _zones(place)
    return bool(zones) and all(_in_hours(at.astimezone(zone), place, rules) for zone in zones)


def on_holiday(at: datetime, place: Place, rules: Rules) -> bool:
    """Whether it is a public holiday in any of the zones, and the channel or the state rests on those."""
    if not _rests_on_holidays(place, rules):
        return False
    return any(_is_holiday(at.astimezone(zone).date(), place) for zone in _zones(place))


def is_open(at: datetime, place: Place, rules: Rules) -> bool:
    """Neither OUTSIDE_WINDOW nor HOLIDAY."""
    return in_hours(at, place, rules) and not on_holiday(at, place, rules)


def next_opening(start: datetime, place: Place, rules: Rules) -> datetime | None:
    """The first instant from `start` on at which the window is open; None when none comes within two weeks.

    Windows can only begin to be open in all zones when one of them opens, so only those instants are tried.
    """
    if not _zones(place):
        return None
    start = start.astimezone(UTC)
    openings = heapq.merge(*(_openings(zone, start, place, rules) for zone in _zones(place)))
    candidates = itertools.chain([start], openings)
    return next((at for at in candidates if at >= start and is_open(at, place, rules)), None)


def closes_at(at: datetime, place: Place, rules: Rules) -> datetime | None:
    """When the window that is open at `at` ends; None when it is not open.

    This is the `latest` of a message: what a provider holds back must be dropped then.
    """
    if not is_open(at, place, rules):
        return None
    return min(_closing(at.astimezone(zone), place, rules) for zone in _zones(place)).astimezone(UTC)


def next_day(at: datetime, place: Place) -> datetime | None:
    """The first instant at which it is a later date in every zone; None where a zone is unknown."""
    zones = _zones(place)
    midnights = [
        datetime.combine(at.astimezone(zone).date() + timedelta(days=1), time(), tzinfo=zone)
        for zone in zones
    ]
    return max((each.astimezone(UTC) for each in midnights), default=None)


def hours_on(day: date, place: Place, rules: Rules) -> Span | None:
    """Local opening and closing time on a date, holidays aside; None when that weekday is closed."""
    window = rules.hours.windows[place.channel]
    if DAYS[day.weekday()] not in window.days:
        return None
    bounds: list[Span] = [(window.opens, window.closes)]
    if place.channel != "email":
        of_state = _state_hours(day, place, rules)
        if of_state is None:
            return None
        bounds += [(rules.hours.federal.opens, rules.hours.federal.closes), of_state]
    opens, closes = max(each[0] for each in bounds), min(each[1] for each in bounds)
    return (opens, closes) if opens < closes else None


def _state_hours(day: date, place: Place, rules: Rules) -> Span | None:
    if place.region is None or place.country != "US":
        return rules.hours.unknown_state.opens, rules.hours.unknown_state.closes
    federal = rules.hours.federal
    state = rules.states.get(place.region)
    if state is None:
        return federal.opens, federal.closes
    own = _weekend(state, day.weekday())
    if own == "closed":
        return None
    if own is not None:
        return own.opens, own.closes
    return state.opens or federal.opens, state.closes or federal.closes


def _rests_on_holidays(place: Place, rules: Rules) -> bool:
    """The owner's window may be open on holidays; a state's law closes calls and texts all the same."""
    state = rules.states.get(place.region or "") if place.country == "US" else None
    by_law = place.channel != "email" and state is not None and state.holidays == "closed"
    return by_law or rules.hours.windows[place.channel].holidays == "closed"


def _weekend(state: StateRule, weekday: int) -> Hours | Literal["closed"] | None:
    return {5: state.saturday, 6: state.sunday}.get(weekday)


def _in_hours(local: datetime, place: Place, rules: Rules) -> bool:
    span = hours_on(local.date(), place, rules)
    return span is not None and span[0] <= local.time() < span[1]


def _openings(zone: ZoneInfo, start: datetime, place: Place, rules: Rules) -> Iterator[datetime]:
    """When the window opens in one zone, in order, from the day of `start` on."""
    today = start.astimezone(zone).date()
    for day in (today + timedelta(days=days) for days in range(_HORIZON_DAYS + 1)):
        span = hours_on(day, place, rules)
        if span:
            # In UTC, since arithmetic and comparison within one zone ignore its changes of offset.
            yield datetime.combine(day, span[0], tzinfo=zone).astimezone(UTC)


def _closing(local: datetime, place: Place, rules: Rules) -> datetime:
    span = hours_on(local.date(), place, rules)
    closes = span[1] if span else local.time()
    return datetime.combine(local.date(), closes, tzinfo=local.tzinfo).astimezone(UTC)


def _zones(place: Place) -> tuple[ZoneInfo, ...]:
    """All zones, or none at all when one of them is not in the database."""
    found = [_zone(name) for name in place.zones]
    return tuple(each for each in found if each) if all(found) else ()


@lru_cache(maxsize=1024)
def _zone(name: str) -> ZoneInfo | None:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        return None


def federal_holiday(day: date) -> str | None:
    """The federal holiday on this day by name, for reports; state holidays are the gate's business."""
    import holidays

    return holidays.country_holidays("US", years=day.year).get(day)


def _is_holiday(day: date, place: Place) -> bool:
    calendar = _holidays(place.country or "", place.region, day.year)
    # A country without a calendar has no day known to be free of holidays.
    return calendar is None or day in calendar


@lru_cache(maxsize=1024)
def _holidays(country: str, region: str | None, year: int) -> frozenset[date] | None:
    """Public holidays of the country, and those of the state on top; None where the package has no calendar.

    The package drops federal holidays that a state does not keep, hence the union.
    """
    import holidays

    if country not in holidays.list_supported_countries():
        return None
    days: set[date] = set(_dates(holidays.country_holidays(country, years=year)))
    if region in holidays.list_supported_countries()[country]:
        days |= set(_dates(holidays.country_holidays(country, subdiv=region, years=year)))
    return frozenset(days)


def _dates(calendar: Iterable[date]) -> Iterator[date]:
    return iter(calendar)
