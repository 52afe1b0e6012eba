"""When somebody who is out of office says that they are back. Pure, and by rules alone.

Understood are English dates as people write them into an automatic answer: a month and a day in either order,
month/day in figures, ISO dates, weekdays, "tomorrow" and "next week". What names several days counts to the
last of them. Not promised: other languages, and dates that only a calendar tells ("after the trade fair").
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Final

LONGEST: Final = timedelta(days=120)
"""An absence beyond this is a misreading, or somebody who will not come back."""

_MONTHS: Final = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTH: Final = (
    r"(?P<month>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?"
    r"|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)\.?"
)
_WEEKDAY: Final = r"(?:mon|tues?|wed(?:nes)?|thu(?:rs?)?|fri|sat(?:ur)?|sun)(?:day)?"
_YEAR: Final = r"(?:,?\s+(?P<year>20\d\d))?"
_NTH: Final = r"(?P<day>[0-3]?\d)(?:st|nd|rd|th)?"
_DATES: Final = tuple(
    re.compile(pattern)
    for pattern in (
        r"(?P<year>20\d\d)-(?P<number>\d\d)-(?P<day>\d\d)\b",
        rf"{_MONTH}\s+(?:the\s+)?{_NTH}\b{_YEAR}",
        rf"(?:the\s+)?{_NTH}\s+(?:of\s+)?{_MONTH}\b{_YEAR}",
        r"(?P<number>[0-3]?\d)/(?P<day>[0-3]?\d)(?:/(?P<year>(?:20)?\d\d))?\b",
        rf"(?:next\s+)?(?P<weekday>{_WEEKDAY})\b",
        r"(?P<tomorrow>tomorrow)\b",
        r"(?P<week>next week)\b",
    )
)
# What may stand between the word and the date: "back in the office on Monday, November 30".
_GAP: Final = (
    r"(?:\s+(?:to|at|in|on|the|my|work|office|desk|again|by|from|this|coming|or|about|around)\b)*\s*"
    rf"(?:{_WEEKDAY},?\s+(?:the\s+)?(?=\d|[a-z]{{3}}))?"
)
# What names the day of the return itself, before what names the last day away.
_RETURNS: Final = re.compile(
    r"\b(?:back|return(?:ing|s)?|available(?:\s+again)?|in\s+the\s+office(?:\s+again)?|reachable(?:\s+again)?)\b"
    + _GAP
)
_UNTIL: Final = re.compile(r"\b(?:until|till|til)\b" + _GAP)
_LAST_DAY: Final = re.compile(r"(?:\b(?:through|thru|to)\b|\d\s*(?:-|–)|\bend(?:ing|s)?\b)" + _GAP)


def returns_on(text: str, today: date) -> date | None:
    """The day from which they can be reached again; None where the text does not say.

    `today` is the day of the message. A day that has passed, or lies further ahead than `LONGEST`, is none.
    """
    words = " ".join(text.lower().replace(",", " , ").split()).replace(" ,", ",")
    for marker, later in ((_RETURNS, 0), (_UNTIL, 0), (_LAST_DAY, 1)):
        days = [day + timedelta(days=later) for day in _after(marker, words, today)]
        ahead = [day for day in days if today < day <= today + LONGEST]
        if ahead:
            return max(ahead)
    return None


def _after(marker: re.Pattern[str], words: str, today: date) -> Iterator[date]:
    """The dates that stand right behind a marker."""
    for found in marker.finditer(words):
        for pattern in _DATES:
            named = pattern.match(words, found.end())
            day = _day(named.groupdict(), today) if named else None
            if day:
                yield day
                break


def _day(named: dict[str, str | None], today: date) -> date | None:
    if named.get("tomorrow"):
        return today + timedelta(days=1)
    if named.get("week"):
        return today + timedelta(days=7 - today.weekday())
    if weekday := named.get("weekday"):
        ahead = (_DAYS.index(weekday[:3]) - today.weekday() - 1) % 7 + 1
        return today + timedelta(days=ahead)
    return _calendar_day(named, today)


def _calendar_day(named: dict[str, str | None], today: date) -> date | None:
    month, day = _month(named), int(named["day"] or 0)
    if month > 12 >= day and "number" in named:
        month, day = day, month  # 30/11 can only be the thirtieth of November
    if year := named.get("year"):
        return _date(int(year) + (2000 if len(year) == 2 else 0), month, day)
    this_year = _date(today.year, month, day)
    if this_year and this_year >= today:
        return this_year
    return _date(today.year + 1, month, day)


def _month(named: dict[str, str | None]) -> int:
    if number := named.get("number"):
        return int(number)
    return _MONTHS.index((named["month"] or "")[:3]) + 1


def _date(year: int, month: int, day: int) -> date | None:
    try:
        return date(year, month, day)
    except ValueError:
        return None
