"""What one text message carries, frozen before it is sent."""

from __future__ import annotations

import hashlib
from datetime import datetime
from typing import Any

LONGEST_S = 36_000
"""The longest that Twilio will hold a message; also its default, ten hours past any window."""


def sms_payload(*, to_e164: str, body: str, now: datetime, latest: datetime) -> dict[str, Any]:
    """The payload of `TwilioSms.send`; a message not sent by `latest` is dropped by Twilio.

    `validity_period` is in whole seconds, 1 to 36,000. It is counted from when Twilio takes the message,
    so a send that comes n seconds after `now` may go out n seconds after `latest`; the lease bounds n.
    """
    left = int((latest - now).total_seconds())
    return {"to": to_e164, "body": body, "validity_period": max(1, min(left, LONGEST_S))}


def text_reference(to_e164: str, body: str) -> str:
    """How a text is told from others, since no list shows our reference; the ledger has the same rule."""
    return hashlib.sha256(f"{to_e164}|{body}".encode()).hexdigest()
