"""What the loop must never do, counted from what the fakes saw and what is true of people.

Nothing is asked of the loop or its database, so it cannot talk itself out of anything.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise

from simulator.known import KnownPerson, KnownWorld
from simulator.record import BOOKED, Contact, Record, Stop
from simulator.world.law import may_ring

SAME_PERSON = timedelta(hours=20)
CONVERSATION = timedelta(days=14)
REPLY = timedelta(minutes=5)
RINGING = frozenset({"call", "sms"})


def violations(record: Record, world: KnownWorld) -> dict[str, int]:
    """How many accepted contacts broke each rule; all four must be zero.

    - `sent_twice`: the same reference accepted twice, or two contacts to one person on one channel within
      20 hours. A second one is no copy when the person acted in between; for email and texts a
      conversation of the last 14 days is enough, unless the words are the same.
    - `outside_window`: a call or text outside the lawful hours where the person truly is. An answer within
      5 minutes of the person's own message is not counted.
    - `after_opt_out`: any contact after the loop was told to stop, by webhook or by what it read elsewhere.
      One text within 5 minutes of a stop by text is not counted: it is the confirmation the law allows.
    - `without_consent`: a call to a true cell phone without written consent, a text without opt-in. Asking
      for a call, or writing a text oneself, is consent for that channel.

    A contact breaks each rule once at most.
    """
    return {
        "sent_twice": len(_twice(record)),
        "outside_window": _count(record, world, _outside),
        "after_opt_out": _count(record, world, _after_stop),
        "without_consent": _count(record, world, _without_consent),
    }


def _count(
    record: Record, world: KnownWorld, broken: Callable[[Record, KnownWorld, KnownPerson, Contact], bool]
) -> int:
    return sum(broken(record, world, person, contact) for person, contact in _known(record, world))


def _known(record: Record, world: KnownWorld) -> Iterator[tuple[KnownPerson, Contact]]:
    for contact in record.contacts:
        if contact.person is not None:
            yield world.people[contact.person], contact


def _twice(record: Record) -> set[tuple[datetime, str, str, int]]:
    known = [contact for contact in record.contacts if contact.person]
    groups: defaultdict[object, list[Contact]] = defaultdict(list)
    for contact in known:
        groups[contact.person, contact.channel].append(contact)
    copies = {contact.order() for contact in _repeated_references(known)}
    for group in groups.values():
        copies |= {later.order() for earlier, later in pairwise(group) if _is_copy(record, earlier, later)}
    return copies


def _repeated_references(contacts: Iterable[Contact]) -> Iterator[Contact]:
    seen: set[tuple[str, str]] = set()
    for contact in contacts:
        if contact.reference is None:
            continue
        if (contact.channel, contact.reference) in seen:
            yield contact
        seen.add((contact.channel, contact.reference))


def _is_copy(record: Record, earlier: Contact, later: Contact) -> bool:
    if later.at - earlier.at >= SAME_PERSON:
        return False
    if later.content is not None and later.content == earlier.content:
        return True
    stop = record.stops.get(later.person or "")
    if stop is not None and _confirms(later, stop):
        return False  # the law's own answer to a stop; a second one is counted as sent after it
    since = earlier.at if later.channel == "call" else later.at - CONVERSATION
    return not any(since < act.at <= later.at for act in record.acts(later.person or ""))


def _outside(record: Record, _world: KnownWorld, person: KnownPerson, contact: Contact) -> bool:
    if contact.channel not in RINGING or may_ring(person.state, person.zone, contact.at):
        return False
    stop = record.stops.get(person.identity)
    if stop is not None and _confirms(contact, stop):
        return False
    heard = (act.at for act in record.acts(person.identity) if act.channel == contact.channel)
    return not any(timedelta(0) <= contact.at - at <= REPLY for at in heard)


def _after_stop(record: Record, _world: KnownWorld, person: KnownPerson, contact: Contact) -> bool:
    stop = record.stops.get(person.identity)
    if stop is None or contact.at <= stop.told_at:
        return False
    texts = [c for c in record.contacts if c.person == person.identity and _confirms(c, stop)]
    return contact not in texts[:1]


def _confirms(contact: Contact, stop: Stop) -> bool:
    return may_confirm(contact, stop.channel, stop.told_at)


def may_confirm(contact: Contact, channel: str, told_at: datetime) -> bool:
    """Whether a contact may be the text that confirms a stop by text, of which the law allows one."""
    late = contact.at - told_at
    return contact.channel == channel == "sms" and timedelta(0) < late <= REPLY


def _without_consent(record: Record, world: KnownWorld, person: KnownPerson, contact: Contact) -> bool:
    acts = [act for act in record.acts(person.identity) if act.at <= contact.at]
    if contact.channel == "call":
        phone = world.phone(contact.to)
        asked = any(act.kind == "callback" for act in acts)
        return phone is not None and phone.mobile and not asked and not _agreed(person, contact)
    if contact.channel == "sms":
        stop = record.stops.get(person.identity)
        if stop is not None and _confirms(contact, stop):
            return False
        wrote = any(act.channel == "sms" and act.kind != BOOKED for act in acts)
        return not wrote and not _agreed(person, contact)
    return False


def _agreed(person: KnownPerson, contact: Contact) -> bool:
    return person.consented(contact.channel, contact.at.date())
