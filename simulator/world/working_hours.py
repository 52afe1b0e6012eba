"""A clock that runs only while people are at work: Monday to Friday, 8 to 18 where they are."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

OPEN, CLOSE = time(8), time(18)
FRIDAY = 4


def next_working_moment(at: datetime, zone: str) -> datetime:
    """The instant itself when people are at work then, else the next morning."""
    local = at.astimezone(ZoneInfo(zone))
    while local.weekday() > FRIDAY or local.time() >= CLOSE:
        local = datetime.combine(local.date() + timedelta(days=1), OPEN, local.tzinfo)
    return max(local, datetime.combine(local.date(), OPEN, local.tzinfo)).astimezone(at.tzinfo)


def add_working_time(at: datetime, span: timedelta, zone: str) -> datetime:
    """`span` of working time after `at`, in the same time zone as `at`."""
    moment = next_working_moment(at, zone)
    while True:
        local = moment.astimezone(ZoneInfo(zone))
        closing = datetime.combine(local.date(), CLOSE, local.tzinfo)
        left = closing.astimezone(at.tzinfo) - moment
        if span <= left:
            return moment + span
        span -= left
        moment = next_working_moment(closing.astimezone(at.tzinfo), zone)


def on_the_half_hour(at: datetime, zone: str) -> datetime:
    """The next full or half hour at which people are at work, as appointments are made."""
    local = next_working_moment(at, zone).astimezone(ZoneInfo(zone))
    past = timedelta(minutes=local.minute % 30, seconds=local.second, microseconds=local.microsecond)
    rounded = local + (timedelta(minutes=30) - past if past else timedelta(0))
    return next_working_moment(rounded.astimezone(at.tzinfo), zone)
