"""What one email carries, frozen before it is sent."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

TOUCH_TAG = "touch_id"
"""The tag by which Resend's webhooks bring our reference back."""


@dataclass(frozen=True)
class Attachment:
    """A file that goes along; `content_id` makes an image addressable as `cid:` in the HTML."""

    filename: str
    content: bytes
    content_type: str
    content_id: str | None = None


def email_payload(
    *,
    touch_id: str,
    sender: str,
    to: str,
    subject: str,
    text: str,
    html: str | None = None,
    reply_to: str | None = None,
    unsubscribe_url: str | None = None,
    in_reply_to: str | None = None,
    attachments: Sequence[Attachment] = (),
) -> dict[str, Any]:
    """The payload of `ResendEmail.send`.

    With `unsubscribe_url` the mail offers one-click unsubscribing (RFC 8058): the address must act on
    POST and only show a page on GET. `in_reply_to` is the Message-ID that this mail answers.
    """
    headers: dict[str, str] = {}
    if unsubscribe_url:
        headers["List-Unsubscribe"] = f"<{unsubscribe_url}>"
        headers["List-Unsubscribe-Post"] = "List-Unsubscribe=One-Click"
    if in_reply_to:
        headers["In-Reply-To"] = headers["References"] = in_reply_to
    optional: dict[str, Any] = {
        "html": html,
        "reply_to": reply_to,
        "headers": headers,
        "attachments": [_attached(one) for one in attachments],
    }
    return {
        "from": sender,
        "to": [to],
        "subject": subject,
        "text": text,
        "tags": [{"name": TOUCH_TAG, "value": touch_id}],
    } | {name: value for name, value in optional.items() if value}


def _attached(file: Attachment) -> dict[str, Any]:
    shown = {"content_id": file.content_id} if file.content_id else {}
    content = base64.b64encode(file.content).decode()
    return {
        "filename": file.filename,
        "content": content,
        "content_type": file.content_type,
    } | shown
