"""What a failed send means for its channel: all containers stop, and try again later and later."""

from __future__ import annotations

from datetime import timedelta
from typing import NoReturn

from functions.campaigns.tally import ChannelStopped
from shared.errors import OutcomeUnknown, ProviderError
from shared.loop import Loop
from shared.providers.channel import ChannelName

BROKEN_OFF = "unexpected"


def trip(loop: Loop, channel: ChannelName, error: ProviderError) -> NoReturn:
    """Let the channel rest in every container, and end this tick's sends on it: raises `ChannelStopped`."""
    breaker, stays_down = loop.book.medic.breaker, error.system_wide or error.code == BROKEN_OFF
    loop.state.reconciliation.trip(
        channel,
        code=error.code,
        needs_owner=stays_down,
        retry_after=error.retry_after,
        first=timedelta(minutes=breaker.first_minutes),
        longest=timedelta(minutes=breaker.longest_minutes),
    )
    raise ChannelStopped(f"{error.code}; the rest waits", error if stays_down else None)


def broken_off(error: Exception) -> ProviderError:
    """An exception that no client should raise, as what it means for the touch: nobody knows."""
    unknown = OutcomeUnknown("A provider's client broke off in the middle of a request.", code=BROKEN_OFF)
    return unknown.with_traceback(error.__traceback__)
