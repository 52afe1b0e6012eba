"""Lists as people send them, and what becomes of their rows."""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from functions.campaigns.leads.columns import recognise
from functions.campaigns.leads.normalize import Lead, Refusal, lead_of
from functions.campaigns.leads.scoring import ScoringRules
from functions.campaigns.leads.table import read_table

TODAY: Final = date(2026, 10, 5)
RULES: Final = ScoringRules(
    {"funding": 30, "hiring": 25, "leadership_change": 20, "product_launch": 15, "site_activity": 10},
    high=50,
    medium=25,
)


def taken(raw: bytes | str, file_name: str = "list.csv") -> list[Lead | Refusal]:
    """Each row of a list as a lead or a refusal."""
    table = read_table(raw.encode() if isinstance(raw, str) else raw, file_name)
    columns = recognise(table.header, "leads", file_name)
    return [lead_of(columns, row, RULES, TODAY) for row in table.rows]


def lead(**cells: str) -> Lead:
    """The lead in a list of one row; columns as keywords, with an email unless one is given."""
    found = one(**({} if "email" in cells else {"email": "ada@works.example"}), **cells)
    assert isinstance(found, Lead), found
    return found


def row(**cells: str) -> dict[str, Any]:
    """What the database would be given for `lead(**cells)`."""
    return lead(**cells).row


def refusal(**cells: str) -> str:
    """Why a list of one row is refused."""
    found = one(**cells)
    assert isinstance(found, Refusal), found
    return found.reason


def one(**cells: str) -> Lead | Refusal:
    """The row of a list with one row, in which every cell is quoted."""
    quoted = ['"' + cell.replace('"', '""') + '"' for cell in cells.values()]
    return taken(",".join(cells) + "\n" + ",".join(quoted) + "\n")[0]
