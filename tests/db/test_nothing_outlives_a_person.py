"""Every table that can hold something of a person is one that forgetting and retention know of."""

from __future__ import annotations

import re

from tests.support.ledger import Ledger

PERSONAL = frozenset(
    [
        *("lead_id", "lead", "company_id", "email", "phone", "number", "address", "first_name", "last_name"),
        *("body", "payload", "words", "row_data", "transcript", "unit", "traits", "provenance", "domain"),
    ]
)
STAYS = {
    "alarms": "figures of segments, in words of ours",
    "approvals": "the owner's questions about tests and scripts",
    "call_reviews": "counts and marks of a call; its words are in call_objections",
    "companies": "erased by forget_v1 with its last person; a firm has no end of its own",
    "conversations": "dates; erased by forget_v1, and of use as long as the person is a lead",
    "directive_versions": "the owner's own texts",
    "enrolments": "which sequence when: dates, states and reasons as codes",
    "experiment_units": "ids of companies and dates",
    "first_contacts": "ids of companies, counts, and traits without a name, which go with the person",
    "holdout_units": "ids of companies, dates, and in which part they are",
    "import_lines": "numbers of lines, so that no file is taken in twice",
    "incidents": "kinds, counts and ids",
    "leads": "erased by forget_v1; whoever may be contacted has no end of their own",
    "meetings": "when, and what became of it",
    "phones": "erased by forget_v1; a number in use has no end of its own",
    "sales": "when, and how much",
    "senders": "the owner's own mailboxes and numbers",
}
"""Why a table may keep what it has when a person is forgotten, or longer than the retention says."""

COLUMNS = """
select c.relname, array_agg(a.attname::text order by a.attname)
from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
where c.relnamespace = 'public'::regnamespace and c.relkind = 'r' group by 1
"""
RETENTION = (
    "select proname from pg_proc where pronamespace = 'public'::regnamespace and proname like 'expire%%'"
)
WHEN_ERASED = """
select p.proname from pg_trigger t join pg_proc p on p.oid = t.tgfoid
where t.tgrelid = 'public.leads'::regclass and not t.tgisinternal
"""
SOURCE = "select prosrc from pg_proc where proname = %s and pronamespace = 'public'::regnamespace"


def reached(ledger: Ledger, *functions: str) -> set[str]:
    """The tables that these functions change, themselves or by those they call."""
    seen: set[str] = set()
    text, left = "", [*functions]
    while left:
        name = left.pop()
        if name in seen:
            continue
        seen.add(name)
        for (source,) in ledger.rows(SOURCE, name):
            text += source
            left += re.findall(r"\bperform (\w+)\(", source)
    return set(re.findall(r"\b(?:update|delete from) (\w+)", text))


def of_people(ledger: Ledger) -> dict[str, list[str]]:
    """Tables with a column that may hold something of a person, and those columns."""
    found = {table: [c for c in columns if c in PERSONAL] for table, columns in ledger.rows(COLUMNS)}
    return {table: columns for table, columns in found.items() if columns}


def test_a_table_with_a_person_in_it__is_forgotten_and_let_go_of(ledger: Ledger) -> None:
    erased = [name for (name,) in ledger.rows(WHEN_ERASED)]
    forgotten = reached(ledger, "forget_v1", "forget_rows_v1", *erased)
    let_go = reached(ledger, *(name for (name,) in ledger.rows(RETENTION)))
    tables = of_people(ledger)
    unknown = {
        table: columns
        for table, columns in tables.items()
        if table not in STAYS and not (table in forgotten and table in let_go)
    }
    assert unknown == {}, (
        "mention it in forget_v1 (or a trigger on leads) and expire_…_v1, or in STAYS with the reason"
    )
    assert set(STAYS) <= set(tables), "what is listed here exists"


def test_this_test__would_find_a_new_table(ledger: Ledger) -> None:
    ledger.run("create table dossiers (id int, lead_id bigint, gossip text)")
    assert "dossiers" in of_people(ledger)
    assert "dossiers" not in reached(ledger, "forget_v1")
