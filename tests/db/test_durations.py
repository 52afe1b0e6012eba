"""No call needs more than two seconds at the size of a working installation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import UUID

import pytest

from functions.learning.daily_metrics import WINDOW_DAYS
from shared.errors import StateOutcomeUnknown
from shared.state.postgres import PostgresTransport
from tests.support.database import execute
from tests.support.ledger import CONVERSATION_DAYS, NOW, TODAY, Ledger, about, answer, lead_row, touch_row

pytestmark = pytest.mark.long

DAY = timedelta(days=1)
MONTH_AGO = TODAY - 30 * DAY
HURRY = """
create function hurry() returns text language sql as
    $$ select set_config('statement_timeout', '2s', false) $$;
create function dawdle() returns void language sql as 'select pg_sleep(5)';
"""


@pytest.fixture
def bench(ledger: Ledger, database: str, transport: PostgresTransport) -> Ledger:
    """The installation, over a connection whose statements end after two seconds."""
    execute(database, Path(__file__).with_name("bench.sql").read_text(encoding="utf-8"))
    execute(database, HURRY)
    assert transport.call("hurry") == "2s"
    return ledger


def test_control__a_slow_call_does_not_pass(
    ledger: Ledger, database: str, transport: PostgresTransport
) -> None:
    execute(database, HURRY)
    transport.call("hurry")
    with pytest.raises(StateOutcomeUnknown, match="57014"):
        transport.call("dawdle")


def test_sending__within_two_seconds(bench: Ledger) -> None:
    out = bench.state.outreach
    assert len(list(out.candidates(conversation_days=CONVERSATION_DAYS, today=TODAY))) > 100
    assert sum(out.open_tick(TODAY).due.values()) > 1000
    assert out.hold_due("NOT_LIVE") > 1000
    batch = bench.claims("email", 20)
    assert len(batch) == 20
    claim = batch.pop()
    assert (
        bench.begin(claim, per_day=99, per_week=99, per_life=99, local_day=TODAY + DAY).status == "submitted"
    )
    assert out.record_receipt(claim.id, claim.fence, "P-new", None)
    assert out.refuse(batch.pop(), "HOLIDAY", NOW + DAY)
    assert out.unclaim(batch) == 18
    bench.hear(about(claim, "n1", disposition="delivered", milestones=("delivered",)))
    bench.hear(
        replace(answer(claim, "n2"), delivery_id=None, from_address=claim.lead.email), reply="positive"
    )
    assert bench.state.events.unsubscribe(claim.id, source="link")


def test_importing_and_planning__within_two_seconds(bench: Ledger) -> None:
    rows = [lead_row(number, phones=[]) for number in range(5000, 5200)]
    leads = [row["lead_id"] for row in bench.state.people.import_leads(rows, source="csv")]
    entries = [
        {"lead_id": lead, "playbook": "p", "playbook_hash": "h", "held_out": False, "enrolled_on": TODAY}
        for lead in leads
    ]
    enrolled = bench.state.outreach.enrol(entries)
    planned = bench.state.outreach.plan([touch_row(lead, enrolled[lead], NOW) for lead in leads])
    assert planned == {"planned": 200, "refused": 0}
    assert len(list(bench.state.people.list_leads())) == 3200
    assert len(bench.state.people.numbers_to_look_up(500)) == 500


def test_reports__within_two_seconds(bench: Ledger) -> None:
    measures = bench.state.measures
    calls: list[Callable[[], object]] = [
        lambda: measures.roll_up_days(TODAY, WINDOW_DAYS),
        lambda: measures.daily(MONTH_AGO, TODAY),
        lambda: measures.funnel(TODAY, 28),
        lambda: measures.counts_by_day(MONTH_AGO, TODAY),
        lambda: measures.not_contacted(NOW - DAY, NOW + DAY),
        lambda: measures.contacted_people(NOW - DAY, NOW + DAY),
        lambda: measures.dispositions(TODAY),
        lambda: measures.planned(TODAY),
        lambda: measures.zones_open(NOW + DAY),
        lambda: measures.hot_leads(NOW - 14 * DAY, 20),
        lambda: measures.open_deliveries(20),
        lambda: measures.spend(NOW - DAY, NOW + DAY)["by_channel"],
        measures.summary,
        bench.state.people.count,
        lambda: bench.state.events.booking(UUID(int=0)),
    ]
    assert [call() for call in calls if not call()] == []
