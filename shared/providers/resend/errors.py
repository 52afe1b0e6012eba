"""Resend's refusals in this project's words.

Source: resend.com/docs errors page and the error code list of resend-cli. `name` is what tells a rate
limit from a used-up quota: both are a 429.

Where the outcome is unknown, `retryable` is set as well: the same key with the same payload gives the
first answer again and sends nothing twice, for 24 hours by Resend's word and 20 by ours.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta

from shared.errors import ChannelDown, OutcomeUnknown, ProviderError, RateLimited, RecipientRefused
from shared.providers.wire import NO_BODY, broken, retry_after

RATE_WAIT = timedelta(seconds=1)
SAME_KEY_WAIT = timedelta(seconds=5)
_QUOTAS = ("daily_quota_exceeded", "monthly_quota_exceeded")
_TO = re.compile(r"[`'\"]to[`'\"]|\brecipient", re.IGNORECASE)


def classify(
    status: int, name: str, message: str, headers: Mapping[str, str] = NO_BODY, *, effect: bool = True
) -> ProviderError:
    """The error for an answer that is not a success. `effect` is False for reads."""
    code = f"resend.{name or status}"
    if name in _QUOTAS:
        wait = retry_after(headers, timedelta(hours=1))
        return ChannelDown("The quota at Resend is used up.", code=code, retry_after=wait)
    if status == 429:
        return RateLimited(code=code, retry_after=retry_after(headers, RATE_WAIT))
    if name == "concurrent_idempotent_requests":
        return RateLimited(code=code, retry_after=retry_after(headers, SAME_KEY_WAIT))
    if status >= 500 or status == 408 or status < 300:
        return repeatable(broken(status, provider="resend", effect=effect))
    if status in (400, 422) and name != "invalid_from_address" and _TO.search(message):
        return RecipientRefused("Resend refuses this address.", code=code)
    if _system_wide(status, name, message):
        return ChannelDown("Resend refuses this account, sender or key.", code=code)
    return ProviderError("Resend refused the request.", code=code)


def repeatable(error: ProviderError) -> ProviderError:
    """Mark an unknown outcome as safe to repeat with the same key and payload."""
    if isinstance(error, OutcomeUnknown):
        error.retryable = True
    return error


def _system_wide(status: int, name: str, message: str) -> bool:
    about_sender = "`from`" in message or "domain" in message.lower()
    return (
        status in (401, 403, 451)
        or 300 <= status < 400
        or name in ("invalid_from_address", "invalid_idempotent_request", "invalid_access", "invalid_region")
        or (status in (400, 422) and about_sender)
    )
