"""Files into the database: what goes in, what is kept aside, and that a second import changes nothing."""

from __future__ import annotations

import hashlib
import uuid
from datetime import UTC, datetime
from typing import Any, Final

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from functions.campaigns.leads import (
    ImportReport,
    RefusedRow,
    import_consents,
    import_leads,
    import_registrations,
    import_scrub,
)
from shared.errors import ConfigurationError
from shared.state import State
from shared.state.postgres import PostgresTransport
from shared.state.transport import Transport
from simulator.leads import CONSENTS, DEMO, SCRUB
from tests.support.database import set_time
from tests.unit.leads.lists import RULES

MONDAY: Final = datetime(2026, 10, 5, 12, tzinfo=UTC)
INSTALLATION: Final = uuid.UUID("0d5a7a3e-53c4-4ac1-8f0a-0f2f5b3c9a11")
HEADER: Final = "first name,last name,company,email,phone,state\n"


@pytest.fixture
def state(database: str, transport: PostgresTransport) -> State:
    """A state whose clock stands on the first day of the shipped files."""
    set_time(database, MONDAY)
    return State(transport, INSTALLATION)


def rows(dsn: str, query: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload,unused-ignore]


def everything(dsn: str) -> list[list[tuple[Any, ...]]]:
    """All rows of the tables that an import writes."""
    tables = ("companies", "leads", "phones", "consents", "import_rejects", "import_lines", "settings")
    return [rows(dsn, f"select * from {table} order by 1") for table in tables]  # noqa: S608 - names from above


def taken(state: State, text: str | bytes, file_name: str = "list.csv") -> ImportReport:
    raw = text.encode() if isinstance(text, str) else text
    return import_leads(state, raw, file_name=file_name, scoring=RULES)


def figures(report: ImportReport) -> tuple[int, int, int, int]:
    assert report.rows == report.new + report.known + len(report.refused)
    return report.rows, report.new, report.known, len(report.refused)


def import_shipped(state: State) -> list[ImportReport]:
    return [
        taken(state, DEMO.read_bytes(), DEMO.name),
        import_consents(state, CONSENTS.read_bytes(), file_name=CONSENTS.name),
        import_scrub(state, SCRUB.read_bytes(), file_name=SCRUB.name),
    ]


def test_shipped_files__go_in_once_and_a_second_time_changes_nothing(database: str, state: State) -> None:
    first = import_shipped(state)
    before = everything(database)
    second = import_shipped(state)
    assert everything(database) == before
    for once, again in zip(first, second, strict=True):
        assert once.new > 100
        assert figures(again) == (once.rows, 0, once.new + once.known, len(once.refused))
        assert again.refused == once.refused
    assert rows(database, "select distinct source from leads") == [("apollo",)]
    assert len(rows(database, "select from import_rejects")) == sum(len(each.refused) for each in first)


def test_shipped_leads__copies_are_named_by_the_line_they_repeat(state: State) -> None:
    report = taken(state, DEMO.read_bytes())
    assert sum("same as line" in note for note in report.notes) == report.known == 20
    assert {row.reason for row in report.refused} == {"the row is empty", "no email and no usable phone"}


def test_import__over_both_transports(transports: Transport, database: str) -> None:
    state = State(transports, INSTALLATION)
    text = HEADER + "Ada,Baker,Baker Roofing,ada@baker.example,404-555-0101,GA\n,,,,,\n"
    assert figures(taken(state, text)) == (2, 1, 0, 1)
    assert figures(taken(state, text)) == (2, 0, 1, 1)


def test_lead__is_stored_with_company_place_zones_and_score(database: str, state: State) -> None:
    taken(state, "name,email,company,state,zip,hiring\nAda Baker,ada@baker.example,Baker LLC,GA,30301,yes\n")
    query = (
        "select first_name, last_name, country, region, zones, zone_source, signals, score, source from leads"
    )
    assert rows(database, query) == [
        ("Ada", "Baker", "US", "GA", ["America/New_York"], "zip", ["hiring"], 25, "csv")
    ]
    query = "select key, name, imported_at from companies c join leads l on c.id = company_id"
    assert rows(database, query) == [("baker.example", "Baker LLC", MONDAY)]


def test_duplicates__by_email_name_and_number_are_found_in_one_file(database: str, state: State) -> None:
    report = taken(
        state,
        HEADER + "Ada,Baker,Baker Roofing,ada@baker.example,404-555-0101,GA\n"
        "Ada,Baker,,ADA@baker.example,,GA\n"
        "ada,BAKER,Baker Roofing,a.baker@baker.example,,GA\n"
        "Ada,Baker,,,+1 404 555 0101,GA\n"
        "Ben,Crane,,,4045550101,GA\n"
        "Ben,Crane,Baker Roofing,ben@baker.example,4045550101,GA\n",
    )
    assert figures(report) == (6, 2, 3, 1)
    assert report.notes == [
        *(f"line {line}: same as line 2" for line in (3, 4, 5)),
        "line 7: a number already belongs to another lead",
    ]
    assert report.refused == [RefusedRow(6, "no email, and its number belongs to somebody else")]
    assert rows(database, "select count(*), count(distinct company_id) from leads") == [(2, 1)]


def test_duplicate__without_a_name_is_known_when_it_comes_again(state: State) -> None:
    text = HEADER + ",,,,404-555-0101,GA\n"
    text += ",,,sales@baker.example,404-555-0102,GA\n,,,info@baker.example,404-555-0102,GA\n"
    assert figures(taken(state, text)) == (3, 3, 0, 0)
    assert figures(taken(state, text)) == (3, 0, 3, 0)


def test_known_lead__gains_what_it_lacked_and_loses_nothing(database: str, state: State) -> None:
    taken(state, "name,email,phone,state\nAda Baker,ada@baker.example,,\n")
    report = taken(
        state,
        "name,title,email,phone,state\n"
        "Ada Baker,Owner,ada@baker.example,404-555-0101,GA\n"
        "Ada Baker,Clerk,,404-555-0101,FL\n",
    )
    assert "line 2: what was missing was filled in" in report.notes
    query = "select title, email, country, region, zones from leads"
    assert rows(database, query) == [("Owner", "ada@baker.example", "US", "GA", ["America/New_York"])]
    assert rows(database, "select number from phones") == [("+14045550101",)]


def test_line__is_judged_once_though_others_came_in_that_look_like_it(database: str, state: State) -> None:
    text = (
        HEADER
        + "Ada,Baker,Works,ada@works.example,,GA\nAda,Baker,Works,office@works.example,404-555-0102,GA\n"
    )
    text += "Ben,Crane,Works,office@works.example,,\n"
    taken(state, text)
    before = everything(database)
    assert figures(taken(state, text)) == (3, 0, 3, 0)
    assert everything(database) == before


def test_refused_rows__are_kept_aside_with_line_reason_and_cells(database: str, state: State) -> None:
    text = HEADER + 'Ada,Baker,,ada@,555-0199,GA\n\x00,,,,,\n"Ben,x,,,,\nCleo,,,cleo@works.example,,\n'
    report = taken(state, text)
    taken(state, text)
    assert figures(report) == (4, 1, 0, 3)
    kept = rows(database, "select line, reason, row_data from import_rejects order by line")
    assert [(line, reason) for line, reason, _ in kept] == [(row.line, row.reason) for row in report.refused]
    assert [cells for _, _, cells in kept] == [["Ada", "Baker", "", "ada@", "555-0199", "GA"], [""] * 6, None]


def test_two_encodings__are_both_read(database: str, state: State) -> None:
    raw = (HEADER + "José,Cruz,,jose@works.example,,GA\n").encode()
    raw += "Zoë,Hale,,zoe@works.example,,GA\n".encode("cp1252")
    report = taken(state, raw)
    assert report.notes == ["Two encodings: not UTF-8 but read as Windows-1252: line 3."]
    assert rows(database, "select first_name from leads order by id") == [("José",), ("Zoë",)]


@pytest.mark.parametrize("text", ["", HEADER, "shoe,size\na,1\n", CONSENTS.read_text()])
def test_wrong_file__writes_nothing(database: str, state: State, text: str) -> None:
    before = everything(database)
    with pytest.raises(ConfigurationError, match=r"^list\.csv"):
        taken(state, text)
    assert everything(database) == before


def test_row_that_the_database_refuses__does_not_keep_the_others_out(state: State) -> None:
    answers = state.people.import_leads(
        [
            lead_row(1, "ada@works.example"),
            lead_row(2, "Ben@Works.example"),
            lead_row(3, "cleo@works.example"),
        ],
        source="test",
    )
    assert [answer["status"] for answer in answers] == ["new", "refused", "new"]


def lead_row(line: int, email: str) -> dict[str, Any]:
    """A row as it reaches the database."""
    lists: dict[str, Any] = {"phones": [], "zones": [], "signals": [], "score_reasons": []}
    return {"line": line, "email": email, "score": 0, "priority": "Low", **lists}


CONSENT_HEADER: Final = "email,phone,channel,consent_type,scope,given_on,source,wording\n"


def test_consents__say_what_is_missing(state: State) -> None:
    taken(state, HEADER + "Ada,Baker,,ada@works.example,404-555-0101,GA\nBen,Crane,,ben@works.example,,GA\n")
    report = import_consents(
        state,
        (
            CONSENT_HEADER + "ada@works.example,404-555-0101,SMS,Opt-in,,2026-10-01,form,I agree\n"
            "ada@works.example,,email,opt_in,marketing,10/1/2026,form,I agree\n"
            "ada@works.example,,sms,opt_in,,2026-10-01,form,I agree\n"
            "ben@works.example,404-555-0101,sms,opt_in,,2026-10-01,form,I agree\n"
            ",404-555-0101,fax,opt_in,,2026-10-01,form,I agree\n"
            ",404-555-0101,sms,hearsay,,2026-10-01,form,I agree\n"
            ",404-555-0101,sms,opt_in,,2026-12-01,form,I agree\n"
            ",404-555-0101,sms,opt_in,,2026-10-01,form,\n"
        ).encode(),
        file_name="consents.csv",
    )
    assert figures(report) == (8, 2, 0, 6)
    assert [row.reason.split(",")[0] for row in report.refused] == [
        "it does not name a usable number",
        "no lead has this address or number",
        "the channel is none of call",
        "the consent type is none of written",
        "there is no date on which it was given",
        "the wording or the source is missing",
    ]


def test_scrub__newest_check_counts_and_on_one_day_the_listed_one(database: str, state: State) -> None:
    taken(state, HEADER + "Ada,Baker,,,404-555-0101,GA\n")
    text = "phone,scrubbed_on,listed\n404-555-0101,2026-10-02,no\n404-555-0101,2026-10-02,yes\n"
    text += "404-555-0101,2026-10-01,no\n404-555-0101,2026-10-03,maybe\n"
    report = import_scrub(state, text.encode(), file_name="scrub.csv")
    assert figures(report) == (4, 2, 1, 1)
    assert rows(database, "select dnc_scrubbed_on::text, dnc_listed from phones") == [("2026-10-02", True)]


def test_registrations__are_added_to_the_setting_and_ended_ones_refused(state: State) -> None:
    text = "State,Channel,Registration,Valid until\nArizona,call,A-1,2027-06-30\nTX,call,T-9,2026-10-04\n"
    for expected in ((2, 1, 0, 1), (2, 0, 1, 1)):
        report = import_registrations(state, text.encode(), file_name="registrations.csv")
        assert figures(report) == expected
    import_registrations(
        state, b"state,channel,number,valid until\nAZ,sms,A-2,2027-01-01\n", file_name="r.csv"
    )
    assert report.refused == [RefusedRow(3, "it has ended")]
    assert state.settings.all()["registrations"] == {
        "AZ": {
            "call": {"number": "A-1", "valid_until": "2027-06-30"},
            "sms": {"number": "A-2", "valid_until": "2027-01-01"},
        }
    }


NAME: Final = st.sampled_from(["Ada", "ada", "Ben", "", "İ", "=x", "\u202eZoë", "N/A"])
EMAIL: Final = st.sampled_from(["ada@works.example", "ADA@works.example", "ben@gmail.com", "", "ada@"])
NUMBER: Final = st.sampled_from(["404-555-0101", "404-555-0102", "+49 89 1234567890123", "", "x"])
COMPANY: Final = st.sampled_from(["Works", "Works, Inc.", "", "\x00", "x" * 500])


@given(
    st.lists(st.tuples(NAME, NAME, COMPANY, EMAIL, NUMBER, st.sampled_from(["GA", "ON", ""])), max_size=12)
)
@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], database=None
)
def test_any_list__imported_twice_is_all_known(
    database: str, state: State, cells: list[tuple[str, ...]]
) -> None:
    text = HEADER + "Cleo,Dale,,cleo@works.example,,GA\n"
    text += "".join(",".join(f'"{cell}"' for cell in row) + "\n" for row in cells)
    once = taken(state, text)
    before = everything(database)
    again = taken(state, text)
    assert everything(database) == before
    assert figures(again) == (once.rows, 0, once.new + once.known, len(once.refused))
    assert again.refused == once.refused


def test_do_not_contact__closes_the_person_on_every_address_and_for_good(database: str, state: State) -> None:
    """A CRM's do-not-disturb is a wish like any other: it also holds for a lead that came in before."""
    before = b"email,phone\nada@example.com,212-555-0101\n"
    import_leads(state, before, file_name="a.csv", scoring=RULES)
    crm = (
        b"email,secondary email,phone,dnd,stage\n"
        b"ada@example.com,ada.home@example.org,212-555-0199,true,\n"
        b"bob@example.com,,212-555-0102,,Do Not Contact\n"
        b"eve@example.com,,212-555-0103,false,\n"
    )
    report = import_leads(state, crm, file_name="ghl.csv", scoring=RULES)
    assert [row.line for row in report.refused] == [2, 3]
    assert (report.new, report.known) == (1, 0)
    closed = ["ada@example.com", "ada.home@example.org", "+12125550101", "+12125550199"]
    closed += ["bob@example.com", "+12125550102"]
    hashes = {hashlib.sha256(each.encode()).hexdigest() for each in closed}
    assert {hash for (hash,) in rows(database, "select hash from suppressions")} == hashes
    assert rows(database, "select distinct reach, reason, source from suppressions") == [
        ("person", "do_not_contact", "file")
    ]
    import_leads(state, crm, file_name="ghl.csv", scoring=RULES)
    later = import_leads(state, b"email\nbob@example.com\n", file_name="later.csv", scoring=RULES)
    assert later.new == 1, "a list may bring them back"
    assert rows(database, "select is_suppressed(max(id)) from leads") == [(True,)], "and it opens nothing"


def test_scrub__also_brings_answers_of_the_reassigned_numbers(database: str, state: State) -> None:
    taken(
        state,
        HEADER + "Ada,Baker,,,404-555-0101,GA\nBob,Carr,,,404-555-0102,GA\nEve,Dunn,,,404-555-0103,GA\n",
    )
    head = "phone,scrubbed_on,listed,reassigned,reassigned checked on\n"
    text = head + (
        "404-555-0101,2026-10-02,no,no,2026-10-01\n"
        "404-555-0102,2026-10-02,no,yes,2026-10-01\n"
        "404-555-0103,2026-10-02,no,no data,2026-10-01\n"
        "404-555-0101,2026-10-02,no,no,\n"
    )
    report = import_scrub(state, text.encode(), file_name="scrub.csv")
    assert [row.line for row in report.refused] == [5]
    query = "select rnd_checked_on::text, invalid_since is not null from phones order by number"
    assert rows(database, query) == [("2026-10-01", False), (None, True), (None, False)]
    assert rows(database, "select reach, reason from suppressions") == [("address", "wrong_number")]
    older = head + "404-555-0101,2026-10-02,no,no,2026-09-01\n"
    assert import_scrub(state, older.encode(), file_name="scrub.csv").known == 1
    assert rows(database, query)[0] == ("2026-10-01", False)
