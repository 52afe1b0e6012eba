"""People: suppressions that hold for good, what the gate is told, look-ups and counts."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import psycopg
import pytest

from shared.state.outreach import Candidate
from tests.support.ledger import NOW, TODAY, Ledger, phone


def facts(ledger: Ledger) -> dict[int, Candidate]:
    """What the planner is told about each lead."""
    found = ledger.state.outreach.candidates(conversation_days=14, today=TODAY)
    return {candidate.lead_id: candidate for candidate in found}


@pytest.mark.parametrize("user", ["postgres", "service_role"])
@pytest.mark.parametrize(
    "statement",
    [
        "update suppressions set reason = 'x'",
        "update suppressions set reach = 'address'",
        "delete from suppressions",
        "truncate suppressions",
        "truncate suppressions, leads cascade",
    ],
)
def test_suppressions__are_never_changed_or_removed(ledger: Ledger, user: str, statement: str) -> None:
    ledger.run("select suppress_address('ada@example.com', 'person', 'opt_out', 'test')")
    with psycopg.connect(ledger.dsn, autocommit=True) as connection:
        connection.execute(f"set role {user}")  # type: ignore[call-overload,unused-ignore]
        with pytest.raises(psycopg.Error, match="append-only") as refused:
            connection.execute(statement)  # type: ignore[call-overload,unused-ignore]
    assert refused.value.sqlstate == "GL001"
    assert ledger.value("select count(*) from suppressions") == 1


def test_suppression__holds_only_a_hash(ledger: Ledger) -> None:
    ledger.run("select suppress_address(' Ada@Example.com ', 'person', 'opt_out', 'test')")
    ledger.run("select suppress_address('ada@example.com', 'person', 'complaint', 'test')")
    assert ledger.rows("select kind, length(hash), reason from suppressions") == [("email", 64, "opt_out")]
    assert ledger.value("select count(*) from suppressions s where to_jsonb(s)::text ilike '%ada%'") == 0


def test_suppressed_person__stays_so_with_every_later_address(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.run("select suppress_lead(%s, 'opt_out', 'test')", lead)
    new = {"number": phone(77), "label": "mobile", "extension": None}
    ledger.run(
        "select add_phones(%s, %s::jsonb)", lead, f'[{{"number": "{new["number"]}", "label": "mobile"}}]'
    )
    (told,) = facts(ledger).values()
    assert (told.suppressed, told.email_suppressed) == (True, True)
    assert [p.suppressed for p in told.phones] == [True, True]


def test_suppressed_person__stays_so_after_a_reimport(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.run("select suppress_lead(%s, 'opt_out', 'test')", lead)
    ledger.run("delete from phones")
    ledger.run("delete from leads")
    again = Ledger(ledger.dsn, ledger.state).lead(phones=[])
    assert again != lead
    assert facts(ledger)[again].suppressed


def test_one_suppressed_number__leaves_the_other_ways(ledger: Ledger) -> None:
    numbers = [{"number": phone(n), "label": "direct", "extension": None} for n in (40, 41)]
    lead = ledger.lead(phones=numbers)
    ledger.run("select suppress_address(%s, 'address', 'wrong_number', 'test')", phone(40))
    told = facts(ledger)[lead]
    assert (told.suppressed, told.email_suppressed) == (False, False)
    assert {p.number: p.suppressed for p in told.phones} == {phone(40): True, phone(41): False}


def test_everybody_suppressed__are_those_who_each_are(ledger: Ledger) -> None:
    by_mail, by_number, by_dead_address, _ = ledger.leads(4)
    ledger.lead(email=None)
    ledger.run("select suppress_address('Lead0@example.com', 'person', 'opt_out', 'test')")
    ledger.run("select suppress_address(%s, 'person', 'opt_out', 'test')", phone(1))
    ledger.run("select suppress_address('lead2@example.com', 'address', 'hard_bounce', 'test')")
    assert ledger.value("select array_agg(x order by x) from suppressed_leads() x") == [by_mail, by_number]
    assert ledger.value("select array_agg(id order by id) from leads where is_suppressed(id)") == [
        by_mail,
        by_number,
    ]
    assert not facts(ledger)[by_dead_address].suppressed


def consent(number: int, **changes: Any) -> dict[str, Any]:
    """A written consent to calls on a lead's number."""
    row = {
        "line": 2,
        "channel": "call",
        "address": phone(number),
        "person": None,
        "consent_type": "written",
        "scope": "marketing",
        "given_on": "2026-10-01",
        "wording": "Yes, call me.",
        "source": "form",
    }
    return row | changes


def test_consents__newest_first_and_never_for_another(ledger: Ledger) -> None:
    lead, other = ledger.leads(2)
    rows = [
        consent(0),
        consent(0, given_on="2026-11-01", line=3),
        consent(0, line=4, person="lead1@example.com"),
        consent(9, line=5),
        consent(0, line=6),
    ]
    said = [row["status"] for row in ledger.state.people.import_consents(rows)]
    assert said == ["new", "new", "unmatched", "unmatched", "known"]
    told = facts(ledger)
    assert [c.given_on for c in told[lead].consents] == [date(2026, 11, 1), date(2026, 10, 1)]
    assert told[other].consents == ()


def test_scrub__the_newest_counts(ledger: Ledger) -> None:
    lead = ledger.lead()

    def scrub(on: str, listed: bool, number: int = 0) -> str:
        row = {"line": 2, "number": phone(number), "scrubbed_on": on, "listed": listed}
        return str(ledger.state.people.import_scrub([row])[0]["status"])

    said = [scrub("2026-11-20", True), scrub("2026-11-19", False), scrub("2026-11-20", True)]
    assert said == ["new", "known", "known"]
    assert facts(ledger)[lead].phones[0].dnc_listed is True
    assert scrub("2026-11-21", False) == "new"
    assert facts(ledger)[lead].phones[0].dnc_scrubbed_on == date(2026, 11, 21)
    assert scrub("2026-11-21", False, number=9) == "unmatched"


def test_numbers_to_look_up__best_lead_first_each_once(ledger: Ledger) -> None:
    low, high = ledger.lead(score=10), ledger.lead(score=90)
    ledger.lead(country="CA")
    gone, stopped = ledger.leads(2)
    ledger.run("update leads set erased_at = now() where id = %s", gone)
    ledger.run("select suppress_lead(%s, 'opt_out', 'test')", stopped)
    people = ledger.state.people
    assert people.numbers_to_look_up(9) == [phone(1), phone(0)]
    assert people.numbers_to_look_up(1) == [phone(1)]
    people.record_line_type(phone(1), "mobile", "Example Wireless", 0.008)
    people.record_line_type(phone(0), "invalid", None, 0.008)
    assert people.numbers_to_look_up(9) == []
    told = facts(ledger)
    assert (told[high].phones[0].line_type, told[high].phones[0].invalid) == ("mobile", False)
    assert told[low].phones[0].invalid


def test_counts__leads_companies_and_new_ones(ledger: Ledger) -> None:
    ledger.lead(company=1)
    ledger.lead(company=1)
    ledger.after(days=8)
    ledger.lead(company_key=None, company=None)
    ledger.lead()
    people = ledger.state.people
    assert people.count() == {"leads": 4, "companies": 2}
    assert people.new_companies(days=7) == 1
    ledger.run("update leads set erased_at = now() where id = (select min(id) from leads)")
    assert people.count()["leads"] == len(list(people.list_leads())) == 3


def test_rows_kept_aside__are_stored_once(ledger: Ledger) -> None:
    rows = [{"line": n, "reason": "no address", "row": {"name": "x"}} for n in range(2, 5)]
    assert ledger.state.people.keep_aside("f1", rows) == 3
    assert ledger.state.people.keep_aside("f1", rows) == 0
    assert ledger.state.people.keep_aside("f2", rows[:1]) == 1


def test_contacts__counted_over_a_day_a_week_and_in_total(ledger: Ledger) -> None:
    lead = ledger.lead()
    for step, days in enumerate((0, 3, 6, 0.5), start=1):
        ledger.after(days=days)
        claim = ledger.claimed(lead, enrolment_id=ledger.enrol(lead), step=step)
        ledger.begin(claim, per_day=9, per_week=9, local_day=TODAY + timedelta(days=step))
        ledger.state.outreach.record_receipt(claim.id, claim.fence, f"P{step}", None)
    told = facts(ledger)[lead]
    assert (told.touches_24h, told.touches_7d, told.touches_total) == (2, 3, 4)
    assert told.last_touch_at == NOW + timedelta(days=9.5)
