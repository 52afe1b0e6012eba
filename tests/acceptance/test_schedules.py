"""One cron per stage, or one dispatcher for all: the same world gives the same touches and ledger."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from shared.state.embedded import EmbeddedServer
from simulator.days import Timetable, dispatcher_cron, stage_crons
from simulator.world import Rates
from tests.support.database import cloned
from tests.support.world import THURSDAY, Stand, at, consent, people, stand

FRIDAY = date(2026, 10, 9)
RUNS = (
    "select stage, slot, run_no, state, by_hand, report - 'slot' as report from stage_runs order by 1, 2, 3"
)
EVENTS = "select provider, event_key, kind, occurred_at, received_at, disposition from events order by 1, 2"
ENROLMENTS = "select lead_id, playbook, state, stop_reason, enrolled_on from enrolments order by lead_id"
USAGE = "select * from cap_usage order by 1, 2"


def _lived(dsn: str, timetable: Timetable) -> dict[str, Any]:
    warm = people(6, phone="mobile phone", first=30)
    rows = people(14) + people(8, state="IL", phone="corporate phone", first=20) + warm
    consents = [consent(row, channel) for row in warm for channel in ("call", "sms")]
    with stand(dsn, rows, consents, truth=Rates.load(), start=at(0) - timedelta(minutes=1)) as here:
        for day in (THURSDAY, FRIDAY):  # nobody is contacted in between; the night has one slot that matters
            here.days.run(at(0, 10, day=day), timetable)
            here.skip_to(7, 54, day=day)
            here.days.run(at(18, 5, day=day), timetable)
        return _account(here)


def _account(here: Stand) -> dict[str, Any]:
    return {
        "touches": here.touches(),
        "runs": here.rows(RUNS),
        "events": here.rows(EVENTS),
        "enrolments": here.rows(ENROLMENTS),
        "usage": here.rows(USAGE),
        "contacts": here.days.wire.record.contacts,
        "violations": here.violations(),
        "mails": [mail.text for mail in here.inbox.mails if mail.evening],
    }


@pytest.mark.long
def test_both_ways_to_schedule__give_the_same_days(server: EmbeddedServer, template: str) -> None:
    """To the instant: the dispatcher's cron meets every slot of the tick, and stages of one instant start in
    the table's order in both. Only `daily_metrics` (00:05) starts a minute later, at the dispatcher's next
    firing; it works in its own slot all the same, and nothing it does depends on the minute. Both begin
    before midnight, because a dispatcher also starts what was missed before it came, and a cron does not.
    """
    with cloned(server, template) as one, cloned(server, template) as two:
        by_stages, by_dispatcher = _lived(one, stage_crons), _lived(two, dispatcher_cron)
    for part in by_stages:
        assert by_stages[part] == by_dispatcher[part], part
    assert len(by_stages["contacts"]) > 25
    assert len(by_stages["mails"]) == 2
    assert {run["state"] for run in by_stages["runs"]} == {"ok"}
    assert by_stages["violations"] == dict.fromkeys(by_stages["violations"], 0)
