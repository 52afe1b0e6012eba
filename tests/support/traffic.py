"""Mails and calls to the people of a world, with what became of them, straight onto a wire's record."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime, timedelta

from simulator.agenda import Delivery, Effect
from simulator.record import Contact, Record, Words
from simulator.world import Person, World
from simulator.world.calls import dial
from simulator.world.emails import receive
from simulator.world.features import Said

Write = Callable[[int, Person], Words]


def mailed(world: World, people: Iterable[Person], write: Write, at: datetime) -> Record:
    """One mail to each, a minute apart; its delivery, reply and wish to stop reach the loop at once."""
    record = Record()
    for place, person in enumerate(people):
        words, then = write(place, person), at + timedelta(minutes=place)
        outcome = receive(world, person, n=1, at=then, said=Said("email", words.text, words.subject))
        reference, kind = f"m{place}", outcome.disposition
        record.accept(
            Contact(person.identity, "email", person.emails[0], then, 1, reference, "x", kind, words)
        )
        for order, each in enumerate(outcome.happenings):
            stop = each.reply_class == "opt_out" or each.kind.startswith("unsubscribed")
            kind = "received" if each.text else each.kind
            act = each.reply_class if each.kind == "replied" and not stop else None
            told(record, person.identity, "email", kind, each.at, Effect(stop, act), order=order)
    return record


def called(world: World, people: Iterable[Person], at: datetime) -> Record:
    """One call to each at the same moment."""
    record = Record()
    for person in people:
        number = next(iter(person.phones))
        outcome = dial(world, person, number, n=1, at=at)
        words = Words("Hello.")
        what = (None, None, outcome.disposition, words, outcome.talk_s)
        record.accept(Contact(person.identity, "call", number, at, 1, *what))
        told(record, person.identity, "call", "end-of-call-report", at, Effect())
    return record


def told(
    record: Record, person: str, channel: str, kind: str, at: datetime, effect: Effect, *, order: int = 0
) -> None:
    """The loop is told of something the moment it happens."""
    record.arrived(
        Delivery(at, person, channel, 1, order, kind, "none", "", b"", "", f"{person}{order}", effect=effect),
        at,
    )
