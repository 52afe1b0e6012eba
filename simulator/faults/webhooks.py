"""Faults of webhooks on their way to the loop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from math import log
from typing import Any

from simulator.agenda import Agenda, Delivery, Effect
from simulator.faults import entries
from simulator.faults.planned import Plan, Planned, on_now
from simulator.record import Record
from simulator.world.dice import dice

MOMENT = timedelta(seconds=1)
Step = Callable[[Planned[Any], Delivery, Agenda, datetime], "list[Delivery] | None"]


class WebhookFaults:
    """Decides, when a webhook is due, what is delivered now; the rest it puts off or lets go.

    A webhook is judged once, at its first attempt: what a sender tries again is not hit again.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._faults: list[Planned[Any]] = plan.of(
            entries.WebhookFault, entries.WebhookLate, entries.WebhookDoubled
        )
        self.accepted_forgeries: list[Delivery] = []
        self._steps: dict[str, Step] = {
            "webhook_lost": self._lose,
            "webhook_late": self._delay,
            "webhook_doubled": self._double,
            "webhook_reordered": self._reorder,
            "webhook_forged": self._forge,
        }

    def turn(self, delivery: Delivery, agenda: Agenda, record: Record, now: datetime) -> list[Delivery]:
        """What is delivered now in place of `delivery`; what is put off is on the agenda again."""
        if delivery.judged or delivery.attempt:
            return [delivery]
        for fault in on_now(self._faults, now):
            if delivery.scheme not in fault.entry.schemes:
                continue
            if not fault.hits(delivery.event_id, delivery.kind, delivery.order):
                continue
            found = self._steps[fault.entry.kind](fault, delivery, agenda, now)
            if found is not None:
                if delivery not in found:
                    record.failed(delivery, 0, gave_up=fault.entry.kind == "webhook_lost")
                return found
        return [delivery]

    def forgery_answered(self, delivery: Delivery, status: int) -> None:
        """What became of a forged webhook; one that was taken is kept for the judge."""
        if 200 <= status < 300:
            self.accepted_forgeries.append(delivery)

    def _lose(
        self, fault: Planned[Any], delivery: Delivery, _agenda: Agenda, now: datetime
    ) -> list[Delivery]:
        self._plan.note(fault, now, target(delivery))
        return []

    def _delay(
        self, fault: Planned[entries.WebhookLate], delivery: Delivery, agenda: Agenda, now: datetime
    ) -> list[Delivery]:
        least, most = fault.entry.least.total_seconds(), fault.entry.most.total_seconds()
        roll = dice(fault.seed, fault.name, "late", delivery.event_id)
        return self._put_off(
            fault, delivery, agenda, now, now + timedelta(seconds=_between(roll.random(), least, most))
        )

    def _reorder(
        self, fault: Planned[Any], delivery: Delivery, agenda: Agenda, now: datetime
    ) -> list[Delivery] | None:
        after = agenda.next_of(delivery)
        if after is None:
            return None
        return self._put_off(fault, delivery, agenda, now, after.at + MOMENT)

    def _put_off(
        self, fault: Planned[Any], delivery: Delivery, agenda: Agenda, now: datetime, at: datetime
    ) -> list[Delivery]:
        self._plan.note(fault, now, target(delivery), until=at)
        agenda.add(replace(delivery, at=at, judged=True))
        return []

    def _double(
        self, fault: Planned[entries.WebhookDoubled], delivery: Delivery, agenda: Agenda, now: datetime
    ) -> list[Delivery]:
        roll = dice(fault.seed, fault.name, "again", delivery.event_id)
        at = now + timedelta(seconds=roll.uniform(0, fault.entry.within.total_seconds()))
        self._plan.note(fault, now, target(delivery), until=at)
        agenda.add(replace(delivery, at=at, judged=True, retries=(), effect=Effect()))
        return [delivery]

    def _forge(
        self, fault: Planned[Any], delivery: Delivery, _agenda: Agenda, now: datetime
    ) -> list[Delivery]:
        self._plan.note(fault, now, target(delivery))
        ident = f"forged-{delivery.event_id}"
        forged = replace(delivery, forged=True, event_id=ident, retries=(), effect=Effect())
        return [forged, delivery]


def target(delivery: Delivery) -> str:
    """The webhook by its sender, sort and id."""
    return f"{delivery.scheme}.{delivery.kind} {delivery.event_id}"


def _between(place: float, least: float, most: float) -> float:
    """A place on a logarithmic scale: minutes are as likely as days."""
    return float(least * (most / least) ** place) if log(most / least) > 0 else least
