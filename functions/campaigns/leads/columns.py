"""Which column means what, in the exports of Apollo and GoHighLevel and in lists made by hand."""

from __future__ import annotations

import difflib
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal

from functions.campaigns.leads.table import Row
from shared.errors import ConfigurationError

Kind = Literal["leads", "consents", "scrub", "registrations"]

PHONES: Final[Mapping[str, tuple[str, ...]]] = {
    "direct": ("work direct phone", "direct phone", "direct dial"),
    "mobile": ("mobile phone", "mobile", "mobile number", "cell", "cell phone"),
    "company": (
        *("corporate phone", "company phone", "business phone", "office phone", "main phone"),
        *("work phone", "company phone number"),
    ),
    "other": (
        *("phone", "phone number", "telephone", "tel", "primary phone", "home phone", "other phone"),
        *("additional phones", "phones"),
    ),
}
"""Label of a number: its columns. A number in two columns takes the label that comes first here."""

_LEADS: Final[Mapping[str, tuple[str, ...]]] = {
    "first_name": ("first name", "firstname", "given name", "first", "fname"),
    "last_name": ("last name", "lastname", "surname", "family name", "last", "lname"),
    "name": ("name", "full name", "contact name", "contact", "person"),
    "title": ("title", "job title", "position", "role"),
    "email": ("email", "email address", "e mail", "work email", "primary email", "business email"),
    "more_email": ("secondary email", "tertiary email", "additional emails", "other email", "personal email"),
    "email_bounced": ("email bounced", "bounced"),
    "company": (
        *("company", "company name", "business name", "organization", "organisation", "business"),
        *("organization name", "account name", "account", "company name for emails"),
    ),
    "website": ("website", "domain", "company domain", "company website", "url", "web site", "homepage"),
    "industry": ("industry", "vertical", "trade", "business type"),
    "employees": (
        "employees",
        "# employees",
        "number of employees",
        "employee count",
        "company size",
        "size",
    ),
    "city": ("city", "town", "contact city"),
    "region": ("state", "region", "province", "state province", "state code", "contact state"),
    "postal_code": ("zip", "zip code", "postal code", "zipcode", "postcode", "postal", "zip postal code"),
    "country": ("country", "country code", "contact country"),
    "company_city": ("company city",),
    "company_region": ("company state",),
    "company_postal_code": ("company postal code", "company zip", "company zip code"),
    "company_country": ("company country",),
    "stage": ("stage", "status", "contact stage", "lead status"),
    "do_not_contact": (
        *("do not contact", "dnd", "do not call", "dnc", "unsubscribed", "opted out", "opt out"),
        *("do not disturb", "email opt out", "has opted out of email", "dnd all", "dnd call", "dnd calls"),
        *("dnd sms", "dnd email"),
    ),
    "tags": ("tags", "tag", "labels", "signals", "signal", "intent", "intent signals"),
    "funding": ("funding", "recently funded", "recent funding", "new funding"),
    "latest_funding": ("latest funding",),
    "last_raised_at": ("last raised at",),
    "hiring": ("hiring", "open roles", "job openings", "open positions", "is hiring"),
    "leadership_change": ("leadership change", "new leadership", "executive change"),
    "product_launch": ("product launch", "new product", "launched product"),
    "site_activity": ("site activity", "website activity", "website visits", "site visits", "page views"),
}
_CONSENTS: Final[Mapping[str, tuple[str, ...]]] = {
    "email": ("email", "email address", "e mail"),
    "phone": ("phone", "phone number", "mobile", "mobile phone", "number"),
    "channel": ("channel",),
    "consent_type": ("consent type", "type", "kind"),
    "scope": ("scope",),
    "given_on": ("given on", "date", "consent date", "given"),
    "source": ("source",),
    "wording": ("wording", "text", "consent text", "consent wording"),
}
_SCRUB: Final[Mapping[str, tuple[str, ...]]] = {
    "phone": ("phone", "phone number", "number", "telephone"),
    "scrubbed_on": ("scrubbed on", "scrub date", "date", "checked on"),
    "listed": ("listed", "dnc", "on dnc", "on list", "result"),
    "rnd_checked_on": ("reassigned checked on", "rnd checked on", "rnd date"),
    "reassigned": ("reassigned", "rnd", "rnd result", "rnd answer"),
}
_REGISTRATIONS: Final[Mapping[str, tuple[str, ...]]] = {
    "region": ("region", "state"),
    "channel": ("channel",),
    "number": ("registration", "number", "registration number", "license", "licence", "license number"),
    "valid_until": ("valid until", "expires", "expires on", "expiry", "valid to"),
}
_NAMED: Final[Mapping[Kind, Mapping[str, tuple[str, ...]]]] = {
    "leads": {**_LEADS, **{f"{label}_phone": words for label, words in PHONES.items()}},
    "consents": _CONSENTS,
    "scrub": _SCRUB,
    "registrations": _REGISTRATIONS,
}
# Of each group one column.
_NEEDED: Final[Mapping[Kind, tuple[tuple[str, ...], ...]]] = {
    "leads": (("email", *(f"{label}_phone" for label in PHONES)),),
    "consents": (
        ("email", "phone"),
        ("channel",),
        ("consent_type",),
        ("given_on",),
        ("source",),
        ("wording",),
    ),
    "scrub": (("phone",), ("scrubbed_on",), ("listed",)),
    "registrations": (("region",), ("channel",), ("number",), ("valid_until",)),
}
# Columns that no other kind of file has: what a file is when it was given as something else.
_TELLTALE: Final[Mapping[str, str]] = {
    "consent type": "consents (--consents)",
    "scrubbed on": "do-not-call scrub results (--scrub)",
    "valid until": "registrations (--registrations)",
}


@dataclass(frozen=True)
class Columns:
    """Where the values of a field stand: for each its columns, best first, as (index, header)."""

    width: int
    places: Mapping[str, tuple[tuple[int, str], ...]]
    notes: tuple[str, ...] = ()

    def texts(self, row: Row, field: str) -> list[tuple[str, str]]:
        """(header, cell) of every column of a field that has something in this row."""
        found = ((name, row.cells[i]) for i, name in self.places.get(field, ()) if i < len(row.cells))
        return [(name, cell) for name, cell in found if cell.strip()]

    def overlong(self, row: Row) -> bool:
        """Whether the row has more cells than the header, so that none of them can be trusted."""
        return any(cell.strip() for cell in row.cells[self.width :])


def recognise(header: Row, kind: Kind, file_name: str) -> Columns:
    """The meaning of each column.

    Raises `ConfigurationError` that says what was found, what is needed, and what looks like it.
    """
    names = [_folded(cell) for cell in header.cells]
    _refuse_another_kind(names, kind, file_name)
    places = {
        field: tuple(
            (i, _shown(header.cells[i])) for word in words for i, name in enumerate(names) if name == word
        )
        for field, words in _NAMED[kind].items()
    }
    near = _near_misses(header, names, places, kind)
    missing = [group for group in _NEEDED[kind] if not any(places.get(field) for field in group)]
    if missing:
        raise ConfigurationError(
            f"{file_name}: {_wanted(missing)} is needed for {kind}. Nothing was imported. "
            + _found(header, names, near)
        )
    notes = tuple(f"Column {found} is not known and was left out; is it {word}?" for found, word in near)
    return Columns(len(names), {field: at for field, at in places.items() if at}, notes)


def origin(header: Row) -> str:
    """Whose export this is: apollo, ghl or csv."""
    names = {_folded(cell) for cell in header.cells}
    if "apollo contact id" in names or {"# employees", "company name for emails"} <= names:
        return "apollo"
    return "ghl" if {"business name", "tags"} <= names or {"contact id", "tags"} <= names else "csv"


def _folded(name: str) -> str:
    return " ".join(re.sub(r"[^\w#]+|_", " ", name.casefold()).split())


def _shown(name: str) -> str:
    return "'" + " ".join("".join(c if c.isprintable() else " " for c in name).split())[:40] + "'"


def _refuse_another_kind(names: list[str], kind: Kind, file_name: str) -> None:
    own = {word for words in _NAMED[kind].values() for word in words}
    for telltale, what in _TELLTALE.items():
        if telltale in names and telltale not in own:
            raise ConfigurationError(f"{file_name} holds {what}, not {kind}: it has a column '{telltale}'.")


def _near_misses(
    header: Row, names: list[str], places: Mapping[str, Sequence[object]], kind: Kind
) -> list[tuple[str, str]]:
    """Unknown columns that look like a field that is not there yet, with the name meant."""
    known = {word for words in _NAMED[kind].values() for word in words}
    absent = [word for field, words in _NAMED[kind].items() if not places[field] for word in words]
    found = []
    for cell, name in zip(header.cells, names, strict=True):
        if len(name) > 3 and name not in known and not _is_data(cell):
            # Of two words one may be right and mean nothing: "contact owner" is no "contact name".
            near = difflib.get_close_matches(name, absent, n=1, cutoff=0.88 if " " in name else 0.8)
            found += [(_shown(cell), f"'{near[0]}'")] if near else []
    return found


def _is_data(cell: str) -> bool:
    return "@" in cell or sum(c.isdigit() for c in cell) >= 5


def _wanted(missing: Sequence[Sequence[str]]) -> str:
    groups = (" or ".join(f"'{field.replace('_', ' ')}'" for field in group) for group in missing)
    return "a column " + " and a column ".join(groups)


def _found(header: Row, names: list[str], near: list[tuple[str, str]]) -> str:
    if any(_is_data(cell) for cell in header.cells):
        # Not shown: it would be a person's data.
        return f"Line {header.line} looks like a row, not like a header: put column names above it."
    shown = [_shown(cell) for cell, name in zip(header.cells, names, strict=True) if name][:25]
    hints = "".join(f" Is {found} meant to be {word}?" for found, word in near)
    return f"Found: {', '.join(shown) or 'no names'}.{hints}"
