"""Vapi's refusals in this project's words.

Source: the OpenAPI file of VapiAI/docs (envelope `message`, `error`, `statusCode`) and its page on call
concurrency. Over the limit Vapi is described with a 400, with a 429 and with a queue, so the words are
looked at before the status.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from shared.errors import ChannelDown, ProviderError, RateLimited, RecipientRefused
from shared.providers.wire import NO_BODY, broken, retry_after

BUSY_WAIT = timedelta(seconds=30)
DAILY_WAIT = timedelta(hours=1)
_NUMBER = re.compile(r"customer(\.|'s |s\.0\.)?\s*number|customer\.sipuri|\bE\.?164\b", re.IGNORECASE)
_BUSY = re.compile(r"concurren|too many requests|rate limit", re.IGNORECASE)
_DAILY = re.compile(r"daily .*limit", re.IGNORECASE)
_MONEY = re.compile(r"credit|wallet|billing|payment|subscription|frozen", re.IGNORECASE)


def classify(
    status: int, body: object, headers: Mapping[str, str] = NO_BODY, *, effect: bool = True
) -> ProviderError:
    """The error for an answer that is not a success. `effect` is False for reads."""
    words = _words(body)
    if _DAILY.search(words):
        return RateLimited(code="vapi.daily_limit", retry_after=retry_after(headers, DAILY_WAIT))
    if status == 429 or (status < 500 and _BUSY.search(words)):
        return RateLimited(code="vapi.capacity", retry_after=retry_after(headers, BUSY_WAIT))
    if status >= 500 or status == 408 or status < 300:
        return broken(status, provider="vapi", effect=effect)
    if status in (401, 402, 403) or _MONEY.search(words):
        return ChannelDown("Vapi refuses this account or key.", code=f"vapi.{status}")
    if status in (400, 422) and _NUMBER.search(words):
        return RecipientRefused("Vapi refuses this number.", code="vapi.invalid_number")
    if status in (400, 404, 422) or 300 <= status < 400:
        return ChannelDown("Vapi refuses how the call is set up.", code=f"vapi.{status}")
    return ProviderError("Vapi refused the request.", code=f"vapi.{status}")


def _words(body: object) -> str:
    message = body.get("message") if isinstance(body, dict) else body
    parts = message if isinstance(message, list) else [message]
    return " ".join(part for part in parts if isinstance(part, str))
