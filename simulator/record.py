"""The truth of a run: every contact the fakes accepted, and what people did.

Filled from requests and the world only; nothing in here was ever told by the loop.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, replace
from datetime import datetime
from threading import RLock

from simulator.agenda import Delivery

CHANNELS = ("call", "email", "sms")
BOOKED = "booked"
"""The act of somebody who has agreed to a meeting."""


@dataclass(frozen=True)
class Words:
    """What a contact said: a call's first message, a text, or a mail's plain text under its subject."""

    text: str
    subject: str = ""


@dataclass(frozen=True)
class Contact:
    """One accepted contact. `person` is None for somebody outside the world, such as the owner.

    `reference` is the caller's own id for it, `content` a fingerprint of what was said (None for calls),
    `words` what was said, `outcome` the disposition that will become true. `talk_s` and `cost_usd` are what a
    call will have taken and what any contact will have cost, once the provider has said so.
    """

    person: str | None
    channel: str
    to: str
    at: datetime
    n: int
    reference: str | None
    content: str | None
    outcome: str
    words: Words = Words("")
    talk_s: float = 0.0
    cost_usd: float = 0.0

    def order(self) -> tuple[datetime, str, str, int]:
        """Sorts contacts the same way in every run."""
        return (self.at, self.person or self.to, self.channel, self.n)


@dataclass(frozen=True)
class Act:
    """Something a person did, from the moment the loop was told."""

    person: str
    channel: str
    at: datetime
    kind: str


@dataclass(frozen=True)
class Stop:
    """A person's wish not to be contacted again: when they said it, and when the loop was told."""

    person: str
    channel: str
    said_at: datetime
    told_at: datetime


@dataclass(frozen=True)
class Fact:
    """One thing that happened to a contact, or that the person did: when, and when the loop was told.

    `kind` is the sort of delivery that tells it (`delivered`, `received`, `end-of-call-report` …), `act` the
    person's own answer in it, `stop` their wish for no more. `told_at` is None while nothing of it arrived
    and the loop has not read it at the provider either.
    """

    person: str
    channel: str
    n: int
    kind: str
    happened_at: datetime
    told_at: datetime | None
    act: str | None = None
    stop: bool = False


Happening = tuple[str, str, int, str]
"""Whose contact, on which channel, its number, and the kind of happening."""


class Record:
    """Everything that truly happened; safe to use from several threads."""

    def __init__(self) -> None:
        self._lock = RLock()
        self._contacts: list[Contact] = []
        self._counts: Counter[tuple[str, str]] = Counter()
        self._latest: dict[tuple[str, str], datetime] = {}
        self._acts: defaultdict[str, list[Act]] = defaultdict(list)
        self._stops: dict[str, Stop] = {}
        # By place within each, since what is listed at a provider is read again and again.
        self._facts: defaultdict[Happening, dict[int, Fact]] = defaultdict(dict)
        self._lost: Counter[str] = Counter()

    @property
    def contacts(self) -> list[Contact]:
        """All accepted contacts, in the order of the world's time."""
        with self._lock:
            return sorted(self._contacts, key=Contact.order)

    @property
    def stops(self) -> dict[str, Stop]:
        """The first stop of each person."""
        with self._lock:
            return dict(self._stops)

    @property
    def facts(self) -> list[Fact]:
        """Everything the providers tried to tell, in the order in which it happened."""
        with self._lock:
            facts = (fact for places in self._facts.values() for fact in places.values())
            return sorted(facts, key=lambda fact: (fact.happened_at, fact.person, fact.kind))

    @property
    def lost(self) -> dict[str, int]:
        """Deliveries that never arrived, by kind."""
        with self._lock:
            return dict(sorted(self._lost.items()))

    def next_number(self, party: str, channel: str) -> int:
        """Number the next contact of this party on this channel, counting from 1."""
        with self._lock:
            self._counts[party, channel] += 1
            return self._counts[party, channel]

    def accept(self, contact: Contact) -> None:
        """Write down a contact that the fake has accepted."""
        with self._lock:
            self._contacts.append(contact)
            self._latest[contact.person or contact.to, contact.channel] = contact.at

    def previous(self, party: str, channel: str) -> datetime | None:
        """When this party was last contacted on this channel."""
        with self._lock:
            return self._latest.get((party, channel))

    def arrived(self, delivery: Delivery, now: datetime) -> None:
        """A delivery got its 2xx answer: what the person said in it is known from now on."""
        with self._lock:
            self._fact(delivery)
            self._tell(_happening(delivery), delivery.order, now)

    def read(self, person: str, channel: str, n: int, kind: str, now: datetime) -> None:
        """The loop has read at the provider what was to be told and was not: it knows it from now on."""
        with self._lock:
            happening = (person, channel, n, kind)
            for place in self._facts.get(happening, ()):
                self._tell(happening, place, now)

    def _tell(self, happening: Happening, place: int, now: datetime) -> None:
        fact = self._facts[happening][place]
        if fact.told_at is not None:
            return
        self._facts[happening][place] = replace(fact, told_at=now)
        if fact.stop:
            self._stops.setdefault(fact.person, Stop(fact.person, fact.channel, fact.happened_at, now))
        if fact.act:
            self._acts[fact.person].append(Act(fact.person, fact.channel, now, fact.act))

    def failed(self, delivery: Delivery, status: int, *, gave_up: bool) -> None:
        """A delivery was refused or not answered."""
        with self._lock:
            self._fact(delivery)
            if gave_up:
                self._lost[f"{delivery.scheme}.{delivery.kind}.{status}"] += 1

    def _fact(self, delivery: Delivery) -> None:
        """Write down what this delivery tells; it happened at the time of its first attempt."""
        effect = delivery.effect
        new = Fact(
            delivery.person,
            delivery.channel,
            delivery.n,
            delivery.kind,
            happened_at=delivery.at,
            told_at=None,
            act=effect.act,
            stop=effect.stop,
        )
        self._facts[_happening(delivery)].setdefault(delivery.order, new)

    def acts(self, person: str) -> list[Act]:
        """What this person has done so far."""
        with self._lock:
            return list(self._acts.get(person, ()))

    def asked_for_call(self, person: str, at: datetime) -> bool:
        """Whether the loop knew by `at` that this person wants a call."""
        return any(act.kind == "callback" and act.at <= at for act in self.acts(person))

    def sent(self) -> dict[str, int]:
        """Accepted contacts to people of the world, by channel."""
        counts = Counter(contact.channel for contact in self.contacts if contact.person)
        return {channel: counts[channel] for channel in CHANNELS}

    def outcomes(self) -> dict[str, dict[str, int]]:
        """True dispositions of those contacts, by channel, whether or not their time has come yet."""
        counts = Counter((c.channel, c.outcome) for c in self.contacts if c.person)
        return {
            channel: {name: n for (where, name), n in sorted(counts.items()) if where == channel}
            for channel in CHANNELS
        }


def _happening(delivery: Delivery) -> Happening:
    return (delivery.person, delivery.channel, delivery.n, delivery.kind)
