"""Requests and responses as plain values, so that a fake is a function of both."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from urllib.parse import parse_qsl

JSON = "application/json"


@dataclass(frozen=True)
class Request:
    """One HTTP request; header names are lower case, `path` has no provider prefix and no query.

    `lists` has all values of each field of the query, `query` the last one. A list that lags is to be
    answered as it was at `as_of`.
    """

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    lists: Mapping[str, Sequence[str]] = field(default_factory=dict)
    as_of: datetime | None = None

    def json(self) -> Any:
        """The parsed body.

        Raises `ValueError` when it is not JSON.
        """
        return json.loads(self.body or b"null")

    def fields(self) -> dict[str, Any]:
        """The fields of a JSON body; none where it is not JSON, or no object."""
        try:
            body = self.json()
        except ValueError:
            return {}
        return body if isinstance(body, dict) else {}

    def form(self) -> dict[str, str]:
        """The fields of a form body."""
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))


@dataclass(frozen=True)
class Response:
    """One HTTP response."""

    status: int
    body: bytes
    headers: Mapping[str, str] = field(default_factory=dict)
    content_type: str = JSON


def answer(status: int, body: Any, headers: Mapping[str, str] | None = None) -> Response:
    """A JSON response."""
    return Response(status, json.dumps(body, ensure_ascii=False).encode(), headers or {})
