"""No list of the state library is cut at the 1,000 rows that PostgREST answers; a raw set is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg

from shared.state import State
from shared.state.embedded import EmbeddedServer
from shared.state.transport import Transport
from tests.support.database import execute, set_time
from tests.support.ledger import INSTALLATION, NOW, TODAY, Ledger, phone, touch_row
from tests.support.postgrest import over_http

MANY = 2500
SOME = 1100
DAY = timedelta(days=1)


def crowded(dsn: str) -> None:
    """Fill the database."""
    set_time(dsn, NOW)
    execute(dsn, Path(__file__).with_name("crowd.sql").read_text(encoding="utf-8"))


def sizes(state: State) -> Iterator[tuple[str, int]]:
    """How many rows each list verb answers. `stages.failures` is left out: it promises at most 50."""
    yield "leads", len(list(state.people.list_leads())) - MANY
    yield "numbers", len(state.people.numbers_to_look_up(MANY))
    yield "candidates", len(list(state.outreach.candidates(conversation_days=14, today=TODAY)))
    yield "senders", len(state.outreach.open_tick(TODAY).senders)
    yield "slots", len(state.events.taken_slots(NOW))
    yield "heads", len(state.directives.heads().heads)
    yield "settings", len(state.settings.all())
    yield "last runs", len(state.stages.last_runs()) - 1
    yield "past reports", len(state.stages.past_reports("one", NOW, MANY))
    yield "figures", state.measures.roll_up_days(TODAY, {})
    yield "daily", len(state.measures.daily(TODAY, TODAY))
    yield "funnel", len(state.measures.funnel(TODAY, 28))
    yield "counts", len(state.measures.counts_by_day(TODAY, TODAY))
    yield "not contacted", len(state.measures.not_contacted(NOW, NOW + DAY))
    yield "dispositions", len(state.measures.dispositions(TODAY))
    yield "planned", len(state.measures.planned(TODAY)) - 1
    yield "zones", len(state.measures.zones_open(NOW))
    yield "hot leads", len(state.measures.hot_leads(NOW, MANY))
    yield "open", len(state.measures.open_deliveries(MANY))
    yield "refused", len(state.measures.summary()["refused"])


def test_lists__are_whole_at_2500_rows(database: str, transports: Transport) -> None:
    crowded(database)
    found = dict(sizes(State(transports, INSTALLATION)))
    assert found == dict.fromkeys(found, MANY)


def test_claims__are_whole_beyond_1000_rows(database: str, server: EmbeddedServer) -> None:
    crowded(database)
    with over_http(server, database) as supabase:
        outreach = State(supabase, INSTALLATION).outreach
        claims = outreach.claim_due("email", max_rows=SOME, lease_s=60, conversation_days=14)
        assert len({claim.id for claim in claims}) == outreach.unclaim(claims) == SOME


def test_control__a_raw_set_is_cut_at_1000_rows(database: str, server: EmbeddedServer) -> None:
    execute(
        database,
        "create function raw_rows() returns setof int language sql as 'select generate_series(1, 2500)'",
    )
    execute(database, "grant execute on function raw_rows() to service_role")
    with over_http(server, database) as supabase:
        assert len(supabase.call("raw_rows")) == 1000


def test_every_function__answers_one_value__which_no_cap_can_cut(database: str) -> None:
    query = "select proname from pg_proc where pronamespace = 'public'::regnamespace"
    with psycopg.connect(database) as connection:
        sets = connection.execute(query + r" and proname ~ '_v\d+$' and proretset").fetchall()
        offered = connection.execute(query + r" and proname ~ '_v\d+$'").fetchall()
    assert sets == []
    assert len(offered) > 40


def test_imports__answer_for_each_of_1100_rows(database: str, server: EmbeddedServer) -> None:
    with over_http(server, database) as supabase:
        ledger = Ledger(database, State(supabase, INSTALLATION))
        leads = ledger.leads(SOME)
        assert len(set(leads)) == SOME
        enrolled = ledger.state.outreach.enrol([entry(lead) for lead in leads])
        assert enrolled.keys() == set(leads)
        rows = [touch_row(lead, enrolled[lead], NOW) for lead in leads]
        assert ledger.state.outreach.plan(rows) == {"planned": SOME, "refused": 0}
        answers = ledger.state.people.import_scrub([scrub(number) for number in range(SOME)])
        assert [row["status"] for row in answers] == ["new"] * SOME
        assert ledger.state.outreach.finish_enrolments(list(enrolled.values())) == SOME


def entry(lead_id: int) -> dict[str, Any]:
    """An enrolment."""
    row = {"lead_id": lead_id, "playbook": "p", "playbook_hash": "h", "held_out": False}
    return row | {"enrolled_on": TODAY}


def scrub(number: int) -> dict[str, Any]:
    """The result of a check of a number."""
    return {"line": number, "number": phone(number), "scrubbed_on": "2026-11-20", "listed": False}
