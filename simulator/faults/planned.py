"""A fault of one run: when it is on, whom it hits, and the note of everything that it did."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Generic, TypeVar, cast

from simulator.faults.entries import Entry
from simulator.truth import Injected, Truth
from simulator.world.dice import dice

E = TypeVar("E", bound=Entry)
FOREVER = datetime.max.replace(tzinfo=UTC)
ASIDE = "the run beside it holds the slot: nothing is done twice"
DATA = "an attacker's words are quoted as data: nothing may come of them"
EXCUSES = {
    "webhook_doubled": "the same event again changes nothing",
    "webhook_reordered": "outcomes have ranks: no order of webhooks changes them",
    "webhook_forged": "it is refused on the spot and writes nothing",
    "slow": "the answer comes, only later",
    "stage_doubled": ASIDE,
    "stage_overlapping": ASIDE,
    "duplicate_leads": "the import takes both rows for the one person they are",
    "wrong_zone": "people are only contacted while it is lawful wherever they may be",
    "number_reassigned": "whoever answers says so, and the number is closed like any wrong one",
    "injection_transcript": DATA,
    "injection_reply": DATA,
    "injection_company": DATA,
    "model_wrong": "a model that is sure and wrong is told by its beliefs, which have a score of their own",
    "owner_silent": "an owner may be silent: what waits for them lapses by itself",
    "list_lags": "a list that lags looks like one with nothing new in it",
    "dst_change": "a change of clocks is no fault, only a day to live through",
}
"""Why nobody has to notice a fault of this kind. Whom it wrongs all the same, the invariants count."""


@dataclass(frozen=True)
class Planned(Generic[E]):
    """One entry with its span in time. `name` tells it from others of its kind in every die."""

    entry: E
    name: str
    seed: int
    start: datetime
    end: datetime | None

    def on(self, at: datetime) -> bool:
        """Whether the span holds this moment."""
        return self.start <= at and (self.end is None or at < self.end)

    def hits(self, *about: object) -> bool:
        """Whether it hits this one: a die of its own for each, so that no order of events matters."""
        return dice(self.seed, "fault", self.name, *about).random() < self.entry.rate

    @property
    def comes(self) -> bool:
        """For a span as a whole: whether it comes in this run."""
        return self.hits("span")


class Plan:
    """All faults of one run, and the ground truth of what they did."""

    def __init__(self, entries: Sequence[Entry], truth: Truth, *, start: datetime, zone: tzinfo) -> None:
        self.midnight = datetime.combine(start.astimezone(zone).date(), time(), zone)
        self.zone = zone
        self.seed = truth.seed
        self._truth = truth
        counts: Counter[str] = Counter()
        self._planned: list[Planned[Entry]] = []
        for entry in entries:
            counts[entry.kind] += 1
            self._planned.append(self._place(entry, f"{entry.kind}#{counts[entry.kind]}"))

    def _place(self, entry: Entry, name: str) -> Planned[Entry]:
        begins = wall(self.midnight, entry.start)
        ends = begins + entry.length if entry.length is not None else None
        return Planned(entry, name, self.seed, begins, ends)

    def of(self, *sorts: type[E]) -> list[Planned[E]]:
        """The faults of these sorts, in the file's order."""
        return [cast("Planned[E]", each) for each in self._planned if isinstance(each.entry, sorts)]

    def note(
        self,
        fault: Planned[E],
        at: datetime,
        target: str,
        *,
        until: datetime | None = None,
    ) -> None:
        """Write down that a fault came; without `until` it was over at once."""
        kind = fault.entry.kind
        self._truth.inject(Injected(kind, at, until or at, target, EXCUSES.get(kind, "")))

    def spans(self, faults: Sequence[Planned[E]], target: str) -> list[Planned[E]]:
        """Those of these spans that come in this run; each is noted once, as a whole."""
        found = [fault for fault in faults if fault.comes]
        for fault in found:
            self.note(fault, fault.start, target, until=fault.end or FOREVER)
        return found


def wall(midnight: datetime, after: timedelta) -> datetime:
    """So long after a midnight by the wall clock, which no change of clocks shifts."""
    return (midnight.replace(tzinfo=None) + after).replace(tzinfo=midnight.tzinfo)


def on_now(faults: Sequence[Planned[E]], at: datetime) -> Iterator[Planned[E]]:
    """Those of these faults whose span holds this moment."""
    return (fault for fault in faults if fault.on(at))
