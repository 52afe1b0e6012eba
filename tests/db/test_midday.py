"""Two o'clock over a real database: what the morning moves, flags and pauses, and what it leaves alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta

import pytest

from functions.campaigns.day_figures import noticed
from functions.campaigns.mid_day_analyzer import run
from shared.config import Settings
from shared.loop import Loop
from shared.period import Period
from shared.providers.registry import Providers
from shared.report import StageReport
from tests.support.experiments import Lab
from tests.support.ledger import INSTALLATION, TODAY, Ledger

DAY = timedelta(days=1)


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    settings = Settings.from_env(
        {"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION), "GROWTHLOOP_RELEASE": "test"}
    )
    return Loop(settings, ledger.state, Providers(settings))


def midday(loop: Loop, *, preview: bool = False) -> StageReport:
    began = datetime.combine(TODAY, time(), loop.zone)
    return run(loop, Period("day", TODAY, began, began + DAY), preview=preview, run_no=0)


def called(ledger: Ledger, region: str, *, days: int, n: int, answered: int, opted_out: int = 0) -> None:
    """So many calls on each of the days before today, or today where `days` is 0, at ten o'clock."""
    ledger.run(
        """
        insert into touch_rollups
            (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash, n)
        select %s::date - d, 'call', m.metric, 10, '', %s, '', '', 'scripts/call_sarah', 'h', m.n
        from generate_series(least(1, %s), %s) d,
             lateral (values ('sent', %s), ('answered', %s), ('opted_out', %s)) m(metric, n) where m.n > 0""",
        *(TODAY, region, days, days, n, answered, opted_out),
    )


def planned(ledger: Ledger, region: str, script: str = "scripts/call_sarah", channel: str = "call") -> int:
    lead = ledger.lead(region=region)
    ledger.plan(lead, channel=channel, script_key=script)
    return lead


def places(ledger: Ledger) -> list[int]:
    """Leads in the order in which they would be claimed, with the lift of each."""
    rows = ledger.rows("select o.lead_id from deliveries d join touches o using (id) order by d.place")
    return [lead for (lead,) in rows]


def test_a_segment_that_hardly_answers__comes_later_and_only_today(loop: Loop, ledger: Ledger) -> None:
    for region in ("NY", "AZ"):
        called(ledger, region, days=28, n=60, answered=18)
    called(ledger, "NY", days=0, n=60, answered=2)
    called(ledger, "AZ", days=0, n=60, answered=19)
    first, second = planned(ledger, "NY"), planned(ledger, "AZ")
    assert places(ledger) == [first, second]
    preview = midday(loop, preview=True)
    assert preview.counts["moved"] == 0
    report = midday(loop)
    assert places(ledger) == [second, first]
    assert report.counts["moved"] == 1
    assert "Calls, region NY: 2 of 60 answered this morning, usually 30.0%" in report.notes[0]
    assert midday(loop).counts["moved"] == 0


def test_what_is_under_test__keeps_its_place(loop: Loop, ledger: Ledger) -> None:
    Lab.running(ledger, directive_key="scripts/call_sarah")
    called(ledger, "NY", days=28, n=60, answered=18)
    called(ledger, "NY", days=0, n=60, answered=1)
    planned(ledger, "NY")
    free = planned(ledger, "NY", "scripts/call_john")
    assert loop.state.outreach.reorder(
        "call",
        until=ledger.now + DAY,
        lifts=[{"dimension": "region", "level": "NY", "points": -10}],
    )
    assert ledger.rows("select lead_id from touches where lift <> 0") == [(free,)]


def test_an_ordinary_morning__moves_nothing(loop: Loop, ledger: Ledger) -> None:
    called(ledger, "NY", days=28, n=60, answered=18)
    called(ledger, "NY", days=0, n=40, answered=9)
    planned(ledger, "NY")
    report = midday(loop)
    assert (report.counts["moved"], report.counts["segments"], report.counts["paused"]) == (0, [], [])


def test_a_script_far_below_the_line__is_called_weak(loop: Loop, ledger: Ledger) -> None:
    called(ledger, "NY", days=28, n=40, answered=3)
    assert midday(loop).notes == (
        "scripts/call_sarah is weak: 84 of 1120 calls answered, surely below the line of 20%.",
    )


def test_people_who_object__pause_the_channel_until_midnight(loop: Loop, ledger: Ledger) -> None:
    called(ledger, "NY", days=28, n=60, answered=18, opted_out=1)
    called(ledger, "NY", days=0, n=60, answered=18, opted_out=12)
    assert midday(loop, preview=True).counts["paused"] == []
    report = midday(loop)
    assert report.counts["paused"] == ["call"]
    assert report.notes == ("Call rests until midnight: opted out 12 of 60.",)
    rests = ledger.value("select rests_until from channels where channel = 'call'")
    assert rests == datetime.combine(TODAY + DAY, time(), loop.zone)


def test_the_evening_mail__tells_what_midday_found(loop: Loop, ledger: Ledger) -> None:
    called(ledger, "NY", days=28, n=40, answered=3)
    report = midday(loop)
    slot = datetime.combine(TODAY, time(14), loop.zone)
    claimed = ledger.state.stages.claim("mid_day_analyzer", slot, lease_s=60, worker="w")
    assert claimed.run_id
    assert claimed.fence
    done = replace(report, slot=slot).to_json()
    ledger.state.stages.finish(claimed.run_id, claimed.fence, state="ok", report=done, error=None)
    ledger.after(hours=7)
    assert noticed(loop, TODAY) == report.notes
    assert noticed(loop, TODAY + DAY) == ()
