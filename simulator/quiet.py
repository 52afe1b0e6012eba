"""Slots that would do what the slot before did, namely nothing, are passed over.

Most of the firings of a month find nothing to do: it is night, or everybody waits. Such a slot is passed over
when its stage last did nothing, nothing has happened in the world since, and nothing comes due by then. The
row it would have left in the ledger of runs is written, so that who reads the ledger sees no gap. A run with
every slot gives the same record; a test holds that. Worlds with faults live every slot.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import psycopg

from functions.slots import local_date, next_midnight
from shared.report import StageReport
from simulator.days import crons

if TYPE_CHECKING:
    from simulator.days import Days

ACTED = {
    "outreach_tick": ("due", "sent", "refused", "failed", "unknown"),
    "watch": ("opened", "closed", "repairs"),
    "ab_test_manager": ("running", "decided", "shipped", "started"),
}
"""Stages that can be passed over, with the counts of their report that say they did something."""

LONGEST = timedelta(minutes=15)
"""The watch also goes by how long something has lasted, so it is passed over three times at most."""

# Touches and alerts that come due or expire, and leases that lapse; what nobody knows is looked at each time.
NEXT_DUE = """
select least(
    (select min(due_at) from deliveries where state = 'planned'),
    (select min(latest_at) from deliveries where state = 'planned'),
    (select min(lease_until) from deliveries where state in ('leased', 'submitted')),
    (select min(created_at) from deliveries where state = 'unknown'))
"""
AS_BEFORE = """
insert into stage_runs
    (stage, slot, state, by_hand, worker, fence, lease_until, started_at, finished_at, report)
select r.stage, s.slot, r.state, r.by_hand, r.worker, r.fence, s.slot + (r.lease_until - r.started_at),
       s.slot, s.slot, jsonb_set(r.report, '{slot}',
           to_jsonb(to_char(s.slot at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"+00:00"')))
from (select * from stage_runs where stage = %s order by slot desc limit 1) r,
     unnest(%s::timestamptz[]) s (slot)
"""
# The server of a simulation cleans up nothing by itself, as one in use does.
CLEAN_UP = "vacuum (analyze)"


def busy_slots(days: Days, until: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """The timetable of every slot, without those that would do nothing again."""
    quiet, zone = Quiet(days.database), days.loop.zone
    today = local_date(days.clock.now, zone)
    for at, name in crons(days, until):
        if local_date(at, zone) != today:
            today = local_date(at, zone)
            days.database.execute(CLEAN_UP)
        if _something_happens(days, at):
            quiet.disturb()
        if quiet.again(name, at):
            quiet.pass_over(name, at)
            continue
        quiet.write()
        yield at, partial(days.scheduled, name)
        quiet.note(name, days.reports[-1], at, next_midnight(at, zone))
    quiet.write()


def _something_happens(days: Days, at: datetime) -> bool:
    """Whether a webhook comes in or the owner acts by this moment."""
    next_at = days.agenda.next_at()
    return (next_at is not None and next_at <= at) or (bool(days.owner) and days.owner[0].at <= at)


class Quiet:
    """Which stages would do nothing again, and until when."""

    def __init__(self, database: psycopg.Connection[Any]) -> None:
        self._database = database
        self._until: dict[str, datetime] = {}
        self._passed: dict[str, list[datetime]] = {}

    def disturb(self) -> None:
        """Something happened: every stage has to look again."""
        self._until.clear()

    def again(self, name: str, at: datetime) -> bool:
        """Whether this slot would do what the last one did."""
        return name in self._until and at < self._until[name]

    def pass_over(self, name: str, at: datetime) -> None:
        """Leave this slot out."""
        self._passed.setdefault(name, []).append(at)

    def note(self, name: str, report: StageReport, at: datetime, midnight: datetime) -> None:
        """A stage has run: if it did nothing, how long that holds; else everything is to look again."""
        if not did_nothing(name, report):
            self.disturb()
            return
        due = self._next_due()
        bounds = [midnight, *([due] if due else []), *([at + LONGEST] if name == "watch" else [])]
        self._until[name] = min(bounds)

    def write(self) -> None:
        """Put the slots that were passed over into the ledger, as their stage's last run left its own."""
        for name, slots in self._passed.items():
            self._database.execute(AS_BEFORE, [name, slots])
        self._passed.clear()

    def _next_due(self) -> datetime | None:
        row = self._database.execute(NEXT_DUE.encode()).fetchone()
        return row[0] if row else None


def did_nothing(name: str, report: StageReport) -> bool:
    """Whether a run of a stage left everything as it was, so far as its own report tells."""
    if name not in ACTED or report.stage != name or report.status != "ok" or report.look_again:
        return False
    told = name != "watch" and bool(report.notes)
    return not told and not any(report.counts.get(count) for count in ACTED[name])
