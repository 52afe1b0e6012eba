"""A quiet scene for probes to look at, and single changes to it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from functions import slots, stages
from functions.medic.outlook import Outlook
from functions.medic.probes import Scene
from shared.directives import Book, read
from shared.directives.medic import Medic
from shared.state.incidents import Incident, MailWeek, VitalSigns
from shared.state.stages import StageRun

NOW = datetime(2026, 11, 23, 17, 2, tzinfo=UTC)  # a Monday, 12:02 in New York
ZONE = ZoneInfo("America/New_York")
MINUTE = timedelta(minutes=1)


@cache
def limits() -> Medic:
    """The shipped limits."""
    return Book.from_files(read()).medic


def run_of(name: str, slot: datetime, **changes: Any) -> StageRun:
    """A run that ended well a minute after its slot."""
    run = StageRun(
        id=1,
        stage=name,
        slot=slot,
        run_no=0,
        state="ok",
        by_hand=False,
        lease_until=slot + 5 * MINUTE,
        started_at=slot,
        finished_at=slot + MINUTE,
        report={},
        error=None,
    )
    return run.model_copy(update=changes)


def healthy_runs(now: datetime = NOW) -> dict[str, StageRun]:
    """Every built stage has run its newest slot."""
    return {s.name: run_of(s.name, slots.slot_for(s, now, ZONE)) for s in stages.built()}


def quiet(**signs: Any) -> Scene:
    """All is well, but for these figures."""
    vital = VitalSigns(
        now=NOW,
        live=True,
        live_since=NOW - timedelta(days=30),
        kill_switch=False,
        overdue=0,
        oldest_due_at=None,
        lapsed=(),
        unknown={},
        parked=0,
        oldest_parked_at=None,
        endless_calls=(),
        last_event_at={"vapi": NOW - MINUTE},
        awaiting={},
        spent_today={},
        mail_7d=MailWeek(sent=400, bounced=2, complained=0),
        senders=(),
        struck=(),
        deaf=(),
        new_errors=(),
        oldest_transaction_s=None,
        errors_1h=(),
    )
    return Scene(
        signs=vital.model_copy(update=signs),
        runs=healthy_runs(),
        limits=limits(),
        budgets={"call": 60.0, "email": 1.0, "sms": 5.0},
        zone=ZONE,
        worker_clock=NOW,
        answer_ms=4.0,
        outlook=Outlook({"web endpoint": 200, "website": 200}, {"mail.example.com": ""}, {"vapi": ""}),
    )


def with_run(scene: Scene, name: str, run: StageRun | None) -> Scene:
    """The scene with one stage's newest run replaced, or taken away."""
    runs = {key: each for key, each in scene.runs.items() if key != name}
    return replace(scene, runs=runs | ({name: run} if run else {}))


def incident(kind: str, target: str = "all", **changes: Any) -> Incident:
    """An open incident, seen for the first time a minute ago."""
    return Incident.model_validate(
        {
            "id": 1,
            "kind": kind,
            "target": target,
            "words": "something that is wrong",
            "severity": "warning",
            "evidence": {},
            "began_at": NOW - 2 * MINUTE,
            "opened_at": NOW - MINUTE,
            "sightings": 1,
            "repairs": [],
        }
        | changes
    )
