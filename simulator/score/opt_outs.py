"""How long somebody who has said stop could still be contacted."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from simulator.record import Contact, Fact, Record
from simulator.violations import may_confirm


def seconds_to_last_touch(record: Record, end: datetime) -> list[float]:
    """For each person who said stop: seconds until no touch could reach them any more, shortest first.

    That is when the loop was told, or the last contact after the wish, whichever is later; to the end of the
    run for a wish of which nothing ever arrived. One text that confirms a stop by text within five minutes is
    allowed and not counted.
    """
    first: dict[str, Fact] = {}
    for fact in record.facts:
        if fact.stop and fact.happened_at <= end:
            first.setdefault(fact.person, fact)
    contacts: dict[str, list[Contact]] = {person: [] for person in first}
    for contact in record.contacts:
        if contact.person in contacts:
            contacts[contact.person].append(contact)
    return sorted(_open_for(fact, contacts[person], end) for person, fact in first.items())


def _open_for(stop: Fact, contacts: Sequence[Contact], end: datetime) -> float:
    after = [each for each in contacts if each.at > stop.happened_at]
    told_at = stop.told_at or stop.happened_at
    confirming = [each for each in after if may_confirm(each, stop.channel, told_at)][:1]
    moments = [each.at for each in after if each not in confirming]
    last = max([stop.told_at or end, *moments])
    return (last - stop.happened_at).total_seconds()


def quantile(ordered: Sequence[float], share: float) -> float | None:
    """The nearest value that so large a share does not exceed; None of nothing."""
    if not ordered:
        return None
    return ordered[max(0, -(-int(share * 1000) * len(ordered) // 1000) - 1)]
