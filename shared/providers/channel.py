"""What every outgoing channel looks like from the inside of the loop."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal, Protocol

ChannelName = Literal["call", "email", "sms"]
PROVIDERS: dict[ChannelName, str] = {"call": "vapi", "email": "resend", "sms": "twilio"}


@dataclass(frozen=True)
class Message:
    """One thing to send, frozen at `begin_send`: a repeat of the same try is byte for byte the same.

    `key` is the delivery's id; the provider carries it back in its webhooks. `latest` is the end of the
    window: a provider that can hold a message must drop it after that.
    """

    key: str
    payload: dict[str, Any]
    latest: datetime


@dataclass(frozen=True)
class Receipt:
    """What a provider answered when it accepted a message.

    `pause_s` is how long to wait before the next request, where the provider says how many it still takes;
    `room` how many more it takes at the same time, None where it does not say.
    """

    provider_id: str
    cost_usd: float | None = None
    pause_s: float | None = None
    room: int | None = None


class Channel(Protocol):
    """A provider that can reach a person. It never retries by itself.

    `send` raises a `ProviderError` subclass; `OutcomeUnknown` whenever the request may have been carried
    out. `deadline_s` bounds one whole request and is compared with what is left of the lease beforehand.
    """

    name: ChannelName
    provider: str
    deadline_s: float

    def send(self, message: Message) -> Receipt:
        """Hand one message to the provider."""
        ...

    def probe(self) -> None:
        """A free request that raises what a real one would."""
        ...
