"""One HTTP request, made once, with the only question that matters afterwards: can it have arrived?

All three clients go through here, the official SDKs by their own extension points. Every request has a
fresh connection, so a stale pooled one cannot look like a lost answer, no redirect is followed and
nothing is retried.

Not promised: `deadline_s` bounds connecting, writing and each wait for bytes, which together make one
request of an ordinary server. A name server that hangs, or a server that drips single bytes, can take
longer; the lease's margin is for those.
"""

from __future__ import annotations

import functools
import json
import logging
import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import httpx

from shared.errors import ChannelDown, OutcomeUnknown, ProviderError, Unreachable

# httpx logs each URL at INFO, and ours carry phone numbers (message lists, look-ups).
logging.getLogger("httpx").setLevel(logging.WARNING)

Json = Any
NO_BODY: Mapping[str, Any] = {}
_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError)
_UNUSABLE_URL = (httpx.InvalidURL, httpx.UnsupportedProtocol)


@dataclass(frozen=True)
class Answer:
    """What came back: any status, headers by lower-case name, the undecoded text."""

    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Json:
        """The parsed body, None if it is not JSON."""
        try:
            return json.loads(self.text)
        except ValueError:
            return None


@functools.cache
def _tls() -> ssl.SSLContext:
    return httpx.create_ssl_context()


def _limits(deadline_s: float) -> httpx.Timeout:
    return httpx.Timeout(
        connect=deadline_s * 0.3, write=deadline_s * 0.1, read=deadline_s * 0.6, pool=deadline_s * 0.1
    )


def exchange(
    method: str, url: str, *, provider: str, deadline_s: float, effect: bool, **request: Json
) -> Answer:
    """Make one request; `request` goes to httpx (headers, params, json, data, auth).

    Raises `Unreachable` when nothing was sent, and `OutcomeUnknown` when the connection was lost later.
    Without an `effect` on the other side a lost answer is `Unreachable` too: asking again is harmless.
    """
    try:
        with httpx.Client(verify=_tls(), timeout=_limits(deadline_s), follow_redirects=False) as client:
            response = client.request(method.upper(), url, **request)
    except _UNUSABLE_URL:
        raise ChannelDown("The provider's address is unusable.", code=f"{provider}.bad_url") from None
    except httpx.HTTPError as error:
        raise lost(error, provider=provider, effect=effect) from None
    return Answer(response.status_code, dict(response.headers), response.text)


def lost(error: httpx.HTTPError, *, provider: str, effect: bool) -> ProviderError:
    """Classify a transport failure by whether the request can have left this machine."""
    name = type(error).__name__
    if isinstance(error, _NEVER_SENT):
        return Unreachable(f"{provider}: {name}, nothing was sent.", code=f"{provider}.unreachable")
    if not effect:
        return Unreachable(f"{provider}: {name} while reading.", code=f"{provider}.read_lost")
    return OutcomeUnknown(f"{provider}: {name} after the request left.", code=f"{provider}.answer_lost")


def broken(status: int, *, provider: str, effect: bool) -> ProviderError:
    """Classify an answer that says nothing usable: 5xx, or a success without its body."""
    code = f"{provider}.http_{status}"
    if effect:
        return OutcomeUnknown(f"{provider} answered {status}; it may have been carried out.", code=code)
    return Unreachable(f"{provider} answered {status}.", code=code)


def retry_after(headers: Mapping[str, str], default: timedelta) -> timedelta:
    """How long the provider asks to wait, in whole seconds; `default` if it does not say.

    The date form of the header is not used by these providers and reads as the default.
    """
    given = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    try:
        return timedelta(seconds=max(0.0, min(float(given), 86_400.0)))
    except ValueError:
        return default
