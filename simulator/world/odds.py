"""How likely things are in a world, contact by contact: the rates that the dice are rolled against.

Nothing in here rolls a die. A person's traits are taken as they are, so that the worth of a contact is that
of a contact to this person. What somebody asked for is left out: a promised call is a call like any other.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from simulator.record import Contact
from simulator.truth import Planted
from simulator.world.calls import DECISION_MAKERS, FIRST_HOUR, HIGHEST, human_share, moment, reactions
from simulator.world.effects import CONDITIONS, Meeting, applies, reweighted, strength
from simulator.world.emails import LATE_MAIL, mail_moment, reply_share
from simulator.world.features import FEATURES, Said
from simulator.world.people import Person
from simulator.world.places import region_of
from simulator.world.population import World

Factors = Mapping[str, float]
OF_TIME = frozenset({"hours", "weekdays"})
"""Conditions that a plan can choose; the others describe people, lines and seasons."""

LINK = re.compile(r"https?://\S+")


@dataclass(frozen=True)
class WorldOdds:
    """Chances in one world; see `simulator.score.odds.Odds` for what each method is asked."""

    world: World

    def chance(self, contact: Contact, metric: str, factors: Factors, *, best_hour: bool = False) -> float:
        """Chance that this contact reaches the metric; 0 for one that its channel does not know."""
        person = self.world.people[contact.person or ""]
        if contact.channel == "call":
            return self._call(contact, person, metric, factors, best_hour=best_hour)
        written = self._email if contact.channel == "email" else self._text
        return written(contact, person, factors).get(metric, 0.0)

    def moment(self, contact: Contact) -> float:
        """What the hour and the day multiply an answer by: a pick-up, or the reply to a mail."""
        local = self._here(contact).local
        if contact.channel == "email":
            return mail_moment(self.world.rates.emails, local)
        return moment(self.world.rates.calls, local) if contact.channel == "call" else 1.0

    def region(self, contact: Contact) -> float:
        """What the part of the country multiplies a call's answer by; of what is written nothing."""
        if contact.channel != "call":
            return 1.0
        found: float = getattr(self.world.rates.calls.regions, region_of(self._here(contact).person.zone))
        return found

    def carries(self, effect: Planted, contact: Contact) -> bool:
        """Whether the words have the feature, and the time is one of the effect's."""
        here = self._here(contact)
        said = not effect.feature or FEATURES[effect.feature](here.said, here.person)
        return said and all(CONDITIONS[n](v, here) for n, v in effect.where.items() if n in OF_TIME)

    def concerns(self, effect: Planted, contact: Contact) -> float:
        """How much of the effect there is for such a person and date."""
        here = self._here(contact)
        such = all(CONDITIONS[n](v, here) for n, v in effect.where.items() if n not in OF_TIME)
        return strength(effect, here.day) if such else 0.0

    def chosen(self, effect: Planted) -> bool:
        """Whether words or time decide about it."""
        return bool(effect.feature) or bool(OF_TIME & effect.where.keys())

    def matches(self, where: Mapping[str, str], contact: Contact) -> bool:
        """Whether people and moment are those described, in the words of an effect's conditions."""
        return applies(Planted("", "", "", where, "", 0.0), self._here(contact))

    def _here(self, contact: Contact) -> Meeting:
        person = self.world.people[contact.person or ""]
        said = Said(contact.channel, contact.words.text, contact.words.subject)
        return self.world.meeting(person, contact.at, said, self.world.phone(contact.to))

    def _call(
        self, contact: Contact, person: Person, metric: str, factors: Factors, *, best_hour: bool
    ) -> float:
        phone = self.world.phone(contact.to)
        if phone is None or phone.invalid:
            return 0.0
        at = self._best_hour(contact.at, person) if best_hour else contact.at
        answers = self.world.answers(person, phone)
        share = human_share(self.world.rates, phone, answers, person.zone, at)
        share = min(share * factors.get("answered", 1.0), HIGHEST)
        shares = getattr(self.world.rates.calls.segments, phone.segment).given_human
        return share * _reaction(shares, metric, factors)

    def _best_hour(self, at: datetime, person: Person) -> datetime:
        local, calls = at.astimezone(ZoneInfo(person.zone)), self.world.rates.calls
        hours = (local.replace(hour=FIRST_HOUR + n, minute=30) for n in range(len(calls.hours)))
        return max(hours, key=lambda each: moment(calls, each))

    def _email(self, contact: Contact, person: Person, factors: Factors) -> dict[str, float]:
        rates = self.world.rates.emails
        if person.bad_address:
            return {"bounced": 1.0}
        leaves = factors.get("opted_out", 1.0)
        late = rates.unsubscribe_late if contact.n >= LATE_MAIL else 1.0
        unsubscribes = min(1.0, rates.unsubscribe * late * leaves)
        read = (1 - rates.transient_bounce) * (1 - unsubscribes)
        replied = read * min(
            1.0, reply_share(rates, person, contact.n, contact.at) * factors.get("replied", 1.0)
        )
        classes = reweighted(
            rates.reply_classes, {"positive": factors.get("positive", 1.0), "opt_out": leaves}
        )
        books = min(1.0, rates.books_when_positive * factors.get("booked", 1.0))
        clicks = (read - replied) * rates.human_click * rates.books_when_clicked
        return {
            "delivered": 1 - rates.transient_bounce,
            "replied": replied,
            "positive": replied * classes["positive"],
            "booked": (replied * classes["positive"] * books + clicks) * _offers(contact),
            "opted_out": unsubscribes + replied * classes.get("opt_out", 0.0),
        }

    def _text(self, contact: Contact, person: Person, factors: Factors) -> dict[str, float]:
        rates, phone = self.world.rates.texts, self.world.phone(contact.to)
        if phone is None or not phone.can_text:
            return {}
        agreed = person.consented("sms", contact.at.date())
        leaving = rates.opt_out if agreed else rates.opt_out_without_consent
        step = rates.reply_by_text[min(contact.n, len(rates.reply_by_text)) - 1]
        replies = min(1.0, rates.reply * factors.get("replied", 1.0) * step * person.eagerness)
        classes = reweighted(rates.reply_classes, {"positive": factors.get("positive", 1.0)})
        leaves = min(1.0, leaving * factors.get("opted_out", 1.0))
        replied = rates.delivered * (1 - leaves) * replies
        books = min(1.0, rates.books_when_positive * factors.get("booked", 1.0))
        return {
            "delivered": rates.delivered,
            "replied": replied,
            "positive": replied * classes["positive"],
            "booked": replied * classes["positive"] * books * _offers(contact),
            "opted_out": rates.delivered * leaves,
        }


def _reaction(shares: Mapping[str, float], metric: str, factors: Factors) -> float:
    """What share of those who pick up reach the metric."""
    found = reactions(shares, factors)
    reached = {
        "answered": frozenset(found),
        "dm_contact": DECISION_MAKERS,
        "early_hangup": frozenset({"early_hangup"}),
        "booked": frozenset({"meeting"}),
        "opted_out": frozenset({"dnc"}),
    }.get(metric, frozenset())
    return min(1.0, sum(found.get(name, 0.0) for name in sorted(reached)))


def _offers(contact: Contact) -> bool:
    """Whether the words hold a link to book at; the one to unsubscribe is of the same page and is none."""
    return any("unsubscribe" not in link for link in LINK.findall(contact.words.text))
