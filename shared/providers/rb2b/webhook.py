"""RB2B's webhook: who it believes to have visited the owner's site.

Unsigned, sent once and never again; whatever is answered but 200 within 15 seconds disconnects the account
until somebody connects it again by hand. So a token in the address stands for the signature, and nothing in
the body is worth an error. Source: support.rb2b.com 8976614, 9806566, 14300384, 12880800. What it says is a
guess about a person's identity; it is no permission to contact anybody.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from shared.providers.signing import moment

LONGEST = 20_000  # bytes of a body; theirs have under 2,000
_FIELDS: Final[Mapping[str, str]] = {
    "First Name": "first name",
    "Last Name": "last name",
    "Title": "title",
    "Company Name": "company",
    "Business Email": "email",
    "Website": "website",
    "Industry": "industry",
    "Employee Count": "# employees",
    "City": "city",
    "State": "state",
    "Zipcode": "postal code",
}
# "2026-11-20T12:34:56:00.00+00.00" is RB2B's own sample.
_SEEN: Final = re.compile(r"(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2}:\d{2})")


@dataclass(frozen=True)
class Visit:
    """One visit: the cells of a lead list by column, when it was, and the page without its query."""

    cells: Mapping[str, str]
    seen_at: datetime
    page: str


def is_genuine(token: str, secret: str) -> bool:
    """Whether the address ends in our token; compared in constant time."""
    return hmac.compare_digest(token.encode(), secret.encode())


def event_key(raw: bytes) -> str:
    """The same visit under the same key, however often it comes: person, page and time, else all bytes."""
    found = _body(raw)
    person = str(found.get("LinkedIn URL") or found.get("Business Email") or "").casefold()
    told = person + str(found.get("Captured URL")) + str(found.get("Seen At"))
    return hashlib.sha256(told.encode(errors="replace") if person else raw).hexdigest()


def parse(raw: bytes, received_at: datetime) -> Visit | None:
    """The visit, or None where the body names nobody; an unreadable time is `received_at`. Never raises."""
    found = _body(raw)
    cells = {
        column: str(value)
        for name, column in _FIELDS.items()
        if isinstance(value := found.get(name), str | int) and str(value).strip()
    }
    if not cells.get("first name") and not cells.get("email"):
        return None
    page = str(found.get("Captured URL") or "").partition("?")[0].partition("#")[0]
    return Visit(cells, min(_seen_at(found.get("Seen At")) or received_at, received_at), page[:500])


def _seen_at(value: object) -> datetime | None:
    match = _SEEN.match(str(value))
    return moment(f"{match[1]}T{match[2]}Z") if match else None


def _body(raw: bytes) -> dict[str, Any]:
    try:
        found = json.loads(raw)
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}
