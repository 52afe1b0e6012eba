"""Faults of the schedule: firings missed, doubled, overlapping, or killed in the middle."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from simulator.faults import entries
from simulator.faults.database import FaultyTransport, Killed
from simulator.faults.planned import Plan, Planned, on_now
from simulator.world.dice import dice

EARLIEST_CALL, LATEST_CALL = 2, 10


@dataclass(frozen=True)
class Firing:
    """How one firing goes; `call` is the call to the database at which it happens, if it gets there."""

    fault: Planned[entries.StageFault] | None = None
    call: int = 0

    @property
    def kind(self) -> str:
        """The fault's kind, empty for an ordinary firing."""
        return self.fault.entry.kind if self.fault else ""


class StageFaults:
    """Decides how a firing goes, and makes it go so."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._faults = plan.of(entries.StageFault)

    @property
    def any(self) -> bool:
        """Whether there is any such fault in this run."""
        return bool(self._faults)

    def firing(self, stage: str, slot: datetime) -> Firing:
        """How the firing of a stage at its slot goes."""
        for fault in on_now(self._faults, slot):
            if stage in fault.entry.stages and fault.hits(stage, slot.isoformat()):
                roll = dice(fault.seed, fault.name, "call", stage, slot.isoformat())
                return Firing(fault, roll.randint(EARLIEST_CALL, LATEST_CALL))
        return Firing()

    def fire(
        self,
        stage: str,
        now: Callable[[], datetime],
        transport: FaultyTransport,
        run: Callable[[], object],
        beside: Callable[[], object],
    ) -> None:
        """Fire a stage. `run` runs it on the worker behind `transport`, `beside` on a second one."""
        slot = now()
        firing = self.firing(stage, slot)
        fault = firing.fault
        if fault is None:
            run()
            return

        def note() -> None:
            self._plan.note(fault, now(), stage)

        def kill() -> None:
            note()
            transport.die()

        def overlap() -> None:
            note()
            beside()

        if firing.kind in {"stage_missed", "stage_doubled"}:
            note()
        if firing.kind == "stage_doubled":
            run()
        if firing.kind in {"stage_killed", "stage_overlapping"}:
            transport.before_call(firing.call, kill if firing.kind == "stage_killed" else overlap)
        if firing.kind != "stage_missed":
            try:
                run()
            except Killed:
                pass
            finally:
                transport.as_new()
