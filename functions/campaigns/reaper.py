"""Calls of which no end was heard: read back, hung up where they still run, at last closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from functions.campaigns.tally import Tally
from shared.errors import ConfigurationError, ProviderError
from shared.hearing import hear
from shared.loop import Loop
from shared.providers.event import ProviderEvent
from shared.report import Noticed
from shared.state.reconciliation import OverdueCall

BATCH = 10
HOLD_S = 900
MARGIN_S = 300
GIVEN_UP = timedelta(hours=3)


def reap(loop: Loop, tally: Tally) -> None:
    """Ask about calls that must be over by their longest duration; each at most every quarter of an hour."""
    overdue = loop.state.reconciliation.claim_overdue_calls(
        max_rows=BATCH, older_than_s=loop.book.outreach.call.max_duration_s + MARGIN_S, hold_s=HOLD_S
    )
    if overdue:
        tally.noticed.append(_noticed(overdue))
    for call in overdue:
        try:
            _ask(loop, call, tally)
        except (ProviderError, ConfigurationError) as error:
            tally.notes.append(f"call: {call.id} has no end ({error.code})")
            _give_up(loop, call, tally)


def _noticed(overdue: Sequence[OverdueCall]) -> Noticed:
    began = min(call.submitted_at for call in overdue)
    touches = [str(call.id) for call in overdue]
    return Noticed("endless_call", "calls", began, {"touches": touches}, mended=False)


def _ask(loop: Loop, call: OverdueCall, tally: Tally) -> None:
    from shared.providers.vapi.webhook import from_call

    event = from_call(loop.providers.calls.get(call.provider_id), now=loop.clock.now())
    if event is not None:
        hear(loop.state, event, channel="call")
        tally.heard["call"] += 1
    elif loop.providers.calls.end(call.provider_id):
        tally.settled["hung_up"] += 1
    else:
        _give_up(loop, call, tally)


def _give_up(loop: Loop, call: OverdueCall, tally: Tally) -> None:
    """A call that its provider cannot tell anything of is closed; its report would still win, by rank."""
    now = loop.clock.now()
    if now < call.submitted_at + GIVEN_UP:
        return
    event = ProviderEvent(
        provider="vapi",
        event_key=f"{call.provider_id}:reaped",
        kind="call.reaped",
        occurred_at=now,
        body={},
        delivery_id=str(call.id),
        provider_id=call.provider_id,
        disposition="call_failed",
    )
    hear(loop.state, event, channel="call")
    tally.settled["given_up"] += 1
