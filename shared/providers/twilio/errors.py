"""Twilio's error codes in this project's words.

Source: Twilio's error dictionary (the 2023 list and single newer pages). The same table reads answers to
a request and the `ErrorCode` of a status callback. 20500 and 20503 answer a POST that Twilio may have
carried out, so for a send they mean "unknown": a look-up costs less than a second text.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Literal

from shared.errors import (
    ChannelDown,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    RecipientOptedOut,
    RecipientRefused,
)
from shared.providers.wire import broken

Verdict = Literal[
    "opted_out", "bad_number", "no_sms", "region", "wait", "later", "tomorrow", "unknown", "account",
    "sender", "content", "other",
]  # fmt: skip

_VERDICTS: dict[Verdict, frozenset[int]] = {
    "opted_out": frozenset([21610]),
    "bad_number": frozenset([21211, 21217, 30005]),
    "no_sms": frozenset([21612, 21614, 30004, 30006]),
    "region": frozenset([21408, 30450]),
    "wait": frozenset([20429, 21611, 30001, 30022]),
    "later": frozenset([30003, 30008, 30017]),
    "tomorrow": frozenset([30023, 30027, 63038]),
    "unknown": frozenset([20500, 20503, 30410]),
    "account": frozenset([20003, 20005, 10001, 30002]),
    "sender": frozenset(
        [21212, 21603, 21606, 21608, 21703, 21704, 21705, 30032, 30033, 30034, 30035],
    ),
    "content": frozenset([21602, 21617, 30007]),
}
_WAITS: dict[Verdict, timedelta] = {
    "wait": timedelta(seconds=60),
    "later": timedelta(hours=1),
    "tomorrow": timedelta(hours=24),
}


def verdict_of(code: int) -> Verdict:
    """What an error code is about.

    `no_sms` is a number that takes no texts but may well take calls; `bad_number` takes nothing.
    """
    return next((verdict for verdict, codes in _VERDICTS.items() if code in codes), "other")


def classify(status: int, code: int | None, *, effect: bool = True) -> ProviderError:
    """The error for an answer that is not a success. `effect` is False for reads."""
    verdict = verdict_of(code or 0)
    name = f"twilio.{code or status}"
    if verdict == "opted_out":
        return RecipientOptedOut("Twilio reports an opt-out.", code=name)
    if verdict in ("bad_number", "no_sms", "region"):
        return RecipientRefused("Twilio cannot text this number.", code=name)
    if verdict in _WAITS:
        return RateLimited(code=name, retry_after=_WAITS[verdict])
    if verdict in ("account", "sender"):
        return ChannelDown("Twilio refuses the account or the sender.", code=name)
    if verdict == "unknown" and effect:
        return OutcomeUnknown("Twilio failed in the middle of the request.", code=name)
    return _by_status(status, name, effect)


def _by_status(status: int, name: str, effect: bool) -> ProviderError:
    if status == 429:
        return RateLimited(code=name, retry_after=_WAITS["wait"])
    if status >= 500 or status == 408 or status < 300:
        return broken(status, provider="twilio", effect=effect)
    if status in (401, 403) or 300 <= status < 400:
        return ChannelDown("Twilio refuses this account.", code=name)
    return ProviderError("Twilio refused the request.", code=name)
