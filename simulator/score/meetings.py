"""How many meetings the loop's contacts are worth, and what they were worth without it and at best."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from simulator.record import Contact
from simulator.score.effects import Degree, as_it_was, expected, factors, share_carrying
from simulator.score.odds import Odds
from simulator.truth import Planted

BOOKED = "booked"


@dataclass(frozen=True)
class Meetings:
    """Meetings to be expected from one run's contacts, over all dice."""

    loop: float
    baseline: float
    oracle: float

    @property
    def regret(self) -> float:
        """Meetings that not knowing the truth has cost."""
        return self.oracle - self.loop


def meetings(
    contacts: Sequence[Contact], planted: Sequence[Planted], odds: Odds, first_test: datetime | None
) -> Meetings:
    """What the same contacts to the same people on the same days are worth, said and timed in three ways.

    - `loop`: as they were.
    - `baseline`: as they would have been without learning. Until the first test begins that is what the loop
      did; after it, contacts carry each effect as often as those of the same channel and number did before.
    - `oracle`: each with all that helps and nothing that does not, calls at the best hour of their day.

    Assumed: features of words can be had in any combination, and the best hour has room for all, so the
    oracle is an upper bound. Whom to contact is nobody's choice here, and who has answered once is contacted
    as often in all three. An oracle keeps the guardrails: what drives people away it does not choose.
    """
    was = as_it_was(odds)
    return Meetings(
        loop=expected(odds, planted, contacts, BOOKED, was),
        baseline=expected(odds, planted, contacts, BOOKED, _untaught(contacts, odds, first_test)),
        oracle=expected(odds, planted, contacts, BOOKED, _best(planted, odds), best_hour=True),
    )


def _untaught(contacts: Sequence[Contact], odds: Odds, first_test: datetime | None) -> Degree:
    if first_test is None:
        return as_it_was(odds)
    before: defaultdict[tuple[str, int], list[Contact]] = defaultdict(list)
    for contact in contacts:
        if contact.at < first_test:
            before[contact.channel, contact.n].append(contact)
    shares: dict[tuple[str, str, int], float] = {}

    def degree(effect: Planted, contact: Contact) -> float:
        if contact.at < first_test:
            return float(odds.carries(effect, contact))
        key = (effect.id, contact.channel, contact.n)
        if key not in shares:
            shares[key] = share_carrying(odds, effect, before[contact.channel, contact.n])
        return shares[key]

    return degree


def _best(planted: Sequence[Planted], odds: Odds) -> Degree:
    def degree(effect: Planted, contact: Contact) -> float:
        if effect.opt_out_lift > 0:
            return 0.0
        others = [each for each in planted if not odds.chosen(each)]
        without = odds.chance(contact, BOOKED, factors(odds, others, contact, lambda *_: 0.0))
        having = odds.chance(contact, BOOKED, factors(odds, [*others, effect], contact, lambda *_: 1.0))
        return float(having > without)

    return degree
