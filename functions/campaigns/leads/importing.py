"""Take in a list of leads: what can be read goes in, the rest is kept aside and named."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from functions.campaigns.leads.cells import bounded
from functions.campaigns.leads.columns import Columns, origin, recognise
from functions.campaigns.leads.normalize import Lead, Refusal, lead_of
from functions.campaigns.leads.report import ImportReport, RefusedRow
from functions.campaigns.leads.scoring import ScoringRules
from functions.campaigns.leads.table import Row, Table, read_table

if TYPE_CHECKING:
    from shared.state import State

_NO_NUMBER_LEFT = "no email, and its number belongs to somebody else"


def import_leads(
    state: State, raw: bytes, *, file_name: str, source: str | None = None, scoring: ScoringRules
) -> ImportReport:
    """Take in a list. Importing the same file again changes nothing.

    Whoever the list says not to contact is no lead and is suppressed for good on every address in their row.

    `source` is where yield is counted; without it, whose export the columns show (apollo, ghl or csv).
    Raises `ConfigurationError`, before anything is written, for a file that holds no leads. An interruption
    leaves whole chunks of rows behind; importing the file again completes it.
    """
    table = read_table(raw, file_name)
    columns = recognise(table.header, "leads", file_name)
    today = state.clock.now().date()
    found = [(row, lead_of(columns, row, scoring, today)) for row in table.rows]
    leads = [lead for _, lead in found if isinstance(lead, Lead)]
    closed = [lead.closed for _, lead in found if isinstance(lead, Refusal) and lead.closed]
    # First, and before anybody of this file can be planned: it may hold the same person twice.
    state.people.suppress(closed, reason="do_not_contact", source="file")
    file_hash = _hash(raw)
    answers = state.people.import_leads(
        [{**lead.row, "file": file_hash} for lead in leads], source=source or origin(table.header)
    )
    refused = [
        *table.broken,
        *(RefusedRow(row.line, lead.reason) for row, lead in found if isinstance(lead, Refusal)),
        *_refused_by_database(answers),
    ]
    notes = [*_line_notes(leads), *_repeated(answers)]
    return conclude(state, raw, table, columns, answers, refused, notes, file_name)


def conclude(
    state: State,
    raw: bytes,
    table: Table,
    columns: Columns,
    answers: Sequence[dict[str, Any]],
    refused: Iterable[RefusedRow],
    notes: Iterable[tuple[int, str]],
    file_name: str,
) -> ImportReport:
    """Keep the refused rows aside and say what happened."""
    aside = sorted(refused, key=lambda row: row.line)
    keep_aside(state, raw, table.rows, aside)
    statuses = [answer["status"] for answer in answers]
    return ImportReport(
        file=file_name,
        rows=len(table.rows) + len(table.broken),
        new=statuses.count("new"),
        known=statuses.count("known"),
        refused=aside,
        notes=[*table.notes, *columns.notes, *(f"line {line}: {text}" for line, text in sorted(notes))],
    )


def keep_aside(state: State, raw: bytes, rows: Iterable[Row], refused: Iterable[RefusedRow]) -> None:
    """Store what was refused under the hash of the file, so that a second import adds nothing.

    Cells are bounded; of a line that could not be read only its number and the reason are stored.
    """
    cells = {row.line: bounded(row.cells) for row in rows}
    rejects = [{"line": row.line, "reason": row.reason, "row": cells.get(row.line)} for row in refused]
    if rejects:
        state.people.keep_aside(_hash(raw), rejects)


def _hash(raw: bytes) -> str:
    return hashlib.sha256(raw).hexdigest()


def _refused_by_database(answers: Iterable[dict[str, Any]]) -> list[RefusedRow]:
    reasons = {"duplicate": _NO_NUMBER_LEFT, "refused": "the database does not take the row"}
    return [
        RefusedRow(answer["line"], reasons[answer["status"]])
        for answer in answers
        if answer["status"] in reasons
    ]


def _line_notes(leads: Iterable[Lead]) -> list[tuple[int, str]]:
    return [(lead.row["line"], note) for lead in leads for note in lead.notes]


def _repeated(answers: Iterable[dict[str, Any]]) -> list[tuple[int, str]]:
    """Rows that are somebody of an earlier row, and what the database remarked."""
    first: dict[int, int] = {}
    notes = []
    for answer in answers:
        earlier = first.setdefault(answer["lead_id"], answer["line"]) if answer.get("lead_id") else None
        if answer["status"] == "known" and earlier not in {None, answer["line"]}:
            notes.append((answer["line"], f"same as line {earlier}"))
        if answer.get("note"):
            notes.append((answer["line"], answer["note"]))
    return notes
