"""What became of a contact by an instant: milestones and the word for how it ended, from the wire's facts."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from simulator.record import BOOKED, Contact, Fact

GOOD_ANSWERS = frozenset({"positive", "question", "callback"})
"""Answers that want something of the owner."""

HUMAN = frozenset(
    {
        *("meeting", "callback", "send_email", "not_interested", "gatekeeper", "conversation"),
        *("early_hangup", "dnc", "wrong_number"),
    }
)
DECISION_MAKERS = frozenset({"meeting", "callback", "send_email", "not_interested", "conversation"})
CONVERSATION_S = 30
BY_CALL = {"meeting": "booked", "dnc": "opted_out"}
BY_KIND = {
    "delivered": {"delivered"},
    "bounced": {"bounced"},
    "suppressed": {"bounced"},
    "complained": {"complained"},
}
"""What a webhook of mail and texts says by its name."""

ENDINGS = {
    "email": (
        *("sent", "delayed", "delivered", "soft_bounced", "opened", "clicked", "replied", "bounced"),
        *("unsubscribed", "complained"),
    ),
    "sms": ("sent", "delivered", "undelivered", "sms_failed", "replied", "opted_out"),
}
"""How a contact ended, the stronger word later."""

ENDING_OF = {"suppressed": "bounced", "failed": "sms_failed"}

Key = tuple[str, str, int]


def key(each: Contact | Fact) -> Key:
    """Which contact it is, or belongs to."""
    return (each.person or "", each.channel, each.n)


@dataclass(frozen=True)
class Heard:
    """All facts by contact, as of one instant: those the loop was told, or all that had happened."""

    facts: Mapping[Key, tuple[Fact, ...]]

    @classmethod
    def told(cls, facts: Iterable[Fact], at: datetime) -> Heard:
        """What providers had told by then."""
        return cls._of(fact for fact in facts if fact.told_at is not None and fact.told_at <= at)

    @classmethod
    def happened(cls, facts: Iterable[Fact], at: datetime) -> Heard:
        """What was true by then, and could have been read at the provider."""
        return cls._of(fact for fact in facts if fact.happened_at <= at)

    @classmethod
    def _of(cls, facts: Iterable[Fact]) -> Heard:
        found: defaultdict[Key, list[Fact]] = defaultdict(list)
        for fact in facts:
            found[key(fact)].append(fact)
        return cls({name: tuple(each) for name, each in found.items()})

    def milestones(self, contact: Contact) -> frozenset[str]:
        """What this contact has reached; `sent` always."""
        reached = {"sent"}
        for fact in self.facts.get(key(contact), ()):
            reached |= _by_answer(fact)
            reached |= _by_call(contact, fact) if contact.channel == "call" else BY_KIND.get(fact.kind, set())
        return frozenset(reached)

    def ending(self, contact: Contact) -> str | None:
        """The word for how it ended so far; None before anything is known."""
        facts = self.facts.get(key(contact), ())
        if contact.channel == "call":
            over = any(fact.kind == "end-of-call-report" for fact in facts)
            return contact.outcome if over else None
        words = ENDINGS[contact.channel]
        found = [word for fact in facts if (word := _word(contact.channel, fact)) in words]
        return max(found, key=words.index, default=None)


def _by_answer(fact: Fact) -> set[str]:
    if fact.kind == BOOKED:
        return {"delivered", "positive", BOOKED}
    if fact.kind in {"received", "inbound"} and (fact.act or fact.stop):
        good = {"positive"} if fact.act in GOOD_ANSWERS else set()
        return {"replied"} | good | ({"opted_out"} if fact.stop else set())
    return {"opted_out"} if fact.stop and fact.kind.startswith("unsubscribed") else set()


def _by_call(contact: Contact, fact: Fact) -> set[str]:
    if fact.kind == "tool-calls":
        return {"answered"} | ({"opted_out"} if fact.stop else set())
    if fact.kind != "end-of-call-report" or contact.outcome not in HUMAN:
        return set()
    reached = {"answered"} | {BY_CALL[contact.outcome]} if contact.outcome in BY_CALL else {"answered"}
    if contact.outcome in DECISION_MAKERS:
        reached |= {"dm_contact"} | ({"conversation"} if contact.talk_s >= CONVERSATION_S else set())
    return reached


def _word(channel: str, fact: Fact) -> str:
    if fact.stop and fact.kind != "complained":
        return "opted_out" if channel == "sms" else "unsubscribed"
    if fact.kind in {"received", "inbound"}:
        return "replied" if fact.act else ""
    if fact.kind == BOOKED:
        return "clicked" if channel == "email" else "delivered"
    return ENDING_OF.get(fact.kind, fact.kind)
