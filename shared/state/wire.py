"""Arguments on their way to the database: one JSON encoding for both transports."""

from __future__ import annotations

import json
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from shared.errors import StateError


def encode(arguments: dict[str, Any]) -> str:
    """The JSON object of a call.

    Beside JSON's own types: aware datetimes and dates as ISO 8601, UUIDs and decimals as strings (cast by
    the parameter's type), enums by value, tuples and frozensets as arrays. Raises `StateError`
    (code 22P05) for text that is not valid Unicode, `TypeError` for other types, `ValueError` for a naive
    datetime, NaN and infinity.
    """
    try:
        text = json.dumps(
            arguments, default=_plain, ensure_ascii=False, allow_nan=False, separators=(",", ":")
        )
        text.encode()
    except UnicodeEncodeError:
        raise StateError("An argument holds text that is not valid Unicode.", code="22P05") from None
    return text


def _plain(value: object) -> object:
    if isinstance(value, datetime) and value.tzinfo is None:
        raise ValueError("A datetime without a zone must not reach the database.")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, (UUID, Decimal)):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, (frozenset, set)):
        return sorted(value)
    raise TypeError(f"{type(value).__name__} cannot be an argument of a database call")
