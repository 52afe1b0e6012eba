"""Anthropic's errors as our own: what certainly was not answered, what asking again can help, what cannot."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from shared.errors import ChannelDown, ProviderError, RateLimited, Unreachable
from shared.providers.wire import retry_after

if TYPE_CHECKING:
    import anthropic

OVERLOADED_S = 30
_BUSY = frozenset({408, 409, 429, 500, 502, 503, 504, 529})
_SPENT = frozenset(
    {
        "enforced_spend_limit_reached",
        "contract_spend_limit_reached",
        "linked_organization_spend_limit_reached",
        "organization_on_hold",
    }
)


def classify(error: anthropic.APIError) -> ProviderError:
    """By Anthropic's own code first, then by status. The message is left out: it may repeat the prompt."""
    import anthropic

    if isinstance(error, anthropic.APIStatusError):
        return _of_status(error)
    name = type(error).__name__
    return Unreachable(f"anthropic: {name}", code="anthropic.unreachable")


def _of_status(error: anthropic.APIStatusError) -> ProviderError:
    code = getattr(error, "error_code", None) or getattr(error, "type", None) or error.status_code
    named = f"anthropic.{code}"
    if code in _SPENT or error.status_code not in _BUSY:
        return ChannelDown(f"anthropic answered {error.status_code}.", code=named)
    wait = retry_after(error.response.headers, timedelta(seconds=OVERLOADED_S))
    if error.status_code == 429:
        return RateLimited("anthropic asks to wait.", code=named, retry_after=wait)
    return Unreachable(f"anthropic answered {error.status_code}.", code=named, retry_after=wait)
