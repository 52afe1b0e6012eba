"""The memory of watch and medic: opened once, seen again, closed by a look that finds it gone."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.state import State
from shared.state.postgres import PostgresTransport
from tests.support.database import set_time
from tests.support.ledger import TODAY, Ledger

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
INSTALLATION = UUID("6f1f0a3e-1b0e-4a53-9a0c-0d7a5a3c2b11")


def finding(kind: str = "backlog", target: str = "touches", **changes: Any) -> dict[str, Any]:
    """One row of a look."""
    row = {"kind": kind, "target": target, "words": "w", "severity": "warning", "evidence": {"n": 1}}
    return row | {"began_at": (NOW - 2 * MINUTE).isoformat()} | changes


@pytest.fixture
def state(database: str, transport: PostgresTransport) -> State:
    """A database at a fixed time."""
    set_time(database, NOW)
    return State(transport, INSTALLATION)


def test_trouble__is_one_incident_however_often_it_is_seen(state: State, database: str) -> None:
    first = state.incidents.sight([finding()], ["backlog"])
    set_time(database, NOW + 5 * MINUTE)
    second = state.incidents.sight([finding(evidence={"n": 2})], ["backlog"])
    assert len(first.opened) == 1
    assert second.opened == ()
    assert [(each.sightings, each.evidence) for each in second.open] == [(2, {"n": 2})]


def test_a_look_that_finds_it_gone__closes_it(state: State, database: str) -> None:
    state.incidents.sight([finding()], ["backlog"])
    set_time(database, NOW + 5 * MINUTE)
    gone = state.incidents.sight([], ["backlog"])
    assert [(each.kind, each.closed_by, each.repair_s) for each in gone.closed] == [
        ("backlog", "itself", 300.0)
    ]
    assert gone.open == ()


def test_a_kind_that_nobody_looked_for__stays_open(state: State) -> None:
    state.incidents.sight([finding()], ["backlog"])
    assert len(state.incidents.sight([], ["spend"]).open) == 1


def test_what_a_playbook_mended__is_counted_as_its_work(state: State, database: str) -> None:
    (incident,) = state.incidents.sight([finding()], ["backlog"]).open
    state.incidents.note_repair(incident.id, "run_tick", "done", "started", NOW + 10 * MINUTE)
    set_time(database, NOW + MINUTE)
    assert [each.closed_by for each in state.incidents.sight([], ["backlog"]).closed] == ["playbook"]


def test_a_repair_that_failed__is_no_repair(state: State) -> None:
    (incident,) = state.incidents.sight([finding()], ["backlog"]).open
    state.incidents.note_repair(incident.id, "run_tick", "failed", "state", NOW)
    assert [each.closed_by for each in state.incidents.sight([], ["backlog"]).closed] == ["itself"]


def test_the_same_trouble_again__is_a_new_incident(state: State) -> None:
    state.incidents.sight([finding()], ["backlog"])
    state.incidents.sight([], ["backlog"])
    assert len(state.incidents.sight([finding()], ["backlog"]).opened) == 1


def test_two_looks_at_once__open_one_incident(state: State, database: str) -> None:
    def look(_: int) -> int:
        with closing(PostgresTransport(database)) as own:
            return len(State(own, INSTALLATION).incidents.sight([finding()], ["backlog"]).opened)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(look, range(8))) == 1
    assert len(state.incidents.open()) == 1


def test_the_owner__may_say_that_it_is_settled(state: State) -> None:
    (incident,) = state.incidents.sight([finding()], ["backlog"]).open
    assert state.incidents.close(incident.id)
    assert not state.incidents.close(incident.id)
    assert [row["closed_by"] for row in state.incidents.since(NOW - MINUTE, 10)] == ["owner"]


def test_figures__are_counted_from_the_table_without_notices(state: State, database: str) -> None:
    rows = [finding(), finding("spend", "call", severity="notice"), finding("error_rate", "all")]
    kinds = ["backlog", "spend", "error_rate"]
    opened = {each.kind: each for each in state.incidents.sight(rows, kinds).open}
    state.incidents.note_repair(opened["backlog"].id, "run_tick", "done", "started", NOW)
    set_time(database, NOW + 4 * MINUTE)
    state.incidents.sight([finding("error_rate", "all")], kinds)
    figures = state.incidents.figures(NOW - MINUTE)
    assert (figures.opened, figures.closed, figures.by_playbook) == (2, 1, 1)
    assert (figures.mttd_s, figures.mttr_s, figures.auto_fix_share) == (120.0, 240.0, 0.5)


def test_vital_signs__of_an_empty_database(state: State) -> None:
    signs = state.incidents.vital_signs(NOW.date(), late_minutes=20, endless_minutes=45)
    assert (signs.now, signs.live, signs.overdue, signs.unknown, signs.errors_1h) == (NOW, False, 0, {}, ())


def test_what_is_late_or_endless__is_as_the_owner_says(ledger: Ledger) -> None:
    ledger.plan(ledger.lead())
    call = ledger.accepted(channel="call")
    ledger.after(minutes=30)
    seen = [
        ledger.state.incidents.vital_signs(TODAY, late_minutes=minutes, endless_minutes=minutes)
        for minutes in (30, 31)
    ]
    assert [(signs.overdue, signs.endless_calls) for signs in seen] == [(1, (str(call.id),)), (0, ())]
