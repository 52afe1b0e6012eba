"""What the webhook checks of all providers have in common.

A check that cannot be made is a refusal: no secret set means no webhook is believed.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from shared.errors import WebhookRefused

TOLERANCE_S = 300
"""Largest age, or lead, of a signed timestamp in seconds; Svix states it, the others follow."""

DEEPEST = 60


def refused(reason: str) -> WebhookRefused:
    """A refusal with a stable code; it never repeats what the request contained."""
    return WebhookRefused(f"The webhook was refused: {reason}.", code=f"webhook_{reason}")


def header(headers: Mapping[str, str], name: str) -> str | None:
    """A header's value by name in any case, None if missing or empty."""
    wanted = name.lower()
    return next((value for key, value in headers.items() if key.lower() == wanted and value), None)


def required(headers: Mapping[str, str], name: str) -> str:
    """A header that must be there."""
    value = header(headers, name)
    if value is None:
        raise refused("missing_header")
    return value


def require_secret(secret: str) -> str:
    """The secret itself; without one, anybody could sign."""
    if not secret:
        raise refused("no_secret")
    return secret


def check_age(stamp: str, now: datetime, *, milliseconds: bool = False) -> None:
    """Refuse a Unix timestamp that is unreadable or more than `TOLERANCE_S` from now.

    `milliseconds` also accepts those, told apart by size.
    """
    try:
        seconds = float(stamp)
    except ValueError:
        raise refused("malformed") from None
    if milliseconds and seconds > 1e11:
        seconds /= 1000
    if not math.isfinite(seconds):
        raise refused("malformed")
    if abs(now.timestamp() - seconds) > TOLERANCE_S:
        raise refused("stale")


def hmac_sha256(key: bytes, content: bytes) -> bytes:
    """The raw digest; how it is written (hex or base64) is each provider's own."""
    return hmac.new(key, content, hashlib.sha256).digest()


def same(one: str, other: str) -> bool:
    """Compare in constant time; any text may stand in a header."""
    return hmac.compare_digest(one.encode(), other.encode())


def decode_base64(text: str) -> bytes:
    """Decode a secret; one that is not base64 is as good as none."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise refused("no_secret") from None


def json_object(raw: bytes) -> dict[str, Any]:
    """The body as a JSON object that can be stored; anything else is refused."""
    try:
        body = storable(json.loads(raw))
    except (ValueError, RecursionError):
        raise refused("malformed") from None
    if not isinstance(body, dict):
        raise refused("malformed")
    return body


def storable(value: object, depth: int = 0) -> object:
    """A copy without what JSON and Python allow but Postgres refuses: NUL, lone surrogates, infinities.

    A stop request must not be lost because of a stray byte beside it. Raises `RecursionError` beyond
    `DEEPEST` levels, which no provider's body has.
    """
    if depth > DEEPEST:
        raise RecursionError("nested too deeply")
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, dict):
        return {clean(str(name)): storable(part, depth + 1) for name, part in value.items()}
    if isinstance(value, list):
        return [storable(part, depth + 1) for part in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def clean(text: str) -> str:
    """The text with a replacement mark for what cannot be stored."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode()


def as_dict(value: object) -> dict[str, Any]:
    """The value if it is an object, else an empty one: providers leave fields out and send null."""
    return value if isinstance(value, dict) else {}


def as_list(value: object) -> list[Any]:
    """The value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """The value if it is text and says something, else None."""
    return value if isinstance(value, str) and value else None


def as_number(value: object) -> float | None:
    """A finite number that is not a boolean, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    return float(value) if math.isfinite(value) else None


def touch_id(value: object) -> str | None:
    """Our own reference, or None: accounts are shared, and other people's references are not UUIDs."""
    try:
        return str(UUID(value)) if isinstance(value, str) else None
    except ValueError:
        return None


def moment(value: object) -> datetime | None:
    """An ISO 8601 time with its offset, UTC if it has none, or None."""
    try:
        found = datetime.fromisoformat(value) if isinstance(value, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found


def fingerprint(raw: bytes) -> str:
    """Names a body that brings no id of its own, so that its copies still share a key."""
    return hashlib.sha256(raw).hexdigest()[:32]
