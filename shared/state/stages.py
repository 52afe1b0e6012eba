"""The ledger of stages: who runs which slot, and how it ended."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

RunState = Literal["running", "ok", "failed", "skipped"]


class RunBefore(BaseModel):
    """The run that stands before another in the ledger. One that is still `running` there has died."""

    model_config = ConfigDict(frozen=True)

    slot: datetime
    state: RunState


class SlotClaim(BaseModel):
    """The answer to "may I run this slot?". `fence` closes the run; an older fence closes nothing."""

    model_config = ConfigDict(frozen=True)

    won: bool
    status: Literal["won", "running", "done"]
    run_id: int | None
    run_no: int | None
    fence: int | None
    before: RunBefore | None = None


class StageRun(BaseModel):
    """One row of the ledger."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    stage: str
    slot: datetime
    run_no: int
    state: RunState
    by_hand: bool
    lease_until: datetime
    started_at: datetime
    finished_at: datetime | None
    report: dict[str, Any]
    error: dict[str, Any] | None


_RUNS = TypeAdapter(list[StageRun])


class Stages:
    """Verbs over `stage_runs`."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def claim(
        self,
        stage: str,
        slot: datetime,
        *,
        lease_s: int,
        worker: str,
        by_hand: bool = False,
        force: bool = False,
    ) -> SlotClaim:
        """Take a slot. Lost when another run holds the stage's lease, or the slot is done and not forced."""
        return SlotClaim.model_validate(
            self._call(
                "claim_slot_v1",
                stage=stage,
                slot=slot.isoformat(),
                lease_s=lease_s,
                worker=worker,
                by_hand=by_hand,
                force=force,
            )
        )

    def finish(
        self,
        run_id: int,
        fence: int,
        *,
        state: Literal["ok", "failed", "skipped"],
        report: dict[str, Any],
        error: dict[str, Any] | None,
    ) -> bool:
        """Close a run; False when it was taken over meanwhile and this worker's word no longer counts."""
        return bool(
            self._call("finish_slot_v1", run_id=run_id, fence=fence, state=state, report=report, error=error)
        )

    def last_runs(self) -> list[StageRun]:
        """The newest run of each stage that ever ran."""
        return _RUNS.validate_python(self._call("last_runs_v1"))

    def run_of(self, stage: str, slot: datetime) -> StageRun | None:
        """What was recorded for a slot, if anything."""
        row = self._call("slot_run_v1", stage=stage, slot=slot.isoformat())
        return StageRun.model_validate(row) if row else None

    def past_reports(self, stage: str, before: datetime, max_rows: int) -> list[dict[str, Any]]:
        """What the stage reported in its newest finished slots before this one, newest first."""
        return list(self._call("past_reports_v1", stage=stage, before=before.isoformat(), max_rows=max_rows))

    def failures(self, since: datetime) -> list[dict[str, Any]]:
        """At most 50 failed runs since then, oldest first: {stage, slot, error}."""
        return list(self._call("stage_failures_v1", since=since.isoformat()))
