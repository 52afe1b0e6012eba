"""What the gateway sends back, and PostgREST's map from SQLSTATE to HTTP status (Error.hs, version 16)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field

JSON_TYPE = "application/json; charset=utf-8"

_EXACT = {
    "23503": 409,
    "23505": 409,
    "25006": 405,
    "21000": 500,
    "42883": 404,
    "42P01": 404,
    "42P17": 500,
    "53400": 500,
    "57P01": 503,
    "P0001": 400,
}
# Longest prefix first.
_CLASSES = (
    ("08", 503), ("53", 503), ("28", 403), ("0L", 403), ("0P", 403), ("09", 500), ("25", 500), ("2D", 500),
    ("38", 500), ("39", 500), ("3B", 500), ("40", 500), ("54", 500), ("55", 500), ("57", 500), ("58", 500),
    ("F0", 500), ("HV", 500), ("P0", 500), ("XX", 500),
)  # fmt: skip

_MESSAGE_KEYS = (
    "MESSAGE must be a JSON object with obligatory keys: 'code', 'message' "
    "and optional keys: 'details', 'hint'."
)
_DETAIL_KEYS = (
    "DETAIL must be a JSON object with obligatory keys: 'status', 'headers' and optional key: 'status_text'."
)


@dataclass(frozen=True)
class Answer:
    """A complete HTTP answer. `body` None = no body and no content type."""

    status: int
    body: str | None = None
    headers: Sequence[tuple[str, str]] = ()
    content_type: str = JSON_TYPE
    reason: str | None = None


@dataclass
class Refusal(Exception):
    """An error answer in PostgREST's form."""

    status: int
    code: str
    message: str
    details: str | None = None
    hint: str | None = None
    headers: Sequence[tuple[str, str]] = field(default_factory=list)
    reason: str | None = None

    def answer(self) -> Answer:
        """The HTTP answer: four keys, sorted, nulls written out."""
        body = {"code": self.code, "details": self.details, "hint": self.hint, "message": self.message}
        headers = [("Proxy-Status", f"PostgREST; error={self.code}"), *self.headers]
        return Answer(self.status, compact(body), headers, reason=self.reason)


def compact(value: object) -> str:
    """JSON as PostgREST writes its own bodies."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def not_offered(what: str) -> Refusal:
    """A PostgREST feature that this gateway leaves out on purpose."""
    return Refusal(501, "GATEWAY501", f"This gateway does not offer {what}.")


def status_of(code: str, message: str, *, anonymous: bool) -> int:
    """The HTTP status of a database error."""
    if code == "42501":
        return 401 if anonymous else 403
    if code == "22023" and message.startswith("role ") and message.endswith(" does not exist"):
        return 401
    if code == "21000" and message.endswith("requires a WHERE clause"):
        return 400
    if code.startswith("PT"):
        return int(code[2:]) if code[2:].isdigit() else 500
    if code in _EXACT:
        return _EXACT[code]
    return next((status for prefix, status in _CLASSES if code.startswith(prefix)), 400)


def database_refusal(
    code: str, message: str, details: str | None, hint: str | None, *, anonymous: bool
) -> Refusal:
    """The answer to an error raised by the database."""
    if code == "PGRST":
        return _raised_by_hand(message, details)
    status = status_of(code, message, anonymous=anonymous)
    headers = [("WWW-Authenticate", "Bearer")] if status == 401 else []
    reason = message if code.startswith("PT") else None
    return Refusal(status, code, message, details, hint, headers, reason)


def _raised_by_hand(message: str, details: str | None) -> Refusal:
    """`raise sqlstate 'PGRST'`: the function writes the whole answer, as JSON in message and detail."""
    try:
        body = json.loads(message)
        code, text = body["code"], body["message"]
    except (ValueError, KeyError, TypeError):
        return _unreadable(f"Invalid JSON value for MESSAGE: '{message}'", _MESSAGE_KEYS)
    try:
        how = json.loads(details or "")
        status, headers = int(how["status"]), how["headers"]
        written = [(str(name), str(value)) for name, value in headers.items()]
    except (ValueError, KeyError, TypeError, AttributeError):
        if details is None:
            return _unreadable("DETAIL is missing in the RAISE statement", _DETAIL_KEYS)
        return _unreadable(f"Invalid JSON value for DETAIL: '{details}'", _DETAIL_KEYS)
    return Refusal(status, code, text, body.get("details"), body.get("hint"), written, how.get("status_text"))


def _unreadable(details: str, keys: str) -> Refusal:
    message = "Could not parse JSON in the \"RAISE SQLSTATE 'PGRST'\" error"
    return Refusal(500, "PGRST121", message, details, keys)
