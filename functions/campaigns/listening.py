"""Before a channel sends, it hears what happened on it: what people said, and what its provider already has.

Webhooks bring both, but not while we were away. So each channel has an instant up to which everything is
applied, and sends only when that is now: after an outage, after a webhook that never came, and after a
restore, when the ledger has forgotten sends that the provider has. What is read back goes the same way as a
webhook and is the same event.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.campaigns.tally import Tally
from functions.failures import describe
from shared.errors import ConfigurationError, ProviderError
from shared.hearing import hear, with_words
from shared.loop import Loop
from shared.providers.channel import PROVIDERS, ChannelName
from shared.providers.event import ProviderEvent
from shared.report import Noticed
from shared.state.outreach import ChannelState, TickState
from shared.state.reconciliation import Sighting

LISTEN_S = 300  # a channel sends only when it was listened to within so many seconds; a tick takes half of it
IDLE = timedelta(minutes=15)  # with nothing to send
OVERLAP = timedelta(minutes=30)  # a provider's lists lag, and a call is listed by its begin
FIRST_TIME = timedelta(days=1)
REPORT_COMES = timedelta(minutes=3)  # a finished call is analysed before its report is sent


class Listening:
    """What one tick hears, channel by channel."""

    def __init__(self, loop: Loop, found: TickState, tally: Tally) -> None:
        self._loop, self._found, self._tally = loop, found, tally
        self._verbs = loop.state.reconciliation
        self._with_senders = {sender.channel for sender in found.senders}

    def is_due(self, channel: ChannelName) -> bool:
        """Whenever something is to be sent, else every quarter of an hour; never without a sender."""
        if self._found.due.get(channel):
            return True
        heard = self._found.channels[channel].heard_until
        return channel in self._with_senders and (heard is None or self._found.now - heard >= IDLE)

    def run(self, channel: ChannelName) -> bool:
        """Hear everything up to the tick's beginning. False when that failed: the channel sends nothing."""
        now = self._found.now
        state = self._found.channels[channel]
        since = (state.heard_until or now - FIRST_TIME) - OVERLAP
        try:
            self._listen(channel, state, since, now)
        except (ProviderError, ConfigurationError) as error:
            self._tally.notes.append(f"{channel}: cannot be listened to ({error.code})")
            self._tally.deaf[channel] = error.code
            self._verbs.deaf(channel, error.code)
            if error.system_wide and self._found.due.get(channel):
                self._tally.down.append(describe(error))
            return False
        self._verbs.heard(channel, now)
        return True

    def _listen(self, channel: ChannelName, state: ChannelState, since: datetime, now: datetime) -> None:
        if channel == "call":
            self._calls(since, now)
        elif channel == "sms":
            self._texts(since, now)
        else:
            self._mails(since, now, forgotten=not state.heard_here)

    def _calls(self, since: datetime, now: datetime) -> None:
        from shared.providers.vapi.client import reference_of
        from shared.providers.vapi.webhook import from_call

        calls = self._loop.providers.calls.list_since(since, now)
        self._adopt(
            "vapi",
            {
                str(call["id"]): (reference, call.get("createdAt"))
                for call in calls
                if (reference := reference_of(call))
            },
        )
        ended = (from_call(call, now=now) for call in calls)
        over = [event for event in ended if event and event.occurred_at <= now - REPORT_COMES]
        self._hear("call", over, lambda event: event)

    def _texts(self, since: datetime, now: datetime) -> None:
        from shared.providers.twilio.payload import text_reference
        from shared.providers.twilio.webhook import from_message

        texts = self._loop.providers.sms.list_since(since)
        outgoing = [text for text in texts if text["direction"] != "inbound"]
        self._adopt(
            "twilio",
            {
                str(text["sid"]): (text_reference(str(text["to"]), str(text["body"])), text["date_created"])
                for text in outgoing
            },
        )
        incoming = [from_message(text, now=now) for text in texts if text["direction"] == "inbound"]
        self._hear("sms", incoming, lambda event: event)

    def _mails(self, since: datetime, now: datetime, *, forgotten: bool) -> None:
        """Our own mails only after a restore: their key keeps them from going out twice in between."""
        from shared.providers.resend.webhook import from_received

        email = self._loop.providers.email
        if forgotten and self._found.channels["email"].heard_until is not None:
            sent = email.sent_between(since, now).mails
            self._adopt("resend", {m.provider_id: (m.touch_id, m.at) for m in sent if m.touch_id})
        incoming = [from_received(mail, now=now) for mail in email.inbound_since(since)]
        self._hear(
            "email",
            incoming,
            lambda event: with_words(event, email.received(str(event.details["email_id"]))),
        )

    def _adopt(self, provider: str, shown: dict[str, tuple[Any, Any]]) -> None:
        """Take over what the provider has under our reference and the ledger does not know."""
        if not shown:
            return
        for provider_id in self._verbs.unseen(provider, list(shown)):
            reference, at = shown[provider_id]
            answer = self._verbs.adopt(Sighting(provider, provider_id, str(reference), _moment(at)))
            self._tally.settled[answer] += 1

    def _hear(
        self,
        channel: ChannelName,
        events: Sequence[ProviderEvent],
        complete: Callable[[ProviderEvent], ProviderEvent],
    ) -> None:
        """Apply what no webhook brought, oldest first."""
        if not events:
            return
        missed = set(self._verbs.unheard(PROVIDERS[channel], [event.event_key for event in events]))
        for event in _by_time(event for event in events if event.event_key in missed):
            hear(self._loop.state, complete(event), channel=channel)
            self._tally.heard[channel] += 1
        if missed:
            first = min(event.occurred_at for event in events if event.event_key in missed)
            evidence = {"reports": len(missed)}
            self._tally.noticed.append(Noticed("report_missed", PROVIDERS[channel], first, evidence))


def _by_time(events: Iterable[ProviderEvent]) -> list[ProviderEvent]:
    return sorted(events, key=lambda event: (event.occurred_at, event.event_key))


def _moment(at: object) -> datetime:
    """A provider's time as an instant; where it cannot be read, one long past."""
    from shared.providers.signing import moment

    found = at if isinstance(at, datetime) else moment(at)
    found = found or datetime.fromtimestamp(0, UTC)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
