"""Whatever stands in a file: it is an error, or every row is either a lead or refused with a reason."""

from __future__ import annotations

import json
import unicodedata
from typing import Any, Final

from hypothesis import example, given, settings
from hypothesis import strategies as st

from functions.campaigns.leads.columns import PHONES, recognise
from functions.campaigns.leads.normalize import Lead, lead_of
from functions.campaigns.leads.table import read_table
from shared.errors import ConfigurationError
from tests.unit.leads.lists import RULES, TODAY, taken

NAMES: Final = (
    *(
        "First Name",
        "Last Name",
        "Name",
        "Title",
        "Email",
        "Phone",
        "Mobile Phone",
        "Company",
        "Website",
        "State",
    ),
    *("ZIP", "City", "Country", "# Employees", "Tags", "Hiring", "Latest Funding", "Last Raised At", "DND"),
    *("Company State", "Company Country"),
)
ODD: Final = st.sampled_from(
    [
        "'",
        '"',
        ",",
        "\n",
        "\r",
        "\x00",
        "=",
        "\u202e",
        "\u200d",
        "\ufeff",
        "İ",
        "ß",
        "٣",
        "\ud83d".encode("utf-16", "surrogatepass").decode("utf-16", "replace"),
        "+1",
        "@",
        ".example",
        "US",
        "404-555-0101",
        "<",
        "x" * 400,
    ]
)
CELL: Final = st.one_of(
    st.lists(st.one_of(ODD, st.characters(codec="utf-8")), max_size=8).map("".join),
    st.sampled_from(["ada@works.example", "404-555-0101", "+49 89 1234567890123", "Georgia", "GB", "30301"]),
)


def texts(value: Any) -> list[str]:
    if isinstance(value, dict):
        return [text for item in value.values() for text in texts(item)]
    if isinstance(value, list):
        return [text for item in value for text in texts(item)]
    return [value] if isinstance(value, str) else []


def check(lead: Lead) -> None:
    """What the database and the messages rely on."""
    assert json.dumps(lead.row, ensure_ascii=False).encode()
    email = lead.row["email"]
    assert email is None or (email.isascii() and email == email.lower())
    assert email or lead.row["phones"]
    assert all(phone["number"][1:].isdigit() and phone["label"] in PHONES for phone in lead.row["phones"])
    assert 0 <= lead.row["score"] <= 100
    assert (lead.row["company_key"] is None) == (lead.row["company"] is None)
    assert lead.row["country"] is None or len(lead.row["country"]) == 2
    for text in texts(lead.row):
        assert len(text) <= 300
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Zl", "Zp") for c in text)


@given(st.lists(st.tuples(*[CELL] * len(NAMES)), min_size=1, max_size=3))
@settings(max_examples=150, deadline=None)
def test_rows__of_hostile_cells_become_leads_or_refusals(rows: list[tuple[str, ...]]) -> None:
    lines = [",".join('"' + cell.replace('"', '""') + '"' for cell in row) for row in rows]
    found = taken("\n".join([",".join(NAMES), *lines]))
    assert len(found) == len(rows)
    for item in found:
        if isinstance(item, Lead):
            check(item)
        else:
            assert item.reason


@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)), st.booleans())
@example(b"\xff\xfe\x00", False)
@example(b'","\n"', True)
@example(b"\x00\x00\x00\x00", True)
@settings(max_examples=300, deadline=None)
def test_bytes__every_line_that_is_not_blank_is_accounted_for(tail: bytes, headed: bool) -> None:
    raw = b"name,email,phone\n" + tail if headed else tail
    try:
        table = read_table(raw, "list.csv")
        columns = recognise(table.header, "leads", "list.csv")
    except ConfigurationError:
        return
    for row in table.rows:
        found = lead_of(columns, row, RULES, TODAY)
        assert isinstance(found, Lead) or found.reason
    lines = [table.header.line, *(row.line for row in table.rows), *(row.line for row in table.broken)]
    assert len(set(lines)) == len(lines)
    assert max(lines) <= raw.count(b"\n") + raw.count(b"\r") + 1
