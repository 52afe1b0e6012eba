"""Faults of calls, numbers and words: what happens at the other end of the line."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from simulator.faults import entries
from simulator.faults.planned import Plan, Planned, on_now
from simulator.faults.words import attack
from simulator.world.calls import CallOutcome, ordinary_stranger
from simulator.world.dice import dice
from simulator.world.texts import TextOutcome
from simulator.world.words import spoken

Place = Literal["transcript", "reply"]


class PeopleFaults:
    """What is wrong with a call or an answer that the world has just decided on."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._endless = plan.of(entries.CallFault)
        self._attacks = plan.of(entries.Injection)
        self._moved = plan.of(entries.Reassigned)
        self._noted: set[tuple[str, str]] = set()
        self._flagged: list[Planned[entries.NumberFlagged]] = []
        for fault in plan.of(entries.NumberFlagged):
            self._flagged += plan.spans([fault], fault.entry.number or "every number")

    def call(
        self, outcome: CallOutcome, *, person: str, number: str, sender: str, n: int, at: datetime
    ) -> CallOutcome:
        """The outcome of a call from our number `sender` to `number`, as these faults change it."""
        if outcome.talked and self._is_flagged(sender, person, n, at):
            return ordinary_stranger()
        if outcome.talked and self.reassigned(number, at):
            words = spoken(
                dice(self._plan.seed, "reassigned", number, n), "wrong_number", outcome.lines[0][1]
            )
            outcome = replace(
                outcome,
                disposition="wrong_number",
                ended_reason="customer-ended-call",
                decision_maker=False,
                callback_at=None,
                meeting_at=None,
                held=None,
                lines=tuple(words),
            )
        words_of_theirs = self.attack("transcript", person, "call", n, at) if outcome.talked else None
        if words_of_theirs is None:
            return outcome
        return replace(outcome, lines=(*outcome.lines, ("user", words_of_theirs)))

    def never_ends(self, person: str, n: int, at: datetime) -> bool:
        """Whether this call, which somebody answered, stays in progress."""
        for fault in on_now(self._endless, at):
            if fault.hits(person, n):
                self._plan.note(fault, at, f"calls {person} {n}")
                return True
        return False

    def text(self, outcome: TextOutcome, *, person: str, number: str, n: int, at: datetime) -> TextOutcome:
        """The outcome of a text. Whoever has a reassigned number reads it and says nothing."""
        if self.reassigned(number, at) and outcome.disposition in {"replied", "opted_out"}:
            return replace(outcome, disposition="delivered", reply=None, booking_at=None)
        reply = outcome.reply
        words = self.attack("reply", person, "sms", n, at) if reply and not reply.keyword else None
        if reply is None or words is None:
            return outcome
        return replace(outcome, reply=replace(reply, text=f"{reply.text} {words}"))

    def attack(self, place: Place, person: str, channel: str, n: int, at: datetime) -> str | None:
        """An attacker's words for this transcript or reply."""
        for fault in on_now(self._attacks, at):
            if fault.entry.kind == f"injection_{place}" and fault.hits(person, channel, n):
                self._plan.note(fault, at, f"{channel} {n} of {person}")
                return attack(dice(fault.seed, fault.name, person, channel, n)).text
        return None

    def reassigned(self, number: str, at: datetime) -> bool:
        """Whether this number belongs to somebody else by now; noted when it first matters."""
        for fault in self._moved:
            since = _moment(fault, number)
            if since <= at and fault.hits(number):
                if (fault.name, number) not in self._noted:
                    self._noted.add((fault.name, number))
                    self._plan.note(fault, since, number)
                return True
        return False

    def _is_flagged(self, sender: str, person: str, n: int, at: datetime) -> bool:
        return any(
            fault.entry.number in {None, sender}
            and dice(fault.seed, fault.name, person, n).random() >= fault.entry.answers
            for fault in on_now(self._flagged, at)
        )


def _moment(fault: Planned[entries.Reassigned], number: str) -> datetime:
    """When within the span this number changes hands; at once where the span has no end."""
    if fault.end is None:
        return fault.start
    whole = (fault.end - fault.start).total_seconds()
    return fault.start + timedelta(seconds=whole * dice(fault.seed, fault.name, "when", number).random())
