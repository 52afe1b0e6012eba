"""Run one stage: its slot, its ledger row, its lease, one safe boundary, its report.

What a run may do is decided purely, before any effect: `place` finds its slot and period, `decide` says
whether it counts. What follows is effects in order.
"""

from __future__ import annotations

import dataclasses
import logging
import os
import socket
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, cast
from zoneinfo import ZoneInfo

from functions import slots, stages
from functions.failures import describe, frames
from functions.stages import Stage
from shared.errors import ConfigurationError, GrowthLoopError, NotBuilt, NotLive, StateError
from shared.lease import Lease
from shared.period import Period
from shared.report import Noticed, ReportStatus, StageReport

if TYPE_CHECKING:
    from shared.loop import Loop
    from shared.state.controls import LiveStatus
    from shared.state.stages import RunBefore, SlotClaim, StageRun

log = logging.getLogger(__name__)

Verdict = Literal["run", "preview", "interim", "stand_down", "not_live", "too_late"]
SLOW = "database_slow"  # the kind of incident
OUTAGE = timedelta(minutes=12)
"""When what comes every few minutes stayed away for so long, the cause was not the stage's own."""
LedgerState = Literal["ok", "failed", "skipped"]


class StageFailed(GrowthLoopError):
    """A stage ended as a failure; the process's entry raises it so that the scheduler counts it as one."""

    code = "stage_failed"


class LeaseLost(StateError):
    """Another worker took this run over before it could be closed; that worker's report counts."""

    code = "lease_lost"


@dataclass(frozen=True)
class Ask:
    """How a run was asked for. A firing of the schedule is `Ask()`: options exist only by hand."""

    by_hand: bool = False
    dry_run: bool = False
    force: bool = False
    live: bool = False
    date: date | None = None


@dataclass(frozen=True)
class Standing:
    """What the go-live row says: whether anybody ever went live, is it on, and is it this process's row."""

    began: bool
    on: bool
    ours: bool

    @property
    def may_send(self) -> bool:
        """Live, and this is what went live."""
        return self.on and self.at_work

    @property
    def at_work(self) -> bool:
        """This is what went live; turned off since, it plans and reports, and sends nothing."""
        return self.began and self.ours


@dataclass(frozen=True)
class Run:
    """One run, placed in time."""

    stage: Stage
    ask: Ask
    slot: datetime
    period: Period

    @property
    def wants_record(self) -> bool:
        """By hand, a slot that was already run answers with what was recorded then."""
        return self.ask.by_hand and not self.ask.dry_run and not self.ask.force


def run_stage(
    loop: Loop,
    name: str | Stage,
    *,
    by_hand: bool = False,
    dry_run: bool = False,
    force: bool = False,
    date: date | None = None,
    live: bool = False,
) -> StageReport:
    """Run a stage once and report; whatever happens inside becomes a report too.

    A firing counts only where this installation went live. Before the owner turns it on for the first time
    it previews; turned off again it plans, listens and reports, and sends nothing to a person; on another
    installation, app or copy of the database than the one that went live it stands down. By hand,
    before the day's slot it previews (`interim`) and fills nothing; after it, the recorded report is
    given, or an open slot is filled; a stage that sends does so only with `live`. `dry_run` writes no row
    and sends nothing. `force` adds a run to a slot that is done.

    Raises `NotBuilt`, and `ConfigurationError` with code `usage` for a name or option that does not fit.
    Everything else, an unreachable database included, is a report with status `failed`; an interrupt goes
    on up and leaves the slot open to be run again. Kill switch, caps and suppression are not looked at
    here: `begin_send` decides them touch by touch.
    """
    stage = name if isinstance(name, Stage) else stages.get(name)
    if not stage.built:
        raise NotBuilt(f"{stage.name} is not built yet.")
    ask = Ask(by_hand=by_hand, dry_run=dry_run, force=force, live=live, date=date)
    refuse_options(stage, ask)
    try:
        status = loop.state.live.status()
        run = place(stage, ask, status.now, loop.zone)
    except Exception as error:  # the runner's boundary, before the slot is known
        if isinstance(error, ConfigurationError) and error.code == "usage":
            raise
        return _failure(stage, None, error)
    try:
        return _carry_out(loop, run, status)
    except Exception as error:  # noqa: BLE001 - the runner's boundary: every failure becomes a report
        return _failure(stage, run.slot, error)


# Pure: what a run may do.


def refuse_options(stage: Stage, ask: Ask) -> None:
    """Raise `ConfigurationError` (code `usage`) for options that never fit this stage."""
    if ask.date is not None and stage.dates == "refused":
        raise ConfigurationError(f"{stage.name} works on the present and takes no date.", code="usage")
    if ask.force and ask.dry_run:
        raise ConfigurationError("--force and --dry-run exclude each other.", code="usage")


def place(stage: Stage, ask: Ask, now: datetime, tz: ZoneInfo) -> Run:
    """The slot and the period a run belongs to.

    A firing takes the last slot. By hand a day or week stage takes today's, even when it is still to
    come. Raises `ConfigurationError` (code `usage`) for a date that this stage refuses.
    """
    if not ask.by_hand:
        slot = slots.slot_for(stage, now + slots.EARLY, tz)
    elif stage.period == "slot":
        slot = slots.slot_for(stage, now, tz)
    else:
        slot = slots.slot_of(stage, _day(stage, ask, slots.local_date(now, tz)), tz)
    return Run(stage, ask, slot, slots.period_for(stage, slot, tz))


def decide(run: Run, standing: Standing, now: datetime) -> Verdict:
    """What a run may do; the first rule that applies decides."""
    ask, stage = run.ask, run.stage
    if not ask.by_hand:
        return _decide_firing(run, standing, now)
    if run.slot > now:
        return "interim"
    if ask.live and stage.sends and not ask.dry_run and not standing.may_send:
        return "not_live"
    if ask.dry_run or not standing.at_work or (stage.sends and not ask.live):
        return "preview"
    return "run"


def _decide_firing(run: Run, standing: Standing, now: datetime) -> Verdict:
    if not standing.began:
        return "preview"
    if not standing.ours:
        return "stand_down"
    return "too_late" if now > run.slot + run.stage.catch_up else "run"


def missed_before(run: Run, before: RunBefore | None, tz: ZoneInfo) -> Iterator[Noticed]:
    """What the ledger shows to whoever comes next: the run before died, slots stayed empty, nothing ran.

    A day or week that was missed is not noticed here: the watch catches it up while that is of use.
    """
    stage = run.stage
    if before is None or run.ask.by_hand:
        return
    if before.state == "running":
        yield Noticed("stage_missed", stage.name, before.slot, {"died": True})
    if stage.period != "slot":
        return
    expected = slots.slot_for(stage, run.slot - timedelta(seconds=1), tz)
    if before.slot < expected:
        yield Noticed("stage_missed", stage.name, expected, {"died": False})
    if run.slot - expected <= OUTAGE / 2 and run.slot - before.slot > OUTAGE:
        yield Noticed("outage", "database", before.slot, {"until": run.slot.isoformat()})


def _day(stage: Stage, ask: Ask, today: date) -> date:
    if ask.date is None:
        return today - timedelta(days=stage.days_back)
    if stage.dates == "today" and ask.date != today:
        raise ConfigurationError(f"{stage.name} works on no day but today.", code="usage")
    if ask.date > today:
        raise ConfigurationError("That day is still to come.", code="usage")
    return ask.date


# Effects, in order.


def _carry_out(loop: Loop, run: Run, status: LiveStatus) -> StageReport:
    now = status.now
    loop = dataclasses.replace(loop, began=now)
    if run.wants_record and run.slot <= now:
        recorded = loop.state.stages.run_of(run.stage.name, run.slot)
        if recorded is not None and recorded.state in ("ok", "skipped"):
            return _recorded(run, recorded)
    standing = standing_of(loop, status, by_hand=run.ask.by_hand)
    match decide(run, standing, now):
        case "run" if waits(loop, run):
            return _unrun(run, "skipped", "The database is slow, so this waits; the watch starts it later.")
        case "run" | "too_late" as verdict:
            return _in_ledger(loop, run, standing, verdict)
        case "preview":
            return _preview(loop, run, interim=False)
        case "interim":
            return _preview(loop, run, interim=True)
        case "stand_down":
            return _unrun(run, "skipped", "Another installation, app or database went live.")
        case "not_live":
            raise NotLive


def standing_of(loop: Loop, status: LiveStatus, *, by_hand: bool = False) -> Standing:
    """Where this process stands. By hand the app does not matter: `modal run` makes one of its own."""
    same_app = by_hand or status.app == loop.settings.app
    ours = status.installation_matches and status.database_matches and same_app
    return Standing(status.installation_id is not None, status.on, ours)


def waits(loop: Loop, run: Run) -> bool:
    """Whether this firing leaves a slow database to what people wait for. It fills no slot."""
    if not run.stage.optional or run.ask.by_hand:
        return False
    return any(incident.kind == SLOW for incident in loop.state.incidents.open())


def _preview(loop: Loop, run: Run, *, interim: bool) -> StageReport:
    quiet = dataclasses.replace(loop, may_send=False, read_only=True, lease=Lease(run.stage.timeout_s))
    report = run.stage.resolve()(quiet, run.period, preview=True, run_no=0)
    return dataclasses.replace(report, slot=run.slot, status=_preview_status(report), interim=interim)


def _preview_status(report: StageReport) -> ReportStatus:
    return "failed" if report.failed else "preview"


def _in_ledger(loop: Loop, run: Run, standing: Standing, verdict: Literal["run", "too_late"]) -> StageReport:
    lease = Lease(run.stage.lease_s)  # before the claim, so that it ends here first
    claim = loop.state.stages.claim(
        run.stage.name,
        run.slot,
        lease_s=run.stage.lease_s,
        worker=f"{socket.gethostname()}/{os.getpid()}",
        by_hand=run.ask.by_hand,
        force=run.ask.force,
    )
    if not claim.won:
        return _lost(run, claim)
    if verdict == "too_late":
        return _close(loop, run, claim, _unrun(run, "skipped", "Fired too late to catch this slot up."))
    may_send = standing.may_send and (run.ask.live or not run.ask.by_hand)
    working = dataclasses.replace(loop, may_send=may_send, lease=lease)
    try:
        report = _guarded(working, run, claim)
    except BaseException:
        _give_back(loop, run, claim)
        raise
    closed = _close(loop, run, claim, report)
    before = (
        dataclasses.replace(each, mended=not closed.failed)
        for each in missed_before(run, claim.before, loop.zone)
    )
    noticed = (*before, *closed.noticed)
    if closed.failed or closed.look_again or noticed:
        _glance(working, noticed)
    return closed


def _glance(loop: Loop, noticed: Sequence[Noticed]) -> None:
    try:
        stages.resolve(stages.GLANCE)(loop, noticed)
    except Exception as error:  # noqa: BLE001 - what was done is on record; the watch looks again in minutes
        log.error("glance failed: %s\n%s", describe(error)["code"], frames(error))


def _give_back(loop: Loop, run: Run, claim: SlotClaim) -> None:
    """After an interrupt Modal starts the same input again, which must not find its own lease in the way."""
    error = {"code": "interrupted", "kind": "Interrupt", "message": "", "retryable": True}
    with suppress(GrowthLoopError):  # the lease lapses by itself
        _close(loop, run, claim, StageReport(run.stage.name, run.slot, "failed", error=error))


def _guarded(loop: Loop, run: Run, claim: SlotClaim) -> StageReport:
    try:
        report = run.stage.resolve()(loop, run.period, preview=False, run_no=claim.run_no)
    except Exception as error:  # noqa: BLE001 - the runner's boundary: the ledger must learn of it
        return _failure(run.stage, run.slot, error)
    return dataclasses.replace(report, slot=run.slot)


def _close(loop: Loop, run: Run, claim: SlotClaim, report: StageReport) -> StageReport:
    run_id, fence = cast("tuple[int, int]", (claim.run_id, claim.fence))  # a won claim has both
    kept = loop.state.stages.finish(
        run_id,
        fence,
        state=_ledger_state(report),
        report=report.to_json(),
        error=_why(report),
    )
    return report if kept else _failure(run.stage, run.slot, LeaseLost())


def _ledger_state(report: StageReport) -> LedgerState:
    if report.failed:
        return "failed"
    return "ok" if report.status == "ok" else "skipped"


def _why(report: StageReport) -> dict[str, Any] | None:
    if report.error is not None:
        return dict(report.error)
    return {"code": "unexplained"} if report.failed else None


def _lost(run: Run, claim: SlotClaim) -> StageReport:
    if claim.status == "running":
        return _unrun(run, "already_running", "Another run holds this stage.")
    return _unrun(run, "already_done", "This slot is done.")


def _recorded(run: Run, recorded: StageRun) -> StageReport:
    report = StageReport.from_json(recorded.report)
    return dataclasses.replace(report, slot=run.slot, status="already_done")


def _unrun(run: Run, status: ReportStatus, note: str) -> StageReport:
    return StageReport(run.stage.name, run.slot, status, notes=(note,))


def _failure(stage: Stage, slot: datetime | None, error: Exception) -> StageReport:
    described = describe(error)
    log.error("%s failed: %s at %s\n%s", stage.name, described["code"], described["where"], frames(error))
    return StageReport(stage.name, slot, "failed", error=described)
