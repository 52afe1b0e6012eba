"""What a world adds to its base rates: effects of words, hours and people that a learner may find, or not.

An effect multiplies one chance by 1 + lift where its feature is present and its conditions hold. Nothing in
here draws: a person's dice decide against the chance, so an effect changes no other person and no order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import prod
from zoneinfo import ZoneInfo

from simulator.truth import Planted
from simulator.world.features import FEATURES, Said
from simulator.world.people import Person, PhoneTruth, size_class
from simulator.world.places import region_of

METRICS = ("answered", "dm_contact", "early_hangup", "booked", "replied", "positive")
"""Chances an effect may multiply, by the names of the loop's own figures; `early_hangup` is a guardrail."""

DAY = timedelta(days=1)
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


@dataclass(frozen=True)
class Meeting:
    """One contact as an effect sees it: who, when, at which line, with which words.

    `began` is the first instant of the world's time.
    """

    person: Person
    at: datetime
    said: Said
    began: datetime
    phone: PhoneTruth | None = None

    @property
    def local(self) -> datetime:
        """The person's own wall clock."""
        return self.at.astimezone(ZoneInfo(self.person.zone))

    @property
    def day(self) -> float:
        """Days since the world began."""
        return (self.at - self.began) / DAY


Condition = Callable[[str, Meeting], bool]


def _hours(value: str, here: Meeting) -> bool:
    first, _, end = value.partition("-")
    return int(first) <= here.local.hour < int(end)


CONDITIONS: Mapping[str, Condition] = {
    "channel": lambda value, here: here.said.channel == value,
    "industry": lambda value, here: here.person.industry == value,
    "staff": lambda value, here: size_class(here.person.staff) == value,
    "source": lambda value, here: here.person.source == value,
    "region": lambda value, here: region_of(here.person.zone) == value,
    "state": lambda value, here: here.person.state == value,
    "line": lambda value, here: here.phone is not None and here.phone.segment == value,
    "hours": _hours,
    "weekdays": lambda value, here: WEEKDAYS[here.local.weekday()] in value.split(","),
    "months": lambda value, here: str(here.local.month) in value.split(","),
}
"""By name: what an effect may be limited to. `hours` is `9-11` (11 not included), lists have commas."""


def factor(effects: Iterable[Planted], metric: str, here: Meeting) -> float:
    """What a chance is multiplied by at this contact."""
    return prod(
        1 + each.lift * strength(each, here.day)
        for each in effects
        if each.metric == metric and applies(each, here)
    )


def opt_out_factor(effects: Iterable[Planted], here: Meeting) -> float:
    """What the chance of a wish for no more contact is multiplied by."""
    return prod(
        1 + each.opt_out_lift * strength(each, here.day)
        for each in effects
        if each.opt_out_lift and applies(each, here)
    )


def applies(effect: Planted, here: Meeting) -> bool:
    """Whether the words have the feature and the conditions hold."""
    if effect.feature and not FEATURES[effect.feature](here.said, here.person):
        return False
    return all(CONDITIONS[name](value, here) for name, value in effect.where.items())


def strength(effect: Planted, day: float) -> float:
    """How much of the lift is there: none before its first day, then all, or less each day until gone."""
    since = day - effect.starts_day
    if since < 0:
        return 0.0
    return 1.0 if effect.fades_days is None else max(0.0, 1 - since / effect.fades_days)


def reweighted(shares: Mapping[str, float], factors: Mapping[str, float]) -> Mapping[str, float]:
    """The shares with some multiplied and the others scaled, so that the sum stays what it was.

    What is multiplied may take at most the whole sum; then the others have none.
    """
    if all(each == 1 for each in factors.values()):
        return shares
    whole = sum(shares.values())
    lifted = {name: shares[name] * by for name, by in factors.items() if name in shares}
    taken = sum(lifted.values())
    left, others = max(0.0, whole - taken), whole - sum(shares[name] for name in lifted)
    down = whole / taken if taken > whole else 1.0
    return {
        name: lifted[name] * down if name in lifted else share * (left / others if others else 0.0)
        for name, share in shares.items()
    }
