"""The people of a lead file, with the traits a lead file does not tell."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

from simulator.world.dice import dice, pick
from simulator.world.places import place_of_number
from simulator.world.rates import Rates

Column = Literal["mobile", "direct", "main", "other"]
SegmentName = Literal["main_line", "direct", "switchboard"]
MIDDLE_STAFF = 50
LARGE_STAFF = 200

WIRELESS = frozenset({"mobile", "nonFixedVoip"})


@dataclass(frozen=True)
class PhoneTruth:
    """What a number really is. `listed_type` is what a look-up says: the truth, or nothing."""

    number: str
    line_type: str
    listed_type: str | None
    invalid: bool
    segment: SegmentName

    @property
    def mobile(self) -> bool:
        """A cell phone, for which artificial voice needs written consent."""
        return self.line_type == "mobile"

    @property
    def can_text(self) -> bool:
        """Texts arrive at this number."""
        return self.line_type in WIRELESS and not self.invalid


@dataclass(frozen=True)
class Consent:
    """A consent the person really gave."""

    channel: str
    kind: str
    given_on: date


@dataclass(frozen=True)
class Person:
    """Somebody who can be contacted, and what is true of them.

    `identity` names the person in every die and record and never leaves the simulator. `answers` is the
    chance of picking up the person's own line, `eagerness` multiplies the chance to reply. `fact` is true
    of them and in no lead file: only who looked them up can tell it.
    """

    identity: str
    first_name: str
    last_name: str
    company: str
    industry: str
    source: str
    fact: str
    staff: int
    city: str
    state: str
    country: str
    zone: str
    emails: tuple[str, ...]
    phones: Mapping[str, PhoneTruth]
    bad_address: bool
    eagerness: float
    consents: tuple[Consent, ...] = field(default=())

    @property
    def name(self) -> str:
        """First and last name as one would say them."""
        return f"{self.first_name} {self.last_name}".strip()

    def consented(self, channel: str, on: date) -> bool:
        """Whether the person gave a consent that covers this channel by this day."""
        enough = {"call": {"written"}, "sms": {"written", "opt_in"}}.get(channel, set())
        return any(
            consent.channel == channel and consent.kind in enough and consent.given_on <= on
            for consent in self.consents
        )


def true_phone(seed: int, rates: Rates, number: str, column: Column, staff: int) -> PhoneTruth:
    """The truth about a number; colleagues who share a line share its truth."""
    roll = dice(seed, "line", number)
    segment: SegmentName = "direct"
    if column == "main":
        segment = "main_line" if staff <= rates.lines.main_line_staff else "switchboard"
    line_type = pick(roll, getattr(rates.lines, column))
    listed = None if roll.random() < rates.lines.unknown_share else line_type
    invalid = roll.random() < getattr(rates.calls.segments, segment).invalid
    return PhoneTruth(number, line_type, listed, invalid, segment)


def answer_propensity(seed: int, rates: Rates, identity: str, phone: PhoneTruth) -> float:
    """How likely a human answers this line: a trait, drawn once per person and sort of line.

    For a company's line it belongs to the number, since whoever sits at the desk answers it.
    """
    owner = identity if phone.segment == "direct" else phone.number
    return dice(seed, "answers", owner, phone.segment).betavariate(
        *getattr(rates.calls.segments, phone.segment).propensity
    )


def true_zone(seed: int, identity: str, zones: tuple[str, ...], phones: Mapping[str, PhoneTruth]) -> str:
    """One of the zones the address allows, else the zone of a number, else any American one."""
    if not zones:
        places = filter(None, (place_of_number(number) for number in phones))
        zones = tuple(place.zone for place in places)[:1]
    everywhere = ("America/New_York", "America/Chicago", "America/Denver", "America/Los_Angeles")
    return dice(seed, "zone", identity).choice(zones or everywhere)


def size_class(staff: int) -> Literal["small", "middle", "large"]:
    """Company size as reply statistics group it."""
    if staff <= MIDDLE_STAFF:
        return "small"
    return "middle" if staff <= LARGE_STAFF else "large"
