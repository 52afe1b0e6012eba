"""What the scorer may ask of a world: chances, never a die."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from simulator.record import Contact
from simulator.truth import Planted

LIFTS = ("answered", "dm_contact", "early_hangup", "booked", "replied", "positive", "opted_out")
"""What a chance is made of and an effect can multiply; `opted_out` is moved by `opt_out_lift`."""

Factors = Mapping[str, float]
"""By name of `LIFTS`: what the world's base rate is multiplied by; 1 where it is not named."""


class Odds(Protocol):
    """How likely things are in a world, contact by contact."""

    def chance(self, contact: Contact, metric: str, factors: Factors, *, best_hour: bool = False) -> float:
        """Chance that this contact reaches the metric under base rates times factors.

        `best_hour` asks for the best hour of that working day in place of the contact's own.
        """
        ...

    def moment(self, contact: Contact) -> float:
        """What the hour and the day multiply its answer by, apart from what is planted."""
        ...

    def region(self, contact: Contact) -> float:
        """What the part of the country multiplies a call's answer by."""
        ...

    def carries(self, effect: Planted, contact: Contact) -> bool:
        """Whether words and time of the contact have what the effect needs."""
        ...

    def concerns(self, effect: Planted, contact: Contact) -> float:
        """How much of the effect there is for this person and date if it is carried: 0 to 1."""
        ...

    def chosen(self, effect: Planted) -> bool:
        """Whether anybody can choose to have the effect, by words or by time; else it is just the weather."""
        ...

    def matches(self, where: Mapping[str, str], contact: Contact) -> bool:
        """Whether people and moment of the contact are those described."""
        ...
