"""What the gate needs beside the leads: consents, do-not-call scrubs, state registrations.

These permit contact, so nothing is guessed: a row that leaves a doubt is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Final

from functions.campaigns.leads.addresses import PHONE_REASONS, email_of, phone_of
from functions.campaigns.leads.cells import plain, truth
from functions.campaigns.leads.columns import Columns, Kind, recognise
from functions.campaigns.leads.dates import day_of
from functions.campaigns.leads.importing import conclude
from functions.campaigns.leads.report import ImportReport, RefusedRow
from functions.campaigns.leads.table import Row, read_table
from shared.zones import region_for

if TYPE_CHECKING:
    from shared.state import State

CHANNELS: Final = ("call", "sms", "email")
CONSENT_TYPES: Final = ("written", "oral", "opt_in")
REGISTRATIONS: Final = "registrations"
"""The owner's setting: {state: {channel: {number, valid_until}}}."""

_LONGEST: Final = 4000
# A file may be dated in a zone that is ahead of UTC.
_AHEAD: Final = timedelta(days=1)

Read = Callable[[dict[str, str], date], "dict[str, Any] | str"]
Take = Callable[[list[dict[str, Any]]], list[dict[str, Any]]]


def import_consents(state: State, raw: bytes, *, file_name: str) -> ImportReport:
    """Take in consents with date, source and wording; a repeated import changes nothing.

    A consent to calls or texts names the number, one to email the address; whoever it names must have been
    imported before. Raises `ConfigurationError` for a file that holds none, before anything is written.
    """
    return _import(state, raw, "consents", _consent, state.people.import_consents, file_name)


def import_scrub(state: State, raw: bytes, *, file_name: str) -> ImportReport:
    """Take in which numbers were checked against the do-not-call lists, and when; the newest check counts.

    With the columns `reassigned` and `reassigned checked on` it also holds answers of the Reassigned Numbers
    Database: a number with a new holder is closed, another keeps an older consent alive.

    Raises `ConfigurationError` for a file that holds none, before anything is written.
    """
    return _import(state, raw, "scrub", _scrub, state.people.import_scrub, file_name)


def import_registrations(state: State, raw: bytes, *, file_name: str) -> ImportReport:
    """Take in the owner's telemarketing registrations into the setting `registrations`.

    One that has ended is refused. Not promised: two of these imports at once may lose one's rows.
    Raises `ConfigurationError` for a file that holds none, before anything is written.
    """

    def take(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        before = state.settings.all().get(REGISTRATIONS, {})
        after, answers = registered(before, rows)
        if after != before:
            state.settings.put(REGISTRATIONS, after, actor="owner")
        return answers

    return _import(state, raw, "registrations", _registration, take, file_name)


def registered(
    before: Mapping[str, Any], rows: list[dict[str, Any]]
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The registrations with these added, and {line, status: new | known} for each."""
    after = {region: dict(channels) for region, channels in before.items()}
    answers = []
    for row in rows:
        held = {"number": row["number"], "valid_until": row["valid_until"]}
        channels = after.setdefault(row["region"], {})
        status = "known" if channels.get(row["channel"]) == held else "new"
        channels[row["channel"]] = held
        answers.append({"line": row["line"], "status": status})
    return after, answers


def _import(state: State, raw: bytes, kind: Kind, read: Read, take: Take, file_name: str) -> ImportReport:
    table = read_table(raw, file_name)
    columns = recognise(table.header, kind, file_name)
    today = state.clock.now().date()
    found = [(row, _read(columns, row, read, today)) for row in table.rows]
    answers = take([item for _, item in found if isinstance(item, dict)])
    unmatched = "no lead has this address or number, or somebody else has it"
    refused = [
        *table.broken,
        *(RefusedRow(row.line, item) for row, item in found if isinstance(item, str)),
        *(RefusedRow(a["line"], unmatched) for a in answers if a["status"] == "unmatched"),
    ]
    return conclude(state, raw, table, columns, answers, refused, (), file_name)


def _read(columns: Columns, row: Row, read: Read, today: date) -> dict[str, Any] | str:
    if columns.overlong(row):
        return "the row has more cells than the header: a comma outside quotation marks?"
    values = {
        field: plain(next((cell for _, cell in columns.texts(row, field)), "")[:_LONGEST])
        for field in columns.places
    }
    if not any(values.values()):
        return "the row is empty"
    item = read(values, today)
    return item if isinstance(item, str) else {"line": row.line, **item}


def _consent(values: dict[str, str], today: date) -> dict[str, Any] | str:
    channel = values["channel"].casefold()
    kind = values["consent_type"].casefold().replace(" ", "_").replace("-", "_")
    if channel not in CHANNELS:
        return f"the channel is none of {', '.join(CHANNELS)}"
    if kind not in CONSENT_TYPES:
        return f"the consent type is none of {', '.join(CONSENT_TYPES)}"
    given_on = _past(values["given_on"], today)
    if given_on is None:
        return "there is no date on which it was given, such as 2026-10-05, or it lies ahead"
    if not values["wording"] or not values["source"]:
        return "the wording or the source is missing, so that it proves nothing"
    email = email_of(values.get("email", ""))
    number = phone_of(values.get("phone", ""), None).e164
    address = email if channel == "email" else number
    if address is None:
        return "it does not name the address" if channel == "email" else "it does not name a usable number"
    return {
        "channel": channel,
        "address": address,
        "person": email,
        "consent_type": kind,
        "scope": values.get("scope") or "marketing",
        "given_on": given_on.isoformat(),
        "source": values["source"],
        "wording": values["wording"],
    }


def _scrub(values: dict[str, str], today: date) -> dict[str, Any] | str:
    finding = phone_of(values["phone"], None)
    if finding.e164 is None:
        return f"the number is not usable: {PHONE_REASONS.get(finding.reason or '', 'there is none')}"
    scrubbed_on = _past(values["scrubbed_on"], today)
    if scrubbed_on is None:
        return "there is no date of the check, such as 2026-10-05, or it lies ahead"
    listed = truth(values["listed"])
    if listed is None:
        return "whether the number is listed is neither yes nor no"
    checked_on = _past(values.get("rnd_checked_on", ""), today)
    reassigned = truth(values.get("reassigned", ""))
    if reassigned is not None and checked_on is None:
        return "it says whether the number was reassigned, but not when that was asked, or it lies ahead"
    return {
        "number": finding.e164,
        "scrubbed_on": scrubbed_on.isoformat(),
        "listed": listed,
        "reassigned": reassigned is True,
        # The database may also answer that it has no data, which says nothing.
        "rnd_checked_on": checked_on.isoformat() if checked_on and reassigned is False else None,
    }


def _registration(values: dict[str, str], today: date) -> dict[str, Any] | str:
    region, channel = region_for(values["region"]), values["channel"].casefold()
    valid_until = day_of(values["valid_until"])
    if region is None:
        return "the state is not known by that name"
    if channel not in CHANNELS:
        return f"the channel is none of {', '.join(CHANNELS)}"
    if not values["number"]:
        return "the registration number is missing"
    if valid_until is None:
        return "there is no date on which it ends, such as 2027-06-30"
    if valid_until < today:
        return "it has ended"
    number = values["number"][:100]
    return {"region": region, "channel": channel, "number": number, "valid_until": valid_until.isoformat()}


def _past(text: str, today: date) -> date | None:
    day = day_of(text)
    return day if day and day <= today + _AHEAD else None
