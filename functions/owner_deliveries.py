"""What goes to the owner and not to a lead: the same intent, lease, key and receipt as every touch."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from shared.errors import ConfigurationError, ProviderError
from shared.loop import Loop
from shared.providers.channel import Channel, ChannelName, Message

if TYPE_CHECKING:
    from shared.mail.render import RenderedMail

LEASE_S = 60
LATEST = timedelta(hours=20)  # so long Resend knows a key
_KINDS: dict[ChannelName, str] = {"email": "owner_mail", "sms": "owner_text"}


def hand_over(loop: Loop, channel: ChannelName, payload: dict[str, Any], *, natural_key: str) -> str:
    """Send one message to the owner, once: `sent`, `already …`, or `failed: CODE`.

    A message that certainly did not go out, or of which nobody knows, is sent by a later call with its key: a
    mail with the same bytes, which Resend sends once; a text perhaps twice, since the owner would rather have
    it twice than not at all. Raises `ConfigurationError` where the channel is not set up.
    """
    provider: Channel = loop.providers.channel(channel)
    intent = loop.state.outreach.begin_delivery(
        kind=_KINDS[channel],
        channel=channel,
        natural_key=natural_key,
        payload=payload,
        provider=provider.provider,
        lease_s=LEASE_S,
    )
    if intent["status"] != "submitted":
        return f"already {intent['status']}"
    now = loop.clock.now()
    try:
        receipt = provider.send(Message(str(intent["id"]), intent["payload"], now + LATEST))
    except ProviderError as error:
        loop.state.outreach.record_failure(
            intent["id"], intent["fence"], verdict=_verdict(error), code=error.code, retry_at=now
        )
        return f"failed: {error.code}"
    loop.state.outreach.record_receipt(intent["id"], intent["fence"], receipt.provider_id, receipt.cost_usd)
    return "sent"


def _verdict(error: ProviderError) -> Literal["unknown", "requeue", "failed"]:
    if error.outcome_unknown:
        return "unknown"
    return "requeue" if error.retryable or error.system_wide else "failed"


def mail_payload(loop: Loop, mail: RenderedMail) -> dict[str, Any]:
    """A mail to the owner as Resend takes it, images inline. Raises `ConfigurationError`."""
    if not loop.settings.owner_email or not loop.settings.report_from:
        raise ConfigurationError("GROWTHLOOP_OWNER_EMAIL and GROWTHLOOP_REPORT_FROM are needed for reports.")
    return {
        "from": loop.settings.report_from,
        "to": [loop.settings.owner_email],
        "subject": mail.subject,
        "html": mail.html,
        "text": mail.text,
        "attachments": list(mail.attachments),
    }
