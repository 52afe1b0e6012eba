"""Email addresses and numbers out of the cells of a row."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from functions.campaigns.leads.cells import cleaned, words
from functions.campaigns.leads.columns import PHONES, Columns
from functions.campaigns.leads.places import US_PLANS
from functions.campaigns.leads.table import Row
from shared.phones import PhoneFinding, normalize

PHONE_REASONS: Final = {
    "not_a_number": "it is no telephone number",
    "too_short": "it has too few digits",
    "too_long": "it has too many digits",
    "no_area_code": "it has no area code",
    "invalid": "there is no such number",
    "premium": "a call to it is charged",
}
# RFC 2142 and the usual: mailboxes of a function, read by whoever is on duty.
_ROLES: Final = words(
    """abuse accounting accounts admin billing bookings careers contact customerservice enquiries estimates
    feedback hello help helpdesk hr info inquiries jobs mail marketing media noreply no-reply office orders
    postmaster press privacy reception recruiting sales scheduling security service services shop staff
    support team webmaster"""
)
_E164: Final = re.compile(r"\+[1-9][0-9]{6,14}")
_SEVERAL: Final = re.compile(r"\s*[;,|]\s*|\s+/\s+|\s+or\s+")
_ANGLED: Final = re.compile(r"[^<>@]*<([^<>]+)>")


@dataclass(frozen=True)
class Phone:
    """A number, what kind of line the list says it is, and the extension to dial."""

    number: str
    label: str
    extension: str | None
    country: str | None


def email_of(text: str) -> str | None:
    """The address in a cell, in lower case; the first one of several; None if it is none.

    Only the syntax is looked at. Letters outside ASCII before the @ are refused: few servers take them.
    """
    text = text.strip().strip("'\"").strip()
    parts = [part for part in re.split(r"\s*[;,|]\s*", text) if part]
    # A comma typed for a dot must not make somebody else's address of the rest.
    candidate = parts[0] if len(parts) > 1 and all("@" in part for part in parts) else text
    angled = _ANGLED.fullmatch(candidate)
    candidate = angled[1] if angled else candidate
    return _syntax(candidate[7:] if candidate[:7].casefold() == "mailto:" else candidate)


def is_role(email: str) -> bool:
    """Whether an address belongs to a function (info@) and not to a person."""
    return email.partition("@")[0].partition("+")[0] in _ROLES


def phone_of(text: str, country: str | None) -> PhoneFinding:
    """The number in a cell, of several the first that is one."""
    plan = country or "US"
    whole = _stored(normalize(text[:80], plan))
    parts = _SEVERAL.split(text[:200]) if whole.e164 is None else []
    found = (_stored(normalize(part, plan)) for part in parts[:5] if len(parts) > 1)
    return next((finding for finding in found if finding.e164), whole)


def emails(columns: Columns, row: Row) -> tuple[str | None, list[str]]:
    """The first usable address of a row, and remarks on those that are not."""
    notes: list[str] = []
    for header, cell in columns.texts(row, "email") + columns.texts(row, "more_email"):
        value, trouble = cleaned(cell, "email")
        if found := email_of(value or ""):
            return found, notes
        if value or trouble:
            notes.append(f"{header} was left out: it is no email address")
    return None, notes


def every(columns: Columns, row: Row) -> list[str]:
    """All addresses and numbers of a row, without regard to whose they are."""
    cells = [cell for field in ("email", "more_email") for _, cell in columns.texts(row, field)]
    written = (email_of(cleaned(cell, "email")[0] or "") for cell in cells)
    dialled = (
        phone_of(cleaned(cell, "phone")[0] or "", None).e164 for _, _, cell in _phone_cells(columns, row)
    )
    return list(dict.fromkeys(address for address in (*written, *dialled) if address))


def phones(columns: Columns, row: Row, country: str | None) -> tuple[list[Phone], list[str]]:
    """The numbers of a row, each once, and remarks on those left out."""
    found: dict[str, Phone] = {}
    notes = []
    for label, header, cell in _phone_cells(columns, row):
        value, trouble = cleaned(cell, "phone")
        finding = phone_of(value or "", country)
        foreign = country == "US" and finding.country not in {None, *US_PLANS}
        if finding.e164 and not foreign:
            phone = Phone(finding.e164, label, finding.extension, finding.country)
            found.setdefault(finding.e164, phone)
        elif value or trouble:
            why = "it is a number of another country" if foreign else PHONE_REASONS.get(finding.reason or "")
            notes.append(f"{header} was left out: {why or f'it {trouble}'}")
    return list(found.values()), notes


def _phone_cells(columns: Columns, row: Row) -> list[tuple[str, str, str]]:
    return [(label, *cell) for label in PHONES for cell in columns.texts(row, f"{label}_phone")]


def _syntax(candidate: str) -> str | None:
    from email_validator import EmailNotValidError, validate_email

    try:
        found = validate_email(candidate, check_deliverability=False, allow_smtputf8=False)
    except EmailNotValidError:
        return None
    return (found.ascii_email or "").lower() or None


def _stored(finding: PhoneFinding) -> PhoneFinding:
    """A number that is possible but longer than E.164 allows cannot be stored."""
    if finding.e164 and not _E164.fullmatch(finding.e164):
        return PhoneFinding(None, "too_long")
    return finding
