"""The owner's evening emails against a count of our own, as of the minute of each mail.

Not recounted, because no wire can see it: what was due and who was not contacted and why, the usual day,
look-ups and the price of email, and who waits for the owner.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from simulator.known import KnownWorld
from simulator.record import Contact, Record
from simulator.score.evening import CHANNELS, Evening, Figure, evenings
from simulator.score.milestones import Heard

CENT = 0.005
RINGING = frozenset({"call", "sms"})
LABELS = {
    **{"Calls made": "sent", "Sent": "sent", "Touches sent": "sent", "Delivered": "delivered"},
    **{"Answered": "answered", "Calls answered": "answered", "Decision maker": "dm_contact"},
    **{"Decision makers reached": "dm_contact", "Conversations": "conversation", "Replied": "replied"},
    **{"Replies": "replied", "Positive": "positive", "Positive answers": "positive"},
    **{"Meetings booked": "booked", "Meetings": "booked", "Asked to stop": "opted_out"},
    **{"Unsubscribed": "opted_out", "Opted out": "opted_out", "Bounced": "bounced"},
    **{"Emails bounced": "bounced", "Marked as spam": "complained"},
}
ENDED = {
    "meeting booked": "meeting",
    "asked to be called back": "callback",
    "asked for an email": "send_email",
    "not interested": "not_interested",
    "did not get past the front desk": "gatekeeper",
    "talked, nothing agreed": "conversation",
    "hung up within 10 seconds": "early_hangup",
    "asked never to be called": "dnc",
    "wrong number": "wrong_number",
    "voicemail": "voicemail",
    "no answer": "no_answer",
    "busy": "busy",
    "number not in service": "invalid_number",
    "blocked by the carrier": "carrier_blocked",
    "call failed": "call_failed",
    "sent, no report yet": "sent",
    "delivered": "delivered",
    "delayed at their mail server": "delayed",
    "opened (often by a machine)": "opened",
    "clicked (often by a machine)": "clicked",
    "replied": "replied",
    "unsubscribed": "unsubscribed",
    "mailbox not reachable for now": "soft_bounced",
    "address does not exist": "bounced",
    "marked as spam": "complained",
    "text not delivered": "undelivered",
    "text failed": "sms_failed",
    "opted out": "opted_out",
}


@dataclass(frozen=True)
class Mismatch:
    """A figure that is not what happened: the mail says `said`, the record between `least` and `most`."""

    day: date
    figure: Figure
    least: float
    most: float


@dataclass(frozen=True)
class Recount:
    """How many figures were counted again, and those that do not match."""

    figures: int
    mismatches: tuple[Mismatch, ...]


def recount(record: Record, world: KnownWorld) -> Recount:
    """Count every figure of every evening email again.

    A contact belongs to the day on which it was sent, on the owner's clock. What a provider had told is the
    least a figure may be, what was true by then the most: the loop may have read it where nobody told it.
    Without faults the two are one number.
    """
    figures, wrong = 0, list[Mismatch]()
    contacts, facts = record.contacts, record.facts
    for mail in evenings(contacts):
        counts = tuple(
            Count(mail, contacts, heard, world)
            for heard in (Heard.told(facts, mail.at), Heard.happened(facts, mail.at))
        )
        for figure in mail.figures:
            bounds = sorted(each for count in counts if (each := count.of(figure)) is not None)
            if not bounds:
                continue
            figures += 1
            if not bounds[0] - CENT <= figure.value <= bounds[-1] + CENT:
                wrong.append(Mismatch(mail.day, figure, bounds[0], bounds[-1]))
    return Recount(figures, tuple(wrong))


class Count:
    """The record as of one mail, by what was heard."""

    def __init__(self, mail: Evening, contacts: Iterable[Contact], heard: Heard, world: KnownWorld) -> None:
        self._mail, self._heard, self._world = mail, heard, world
        week = mail.day - timedelta(days=6)
        self._days: dict[date, list[Contact]] = {}
        for contact in contacts:
            day = contact.at.astimezone(mail.zone).date()
            if contact.person is not None and contact.at <= mail.at and week <= day:
                self._days.setdefault(day, []).append(contact)

    def of(self, figure: Figure) -> float | None:
        """What the figure should be; None where it cannot be known here."""
        sections: Mapping[str, Callable[[Figure], float | None]] = {
            "SUBJECT": self._today,
            "TODAY": self._today,
            "WEEK": self._week,
            "YESTERDAY'S FIGURES": lambda each: self._reached(LABELS.get(each.label), 1),
            "COST AND EXPOSURE": self._cost,
        }
        channel, _, ended = figure.section.partition(" ")
        if channel in CHANNELS:
            return self._ended(figure, channel) if ended else self._of_channel(figure, channel)
        count = sections.get(figure.section)
        return count(figure) if count else None

    def _on(self, back: int, channel: str | None = None) -> Sequence[Contact]:
        found = self._days.get(self._mail.day - timedelta(days=back), ())
        return [each for each in found if channel is None or each.channel == channel]

    def _reached(self, metric: str | None, back: int, channel: str | None = None) -> float | None:
        if metric is None:
            return None
        return sum(metric in self._heard.milestones(each) for each in self._on(back, channel))

    def _today(self, figure: Figure) -> float | None:
        if figure.label == "Contacted":
            return len({each.person for each in self._on(0)})
        return self._reached(LABELS.get(figure.label), 0)

    def _week(self, figure: Figure) -> float | None:
        label, back, _, _ = figure.label.rsplit(" ", 3)
        if label == "Contacted":
            return len({each.person for each in self._on(int(back))})
        return self._reached(LABELS.get(label), int(back))

    def _of_channel(self, figure: Figure, channel: str) -> float | None:
        return self._reached(LABELS.get(figure.label), 0, CHANNELS[channel])

    def _ended(self, figure: Figure, channel: str) -> float | None:
        word = ENDED.get(figure.label)
        if word is None:
            return None
        return Counter(self._heard.ending(each) for each in self._on(0, CHANNELS[channel]))[word]

    def _cost(self, figure: Figure) -> float | None:
        if figure.label == "without consent":
            return sum(self._unproven(each) for each in self._on(0))
        if figure.label not in RINGING:
            return None
        return round(sum(each.cost_usd for each in self._on(0, figure.label) if self._heard.ending(each)), 2)

    def _unproven(self, contact: Contact) -> bool:
        """A call or text to somebody who gave no consent of any kind to that."""
        given = self._world.people[contact.person or ""].consents
        on_record = (c.channel == contact.channel and c.given_on <= contact.at.date() for c in given)
        return contact.channel in RINGING and not any(on_record)
