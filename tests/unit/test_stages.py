"""The stage table holds what the specification says, and nothing in it fires at a bad time."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from cronsim import CronSim

from functions import slots, stages
from functions.stages import Stage
from shared.errors import ConfigurationError, NotBuilt

CRONS = {
    "daily_executor": "0 8 * * *",
    "outreach_tick": "*/3 * * * *",
    "prospector": "*/15 * * * *",
    "mid_day_analyzer": "0 14 * * *",
    "evening_report": "0 17 * * *",
    "ab_test_manager": "*/30 * * * *",
    "daily_metrics": "5 0 * * *",
    "daily_system_analysis": "30 20 * * *",
    "weekly_learning_agent": "0 20 * * 0",
    "system_medic": "0 0,3,6,9,11,12,15,18,21 * * *",
    "watch": "*/5 * * * *",
    "status_report": "0 */6 * * *",
}
NEW_YORK = ZoneInfo("America/New_York")


def _ids(stage: Stage) -> str:
    return stage.name


def test_the_table__holds_the_twelve_stages_with_their_crons() -> None:
    assert {stage.name: stage.cron for stage in stages.STAGES} == CRONS


def test_the_table__lists_what_is_built_and_what_is_not() -> None:
    built = {"daily_executor", "outreach_tick", "evening_report", "daily_metrics", "system_medic", "watch"}
    built |= {"ab_test_manager", "mid_day_analyzer", "weekly_learning_agent", "daily_system_analysis"}
    assert {stage.name for stage in stages.built()} == built
    assert set(stages.not_built()) == CRONS.keys() - built


@pytest.mark.parametrize("stage", stages.STAGES, ids=_ids)
def test_a_cron__fires_within_a_week(stage: Stage) -> None:
    start = datetime(2026, 3, 2, tzinfo=UTC)
    fired = next(CronSim(stage.cron, start.replace(tzinfo=None)))
    assert fired - start.replace(tzinfo=None) <= timedelta(days=7)


@pytest.mark.parametrize("stage", [s for s in stages.STAGES if s.period != "slot"], ids=_ids)
def test_a_day_or_week_stage__keeps_out_of_the_hours_in_which_clocks_change(stage: Stage) -> None:
    fired = next(CronSim(stage.cron, datetime(2026, 3, 2)))  # noqa: DTZ001 - a wall time
    assert not 60 <= fired.hour * 60 + fired.minute <= 180


@pytest.mark.parametrize("stage", stages.STAGES, ids=_ids)
def test_a_lease__outlives_the_time_limit_and_not_the_catching_up(stage: Stage) -> None:
    assert stage.timeout_s < stage.lease_s
    assert timedelta(seconds=stage.lease_s) <= stage.catch_up


@pytest.mark.parametrize("stage", [s for s in stages.STAGES if s.period == "slot"], ids=_ids)
def test_a_crashed_slot_stage__has_lost_its_lease_by_the_next_slot(stage: Stage) -> None:
    walls = list(islice(CronSim(stage.cron, datetime(2026, 3, 2)), 400))  # noqa: DTZ001 - wall times
    shortest = min(after - before for before, after in pairwise(walls))
    assert timedelta(seconds=stage.lease_s) < shortest


@pytest.mark.parametrize("stage", [s for s in stages.STAGES if s.period == "slot"], ids=_ids)
def test_a_slot_stage__works_on_the_present_and_takes_no_date(stage: Stage) -> None:
    assert stage.dates == "refused"


def test_the_executor__plans_today_only() -> None:
    assert stages.get("daily_executor").dates == "today"


def test_daily_metrics__rolls_up_the_day_before_its_slot() -> None:
    stage = stages.get("daily_metrics")
    slot = slots.slot_for(stage, datetime(2026, 11, 21, 12, tzinfo=UTC), NEW_YORK)
    assert slot == datetime(2026, 11, 21, 5, 5, tzinfo=UTC)
    assert slots.period_for(stage, slot, NEW_YORK).day == date(2026, 11, 20)


def test_an_unknown_stage__is_a_usage_error_that_names_the_near_one() -> None:
    with pytest.raises(ConfigurationError, match="outreach_tick") as caught:
        stages.get("outreach_tik")
    assert caught.value.code == "usage"


def test_a_stage_not_built__cannot_be_resolved() -> None:
    with pytest.raises(NotBuilt):
        stages.get("prospector").resolve()


def test_reading_the_table__imports_no_stage() -> None:
    code = (
        "import sys, functions.stages; "
        "print([m for m in sys.modules if m.startswith(('functions.campaigns', 'functions.learning'))])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
