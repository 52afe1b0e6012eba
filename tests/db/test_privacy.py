"""Forgetting: no trace of an erased person in any column of any table; old words go, records stay."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from psycopg import sql

from shared.providers.event import Reply
from shared.state.privacy import Expired
from tests.support.ledger import NOW, Ledger, about, answer, event, phone

DAY = timedelta(days=1)
PHONE = "+12125550143"
# Parts that stand nowhere else, in lower case; numbers by their digits.
TRACES = ("zebulon", "quag", "2125550143", "5550143")
PERSON: dict[str, Any] = {
    "first_name": "Zebulon",
    "last_name": "Quagley",
    "title": "Chief Quagologist",
    "email": "zeb@quagley.example",
    "city": "Quagville",
    "postal_code": "12207",
    "company": "Quagley & Sons",
    "company_key": "quagley.example",
    "domain": "quagley.example",
    "signals": ["hiring a quagologist"],
    "score_reasons": ["Quagley is hiring"],
    "phones": [{"number": PHONE, "label": "direct", "extension": None}],
}
WORDS = {
    "message": {
        "artifact": {"transcript": "User: this is Zebulon Quagley, call 212-555-0143"},
        "analysis": {"summary": "Quag."},
    }
}
NAMED = {
    "to": ["owner@example.com"],
    "subject": "Zebulon Quagley is interested",
    "text": "Call (212) 555-0143.",
}


def a_life(ledger: Ledger) -> int:
    """Everything that can happen to a person, said and stored everywhere."""
    state = ledger.state
    raw = {"First": "Zebulon", "Last": "QUAGLEY", "Company": "Quagley & Sons", "Phone": "212.555.0143"}
    state.people.keep_aside(
        "f",
        [{"line": 3, "reason": "no address", "row": raw}, {"line": 4, "reason": "x", "row": {"a": "Ada"}}],
    )
    sent = {"from": "Zeb@Quagley.example"}
    before = event("unknown", kind="email.received", from_address="zeb@quagley.example", body=sent)
    state.events.apply(before, channel="email", reply_class="other")
    lead = ledger.lead(**PERSON)
    consent = {"line": 2, "channel": "call", "address": PHONE, "person": None, "consent_type": "written"}
    proof = {"wording": "I, Zebulon Quagley, agree.", "source": "form quagley", "given_on": "2026-10-01"}
    state.people.import_consents([consent | proof | {"scope": "marketing"}])
    mail = ledger.claimed(lead)
    assert (
        ledger.begin(mail, payload={"to": ["zeb@quagley.example"], "text": "Hi Zebulon"}).status
        == "submitted"
    )
    state.outreach.record_receipt(mail.id, mail.fence, "P-1", 0.1)
    ledger.after(days=2)
    call = ledger.claimed(lead, enrolment_id=ledger.enrol(lead), step=2, channel="call")
    dialled = {"customer": {"number": PHONE}, "name": "Zebulon"}
    assert ledger.begin(call, address=PHONE, payload=dialled).status == "submitted"
    state.outreach.record_receipt(call.id, call.fence, "call-1", 0.1)
    report = about(call, "r", kind="end-of-call-report", disposition="callback", body=WORDS)
    ledger.hear(replace(report, provider_id="call-1"), channel="call")
    said = replace(answer(mail, "a", body={"from": "zeb@quagley.example"}), reply=Reply("Zebulon here."))
    ledger.hear(said, reply="question")
    state.events.book(mail.id, ledger.now + 2 * DAY)
    state.hot_leads.add_outcome(lead, "sale", amount_usd=10)
    for key in ("evening_report:2026-11-23:0", f"hot_lead:{lead}:message:1:email"):
        state.outreach.begin_delivery(
            kind="owner_mail", channel="email", natural_key=key, payload=NAMED, provider="resend", lease_s=60
        )
    ledger.plan(lead, enrolment_id=ledger.enrol(lead), step=3)
    return lead


def texts(ledger: Ledger) -> dict[str, str]:
    """Every value of every column that can hold text, by table and column, in lower case."""
    columns = ledger.rows(
        "select c.table_name, c.column_name from information_schema.columns c"
        " join pg_tables t on t.tablename = c.table_name"
        " where t.schemaname = 'public' and c.table_schema = 'public'"
        " and c.data_type in ('text', 'character varying', 'jsonb', 'json', 'ARRAY', 'bytea', 'USER-DEFINED')"
    )
    found = {}
    for table, column in columns:
        query = sql.SQL("select coalesce(string_agg({}::text, ' '), '') from {}").format(
            sql.Identifier(column), sql.Identifier(table)
        )
        found[f"{table}.{column}"] = str(ledger.value(query.as_string())).lower()
    return found


def traces(ledger: Ledger) -> set[str]:
    found = texts(ledger)
    assert len(found) > 60
    return {
        place
        for place, text in found.items()
        for trace in TRACES
        if trace in text
        or (trace.isdigit() and trace in "".join(c for c in text if c.isdigit() or c.isspace()))
    }


def test_a_life__leaves_traces_in_many_places(ledger: Ledger) -> None:
    """The control: the walk sees them."""
    a_life(ledger)
    assert {
        "leads.email", "leads.score_reasons", "leads.signals", "phones.number", "companies.name",
        "consents.wording", "touches.address", "deliveries.payload", "events.body",
        "import_rejects.row_data", "messages.body",
    } <= traces(ledger)  # fmt: skip


def test_forget__leaves_no_trace_but_the_suppression(ledger: Ledger) -> None:
    other, lead = ledger.accepted(), a_life(ledger)
    kept = ledger.delivery(other.id)["payload"]
    assert ledger.state.privacy.calls(lead) == ("call-1",)
    assert ledger.state.privacy.forget(lead)
    assert traces(ledger) == set()
    for address in ("zeb@quagley.example", PHONE):
        assert ledger.value("select exists (select from suppressions where hash = address_hash(%s))", address)
    assert ledger.delivery(other.id)["payload"] == kept
    assert ledger.value("select count(*) from import_rejects") == 1
    assert not ledger.state.privacy.forget(lead)
    assert ledger.state.privacy.calls(lead) == ()


def test_forget__stops_everything_and_keeps_the_counts(ledger: Ledger) -> None:
    lead = a_life(ledger)
    before = ledger.rows("select channel, metric, n from touch_rollups order by 1, 2, 3")
    touches = ledger.value("select count(*) from touches")
    ledger.state.privacy.forget(lead)
    assert ledger.claims("email", 9) == []
    assert ledger.rows("select channel, metric, n from touch_rollups order by 1, 2, 3") == before
    assert ledger.value("select count(*) from touches") == touches
    assert ledger.value("select count(*) from deliveries where state in ('planned', 'leased')") == 0
    assert list(ledger.state.outreach.candidates(conversation_days=14, today=NOW.date())) == []


def test_forgotten__does_not_come_back_with_a_new_list(ledger: Ledger) -> None:
    lead = a_life(ledger)
    ledger.state.privacy.forget(lead)
    again = ledger.lead(**PERSON)
    assert again != lead
    assert ledger.value("select is_suppressed(%s)", again)


def test_what_comes_after__of_an_erased_person_is_kept_without_words(ledger: Ledger) -> None:
    call = ledger.accepted(ledger.lead(**PERSON), channel="call")
    ledger.state.privacy.forget(call.lead.lead_id)
    late = about(call, "late", kind="end-of-call-report", disposition="meeting", body=WORDS)
    assert ledger.hear(late, channel="call").stored
    ledger.hear(replace(answer(call, "said", body=WORDS)), reply="positive", channel="call")
    assert traces(ledger) == set()
    assert ledger.touch(call.id)["disposition"] == "meeting"


def test_forget__spares_the_colleague_and_the_company(ledger: Ledger) -> None:
    gone, colleague = ledger.lead(company=1), ledger.lead(company=1)
    ledger.state.privacy.forget(gone)
    assert ledger.rows("select name from companies") == [("Firm 1",)]
    assert ledger.value("select email from leads where id = %s", colleague) == "lead1@example.com"
    assert ledger.value("select number from phones") == phone(1)


def test_forget__works_in_chunks_over_large_tables(ledger: Ledger) -> None:
    lead = ledger.lead(**PERSON)
    rejects = [{"line": n, "reason": "x", "row": {"n": n}} for n in range(1, 1200)]
    ledger.state.people.keep_aside(
        "f", [*rejects, {"line": 1300, "reason": "x", "row": {"mail": "ZEB@quagley.example"}}]
    )
    ledger.state.privacy.forget(lead)
    assert ledger.value("select count(*) from import_rejects") == len(rejects)
    assert traces(ledger) == set()


# What is kept, and for how long.


def everything(ledger: Ledger) -> Expired:
    """All chunks of one night."""
    total = Expired(transcripts=0, rejects=0, owner_mails=0, records=0)
    while True:
        gone = ledger.state.privacy.expire(
            transcripts_before=ledger.now - 90 * DAY, records_before=ledger.now - 5 * 366 * DAY
        )
        if gone.nothing:
            return total
        total = Expired.model_validate({k: v + getattr(gone, k) for k, v in total.model_dump().items()})


def test_within_its_time__nothing_goes(ledger: Ledger) -> None:
    a_life(ledger)
    ledger.after(days=1)
    before = texts(ledger)
    assert everything(ledger).nothing
    assert texts(ledger) == before


def test_after_ninety_days__words_go_and_the_record_of_touches_stays(ledger: Ledger) -> None:
    a_life(ledger)
    ledger.after(days=91)
    gone = everything(ledger)
    assert (gone.transcripts >= 3, gone.rejects, gone.owner_mails, gone.records) == (True, 2, 2, 0)
    where = traces(ledger)
    assert "events.body" not in where
    assert "import_rejects.row_data" not in where
    assert {"touches.address", "deliveries.payload", "consents.wording", "messages.body"} <= where
    assert ledger.value("select count(*) from events where disposition = 'callback'") == 1


def test_after_five_years__the_record_goes_and_opt_outs_stay(ledger: Ledger) -> None:
    a_life(ledger)
    ledger.state.events.unsubscribe(
        ledger.value("select id from touches where channel = 'email' limit 1"), source="link"
    )
    ledger.after(days=366 * 5 + 10)
    suppressed = ledger.value("select count(*) from suppressions")
    assert everything(ledger).records > 0
    where = traces(ledger)
    assert not {"touches.address", "deliveries.payload", "consents.wording", "messages.body"} & where
    assert ledger.value("select count(*) from suppressions") == suppressed


def test_a_large_backlog__goes_in_chunks(ledger: Ledger) -> None:
    ledger.run(
        "insert into events (provider, event_key, kind, occurred_at, received_at, body)"
        " select 'x', n::text, 'x', loop_now(), loop_now() - interval '100 days', %s"
        " from generate_series(1, 1200) n",
        json.dumps({"a": 1}),
    )
    first = ledger.state.privacy.expire(transcripts_before=NOW - 90 * DAY, records_before=NOW - 2000 * DAY)
    assert first.transcripts == 500
    assert everything(ledger).transcripts == 700


@pytest.mark.parametrize("missing", ["email", "last_name", "company"])
def test_rows_kept_aside__of_others_stay_where_a_trace_is_missing(ledger: Ledger, missing: str) -> None:
    """An empty trace must not match everything."""
    changes = {missing: None} | ({"company_key": None} if missing == "company" else {})
    lead = ledger.lead(**(PERSON | changes))
    ledger.state.people.keep_aside(
        "f", [{"line": 2, "reason": "x", "row": {"mail": "ada@example.com", "first": "Zebulon"}}]
    )
    ledger.state.privacy.forget(lead)
    assert ledger.value("select count(*) from import_rejects") == 1
