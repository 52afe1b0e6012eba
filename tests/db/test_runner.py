"""The runner against a real ledger: who runs, what is recorded, what a failure leaves behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import pytest

from functions.dispatcher import dispatch
from functions.runner import StageFailed, run_stage
from functions.stages import Stage
from shared.errors import ConfigurationError, NotBuilt
from shared.loop import Loop
from shared.report import StageReport
from shared.state.postgres import PostgresTransport
from tests.support.database import execute, set_time
from tests.support.runs import MORNING, SLOT, loop_over, seen, stage

NEVER_LIVE = "update controls set live = false, installation_id = null, app = null, database_id = null"


@pytest.fixture
def loop(database: str, transport: PostgresTransport) -> Iterator[Loop]:
    """A live installation, a minute after 08:00 in New York."""
    seen.clear()
    set_time(database, MORNING)
    loop = loop_over(transport)
    loop.state.live.turn_on(app="growthloop", actor="owner")
    yield loop
    seen.clear()


def _rows(loop: Loop) -> list[tuple[datetime, int, str]]:
    return [(run.slot, run.run_no, run.state) for run in loop.state.stages.last_runs()]


# A firing.


def test_a_firing__runs_its_slot_and_is_recorded(loop: Loop) -> None:
    report = run_stage(loop, stage())
    assert (report.status, report.slot, report.counts) == ("ok", SLOT, {"planned": 3})
    recorded = loop.state.stages.run_of("stage", SLOT)
    assert recorded is not None
    assert StageReport.from_json(recorded.report) == report
    assert seen[0]["may_send"] is True
    assert 110 < seen[0]["left"] <= 120


def test_a_second_firing__finds_the_slot_done(loop: Loop) -> None:
    run_stage(loop, stage())
    assert run_stage(loop, stage()).status == "already_done"
    assert len(seen) == 1


def test_a_firing_during_a_run__stands_back(loop: Loop) -> None:
    assert run_stage(loop, stage("claims_again")).notes == ("already_running",)


def test_a_firing_ahead_of_the_database_clock__takes_the_coming_slot(loop: Loop, database: str) -> None:
    set_time(database, SLOT - timedelta(seconds=2))
    assert run_stage(loop, stage()).slot == SLOT


def test_a_firing_too_late_to_catch_up__is_recorded_as_skipped(loop: Loop, database: str) -> None:
    set_time(database, SLOT + timedelta(hours=13))
    assert run_stage(loop, stage()).status == "skipped"
    assert _rows(loop) == [(SLOT, 0, "skipped")]
    assert seen == []


def test_an_optional_firing__waits_while_the_database_is_slow(loop: Loop) -> None:
    slow = {"kind": "database_slow", "words": "", "target": "database", "severity": "warning", "evidence": {}}
    loop.state.incidents.sight([slow | {"began_at": MORNING.isoformat()}], ["database_slow"])
    optional = stage(optional=True)
    assert run_stage(loop, optional).status == "skipped"
    assert run_stage(loop, stage(name="other")).status == "ok"
    loop.state.incidents.sight([], ["database_slow"])
    assert run_stage(loop, optional).status == "ok", "its slot was left open"


def test_a_firing_before_go_live__previews_and_leaves_the_slot_open(loop: Loop, database: str) -> None:
    execute(database, NEVER_LIVE)
    loop.state.live.turn_off(app="growthloop", actor="owner")
    report = run_stage(loop, stage())
    assert (report.status, report.interim) == ("preview", False)
    assert (seen[0]["preview"], seen[0]["run_no"], seen[0]["may_send"]) == (True, 0, False)
    assert seen[0]["day"] == SLOT.date()
    assert _rows(loop) == []


def test_a_firing_after_it_was_turned_off__works_and_may_not_send(loop: Loop) -> None:
    loop.state.live.turn_off(app="growthloop", actor="owner")
    assert run_stage(loop, stage(sends=True)).status == "ok"
    assert (seen[0]["preview"], seen[0]["may_send"]) == (False, False)
    assert _rows(loop) == [(SLOT, 0, "ok")]


def test_a_firing_of_another_app__does_nothing(loop: Loop, transport: PostgresTransport) -> None:
    report = run_stage(loop_over(transport, app="growthloop.ephemeral"), stage())
    assert report.status == "skipped"
    assert (seen, _rows(loop)) == ([], [])


@pytest.mark.parametrize("turned_off", [False, True])
def test_a_firing_on_a_restored_copy__does_nothing(loop: Loop, database: str, turned_off: bool) -> None:
    execute(database, "update controls set database_id = 'the original'")
    assert run_stage(loop, stage()).status == "skipped"
    assert (seen, _rows(loop)) == ([], [])


# Failures.


def test_an_unforeseen_failure__is_recorded_without_its_text(loop: Loop) -> None:
    report = run_stage(loop, stage("breaks"))
    assert report.error is not None
    assert (report.status, report.error["code"], report.error["kind"]) == (
        "failed",
        "unexpected",
        "ValueError",
    )
    assert "tests/support/runs.py" in report.error["where"]
    recorded = loop.state.stages.run_of("stage", SLOT)
    assert recorded is not None
    assert (recorded.state, recorded.error) == ("failed", report.error)
    assert "ada@example.com" not in str(recorded)


def test_an_unforeseen_failure__keeps_its_text_out_of_the_log(
    loop: Loop, caplog: pytest.LogCaptureFixture
) -> None:
    run_stage(loop, stage("breaks"))
    assert "unexpected" in caplog.text
    assert "ada@example.com" not in caplog.text


def test_a_known_failure__says_what_to_do_about_it(loop: Loop) -> None:
    error = run_stage(loop, stage("meets_an_outage")).error
    assert error is not None
    assert (error["code"], error["retryable"]) == ("unreachable", True)


def test_a_failed_slot__can_be_run_again(loop: Loop) -> None:
    run_stage(loop, stage("breaks"))
    assert run_stage(loop, stage(), by_hand=True).status == "ok"
    assert _rows(loop) == [(SLOT, 0, "ok")]


def test_a_lost_lease__is_a_failure_and_changes_nothing(loop: Loop, database: str) -> None:
    execute(
        database,
        "create function take_over() returns void language sql as "
        "$$ update stage_runs set fence = nextval('fences') $$",
    )
    report = run_stage(loop, stage("is_overtaken"))
    assert report.error is not None
    assert (report.status, report.error["code"]) == ("failed", "lease_lost")
    assert _rows(loop) == [(SLOT, 0, "running")]


def test_a_crashed_run__is_taken_over_when_its_lease_has_lapsed(loop: Loop, database: str) -> None:
    loop.state.stages.claim("stage", SLOT, lease_s=120, worker="gone")
    assert run_stage(loop, stage()).status == "already_running"
    set_time(database, MORNING + timedelta(seconds=121))
    assert run_stage(loop, stage()).status == "ok"


def test_an_interrupted_run__leaves_its_slot_to_the_restart(loop: Loop) -> None:
    with pytest.raises(KeyboardInterrupt):
        run_stage(loop, stage("is_interrupted"))
    assert _rows(loop) == [(SLOT, 0, "failed")]
    assert run_stage(loop, stage()).status == "ok"


def test_a_database_out_of_reach__is_a_failure_and_not_nothing_to_do() -> None:
    nowhere = PostgresTransport("postgresql://postgres@127.0.0.1:1/postgres?connect_timeout=1")
    report = run_stage(loop_over(nowhere), stage())
    assert report.error is not None
    assert (report.status, report.slot, report.error["code"]) == ("failed", None, "state_unavailable")


# By hand.


def test_by_hand_before_the_slot__previews_and_fills_nothing(loop: Loop, database: str) -> None:
    set_time(database, SLOT - timedelta(hours=1))
    report = run_stage(loop, stage(), by_hand=True)
    assert (report.status, report.interim, report.slot) == ("preview", True, SLOT)
    assert _rows(loop) == []


def test_by_hand_after_the_slot__gives_what_was_recorded(loop: Loop) -> None:
    run_stage(loop, stage())
    report = run_stage(loop, stage(), by_hand=True)
    assert (report.status, report.counts, report.notes) == (
        "already_done",
        {"planned": 3},
        ("Three are planned.",),
    )
    assert len(seen) == 1


def test_by_hand_a_slot_left_open__is_filled(loop: Loop) -> None:
    assert run_stage(loop, stage(), by_hand=True).status == "ok"
    assert seen[0]["may_send"] is False
    assert _rows(loop) == [(SLOT, 0, "ok")]


def test_by_hand_a_stage_that_sends__previews_unless_asked_to_go_live(loop: Loop) -> None:
    assert run_stage(loop, stage(sends=True), by_hand=True).status == "preview"
    assert _rows(loop) == []
    assert run_stage(loop, stage(sends=True), by_hand=True, live=True).status == "ok"
    assert [given["may_send"] for given in seen] == [False, True]


def test_by_hand_going_live_where_nothing_is_live__is_refused(loop: Loop) -> None:
    loop.state.live.turn_off(app="growthloop", actor="owner")
    report = run_stage(loop, stage(sends=True), by_hand=True, live=True)
    assert report.error is not None
    assert (report.status, report.error["code"]) == ("failed", "not_live")
    assert seen == []


def test_by_hand_from_an_app_of_its_own__counts_as_this_installation(
    loop: Loop, transport: PostgresTransport
) -> None:
    other = loop_over(transport, app="growthloop.ephemeral")
    assert run_stage(other, stage(sends=True), by_hand=True, live=True).status == "ok"


def test_a_dry_run__writes_no_row_and_may_not_send(loop: Loop) -> None:
    assert run_stage(loop, stage(), by_hand=True, dry_run=True, live=True).status == "preview"
    assert seen[0]["may_send"] is False
    assert _rows(loop) == []


def test_force__adds_a_run_to_a_slot_that_is_done(loop: Loop) -> None:
    run_stage(loop, stage())
    assert run_stage(loop, stage(), by_hand=True, force=True).status == "ok"
    assert [given["run_no"] for given in seen] == [0, 1]
    assert _rows(loop) == [(SLOT, 1, "ok")]


def test_a_failing_preview__is_a_failure_without_a_row(loop: Loop) -> None:
    assert run_stage(loop, stage("breaks"), by_hand=True, dry_run=True).status == "failed"
    assert _rows(loop) == []


# Dates.


def test_a_date__is_the_day_worked_on(loop: Loop) -> None:
    report = run_stage(loop, stage(days_back=1), by_hand=True, date=date(2026, 11, 20))
    assert seen[0]["day"] == date(2026, 11, 20)
    assert report.slot == datetime(2026, 11, 21, 13, tzinfo=UTC)


@pytest.mark.parametrize(
    ("given", "day"),
    [
        (stage(dates="refused"), date(2026, 11, 23)),
        (stage(dates="today"), date(2026, 11, 22)),
        (stage(), date(2026, 11, 24)),
    ],
    ids=["no date at all", "another day", "still to come"],
)
def test_a_date_that_makes_no_sense__is_a_usage_error(loop: Loop, given: Stage, day: date) -> None:
    with pytest.raises(ConfigurationError) as caught:
        run_stage(loop, given, by_hand=True, date=day)
    assert caught.value.code == "usage"
    assert _rows(loop) == []


def test_a_stage_not_built__says_so(loop: Loop) -> None:
    with pytest.raises(NotBuilt):
        run_stage(loop, "prospector", by_hand=True)


# The dispatcher, over the same ledger.

# 00:05 may be caught up all day, and Sunday's 20:00 on Monday
CAUGHT_UP = {"daily_metrics", "weekly_learning_agent"}
AT_EIGHT = {"daily_executor", "outreach_tick", "ab_test_manager"} | CAUGHT_UP


def test_the_dispatcher__starts_what_is_due(loop: Loop) -> None:
    started: list[str] = []
    assert set(dispatch(loop, started.append)) == AT_EIGHT == set(started)


def test_the_dispatcher__leaves_alone_what_runs_or_is_done(loop: Loop) -> None:
    loop.state.stages.claim("daily_executor", SLOT, lease_s=120, worker="elsewhere")
    claim = loop.state.stages.claim("outreach_tick", SLOT, lease_s=120, worker="elsewhere")
    assert claim.run_id is not None
    assert claim.fence is not None
    loop.state.stages.finish(claim.run_id, claim.fence, state="ok", report={}, error=None)
    assert set(dispatch(loop, lambda _: None)) == CAUGHT_UP | {"ab_test_manager"}


def test_the_dispatcher__restarts_what_crashed_and_not_what_failed(loop: Loop, database: str) -> None:
    loop.state.stages.claim("daily_executor", SLOT, lease_s=60, worker="gone")
    claim = loop.state.stages.claim("outreach_tick", SLOT, lease_s=60, worker="elsewhere")
    assert claim.run_id is not None
    assert claim.fence is not None
    loop.state.stages.finish(claim.run_id, claim.fence, state="failed", report={}, error={"code": "state"})
    set_time(database, MORNING + timedelta(seconds=61))
    # The watch has a cron of its own and is started here only when that is late.
    assert set(dispatch(loop, lambda _: None)) == AT_EIGHT - {"outreach_tick"} | {"watch"}


def test_the_dispatcher__starts_the_others_when_one_cannot_be_started(loop: Loop) -> None:
    started: list[str] = []

    def spawn(name: str) -> None:
        if name == "daily_executor":
            raise ConnectionError
        started.append(name)

    with pytest.raises(StageFailed, match="daily_executor"):
        dispatch(loop, spawn)
    assert set(started) == AT_EIGHT - {"daily_executor"}


def test_the_dispatcher__catches_nothing_up_before_go_live(loop: Loop, database: str) -> None:
    execute(database, NEVER_LIVE)
    assert set(dispatch(loop, lambda _: None)) == AT_EIGHT - CAUGHT_UP


def test_the_dispatcher__starts_nothing_for_another_app(loop: Loop, transport: PostgresTransport) -> None:
    assert dispatch(loop_over(transport, app="growthloop.ephemeral"), lambda _: None) == []
