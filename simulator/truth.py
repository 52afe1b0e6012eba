"""What is truly so in a world: the effects that were planted in it, and the faults that were injected.

Written by the world and by the fault injector, read by the scorer. Production code never sees it, and the
scorer never sees the dice: it judges by what stands here and by what the wire recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock


@dataclass(frozen=True)
class Planted:
    """One true effect of one choice, or a planted null: a difference in words or plan that changes nothing.

    `lever` is what the loop can change (`script`, `opener`, `hour` …) and `feature` names what of the text
    or the plan carries the effect. It holds for the people and moments that `where` describes (attribute →
    value; empty for all of them) and multiplies the rate of `metric` by 1 + `lift`; 0 is the null.
    `opt_out_lift` does the same to opt-outs. It begins on day `starts_day` of the run, counted from 0, and
    has faded to nothing `fades_days` later; None means that it stays.
    """

    id: str
    lever: str
    feature: str
    where: Mapping[str, str]
    metric: str
    lift: float
    opt_out_lift: float = 0.0
    starts_day: int = 0
    fades_days: int | None = None

    @property
    def null(self) -> bool:
        """Whether choosing the feature changes nothing at all."""
        return self.lift == 0 and self.opt_out_lift == 0


@dataclass(frozen=True)
class Injected:
    """One fault that really happened, from `at` to `until` (the same instant for something momentary).

    `target` is what it struck: an operation of a provider, a stage, a number. `excuse` says why nobody has to
    notice it, because it changes nothing or cannot be told from inside; empty for what must be noticed.
    """

    kind: str
    at: datetime
    until: datetime
    target: str
    excuse: str = ""

    @property
    def detectable(self) -> bool:
        """Whether not to notice it is held against the loop."""
        return not self.excuse

    def order(self) -> tuple[datetime, str, str, datetime]:
        """Sorts faults the same way in every run, whoever was first to report one."""
        return (self.at, self.kind, self.target, self.until)


@dataclass
class Truth:
    """What was planted in one run of a world, and what was injected into it; safe to add to from threads."""

    world: str
    seed: int
    planted: tuple[Planted, ...] = ()
    _injected: list[Injected] = field(default_factory=list)
    _lock: Lock = field(default_factory=Lock, repr=False, compare=False)

    @property
    def injected(self) -> tuple[Injected, ...]:
        """All faults so far, in the order of the world's time."""
        with self._lock:
            return tuple(sorted(self._injected, key=Injected.order))

    def inject(self, *faults: Injected) -> None:
        """Write down faults at the moment they are injected."""
        with self._lock:
            self._injected.extend(faults)

    def plant(self, effects: Iterable[Planted]) -> None:
        """Write down effects before the run begins.

        Raises `ValueError` when two of them have one id.
        """
        with self._lock:
            planted = (*self.planted, *effects)
            if len({effect.id for effect in planted}) < len(planted):
                raise ValueError("two planted effects of one world have the same id")
            self.planted = planted
