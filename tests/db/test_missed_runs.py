"""What a run finds in the ledger of the one before it: that it died, that its slot stayed empty."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest

from functions.runner import run_stage
from functions.stages import Stage
from shared.loop import Loop
from shared.state.postgres import PostgresTransport
from tests.support.database import set_time
from tests.support.runs import MORNING, SLOT, loop_over, stage


@pytest.fixture
def loop(database: str, transport: PostgresTransport) -> Iterator[Loop]:
    """A live installation, a minute after 08:00 in New York."""
    set_time(database, MORNING)
    loop = loop_over(transport)
    loop.state.live.turn_on(app="growthloop", actor="owner")
    yield loop
    loop.close()


def test_a_run_that_died__is_noticed_by_the_next_one(loop: Loop, database: str) -> None:
    tomorrow = SLOT + timedelta(days=1)
    set_time(database, tomorrow)
    loop.state.stages.claim("stage", tomorrow, lease_s=1, worker="gone")
    set_time(database, tomorrow + timedelta(minutes=1))
    assert run_stage(loop, stage()).status == "ok"
    assert noticed(loop) == [("stage_missed", "stage", "itself")]


def test_an_empty_slot__is_noticed_by_the_next_run_and_mended_when_that_is_well(
    loop: Loop, database: str
) -> None:
    for minutes in (3, 6, 12):
        assert noticed(loop) == []
        set_time(database, SLOT + timedelta(minutes=minutes, seconds=1))
        assert run_stage(loop, _tick()).status == "ok"
    assert noticed(loop) == [("stage_missed", "stage", "itself")]


def test_an_empty_slot__stays_open_when_the_next_run_fails(loop: Loop, database: str) -> None:
    for minutes, function in ((3, "works"), (9, "breaks")):
        set_time(database, SLOT + timedelta(minutes=minutes, seconds=1))
        run_stage(loop, _tick(function))
    assert ("stage_missed", "stage", None) in noticed(loop)


def test_a_quarter_of_an_hour_without_anything__is_no_stages_own_fault(loop: Loop, database: str) -> None:
    for minutes in (3, 18):
        set_time(database, SLOT + timedelta(minutes=minutes, seconds=1))
        run_stage(loop, _tick())
    assert noticed(loop) == [("outage", "database", "itself"), ("stage_missed", "stage", "itself")]


def test_what_was_before_go_live__is_not_noticed(loop: Loop, database: str) -> None:
    run_stage(loop, _tick())
    for minutes, switch in ((3, loop.state.live.turn_off), (600, loop.state.live.turn_on)):
        set_time(database, SLOT + timedelta(minutes=minutes))
        switch(app="growthloop", actor="owner")
    assert run_stage(loop, _tick()).status == "ok"
    assert noticed(loop) == []


def _tick(function: str = "works") -> Stage:
    return stage(function, cron="*/3 * * * *", period="slot")


def noticed(loop: Loop) -> list[tuple[str, str, str | None]]:
    """What is on record: kind, target, and how it ended; stages of the real table do not run here."""
    rows = loop.state.incidents.since(SLOT - timedelta(days=1), 100)
    ours = (row for row in rows if row["target"] in ("stage", "database"))
    return sorted((row["kind"], row["target"], row["closed_by"]) for row in ours)


def test_an_error__is_new_once_by_stage_code_and_file(loop: Loop, database: str) -> None:
    for minutes in (3, 6, 9):
        set_time(database, SLOT + timedelta(minutes=minutes, seconds=1))
        run_stage(loop, _tick("breaks" if minutes < 9 else "meets_an_outage"))
    signs = loop.state.incidents.vital_signs(SLOT.date(), late_minutes=20, endless_minutes=45)
    found = [(each.code, each.place, each.times) for each in signs.new_errors]
    assert found == [("unexpected", "tests/support/runs.py", 2), ("unreachable", "tests/support/runs.py", 1)]
    set_time(database, SLOT + timedelta(hours=2))
    signs = loop.state.incidents.vital_signs(SLOT.date(), late_minutes=20, endless_minutes=45)
    assert signs.new_errors == ()
