"""Signed links that a person follows from an email or a text."""

from __future__ import annotations

import hashlib
import hmac
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from shared.config import Settings
from shared.errors import ConfigurationError, WebhookRefused

# A text holds 160 characters, so a booking link carries no more than its id and enough of a signature that
# guessing one takes longer than anybody would have patience for.
_SIGNATURE_BYTES = 8


def unsubscribe_url(settings: Settings, touch_id: UUID) -> str:
    """The one-click unsubscribe link of an email (RFC 8058). It never expires: it must always work."""
    return f"{_public(settings)}/u/{_serializer(settings, 'unsubscribe').dumps(str(touch_id))}"


def touch_of(settings: Settings, token: str) -> UUID:
    """The touch that a link was made for. Raises `WebhookRefused` for a link that is not ours."""
    try:
        return UUID(_serializer(settings, "unsubscribe").loads(token))
    except (BadSignature, ValueError) as error:
        raise WebhookRefused("This link is not one of ours.", code="webhook_refused.link") from error


def booking_url(settings: Settings, touch_id: UUID) -> str:
    """The booking page of one touch, 35 characters after the public address. It never expires."""
    return f"{_public(settings)}/b/{_booking_token(settings, touch_id)}"


def booking_touch_of(settings: Settings, token: str) -> UUID:
    """The touch that a booking link was made for. Raises `WebhookRefused` for a link that is not ours."""
    try:
        touch_id = UUID(bytes=urlsafe_b64decode(token)[:16])
    except ValueError as error:
        raise WebhookRefused("This link is not one of ours.", code="webhook_refused.link") from error
    if not hmac.compare_digest(token, _booking_token(settings, touch_id)):
        raise WebhookRefused("This link is not one of ours.", code="webhook_refused.link")
    return touch_id


def handled_url(settings: Settings, lead_id: int, *, until: datetime) -> str:
    """The page on which the owner says that they dealt with somebody; good until then."""
    token = _serializer(settings, "handled").dumps([lead_id, int(until.timestamp())])
    return f"{_public(settings)}/h/{token}"


def handled_lead_of(settings: Settings, token: str, *, now: datetime) -> int:
    """The lead that such a link was made for. Raises `WebhookRefused` for one that is not ours or too old."""
    try:
        lead_id, until = _serializer(settings, "handled").loads(token)
        if now.timestamp() <= until:
            return int(lead_id)
    except (BadSignature, ValueError, TypeError) as error:
        raise WebhookRefused("This link is not one of ours.", code="webhook_refused.link") from error
    raise WebhookRefused("This link is too old.", code="webhook_refused.link")


def approval_url(settings: Settings, approval_id: int, fingerprint: str) -> str:
    """The page for the owner's yes or no to exactly this change. The approval itself says when it expires."""
    token = URLSafeSerializer(_secret(settings), salt="approval").dumps([approval_id, fingerprint])
    return f"{_public(settings)}/a/{token}"


def approval_of(settings: Settings, token: str) -> tuple[int, str]:
    """Id and fingerprint that a link was made for. Raises `WebhookRefused` for a link that is not ours."""
    try:
        approval_id, fingerprint = URLSafeSerializer(_secret(settings), salt="approval").loads(token)
    except (BadSignature, ValueError, TypeError) as error:
        raise WebhookRefused("This link is not one of ours.", code="webhook_refused.link") from error
    return int(approval_id), str(fingerprint)


def public_url(settings: Settings, path: str) -> str:
    """An address on our own web endpoint."""
    return f"{_public(settings)}{path}"


def _public(settings: Settings) -> str:
    if not settings.public_url:
        raise ConfigurationError(
            "GROWTHLOOP_PUBLIC_URL is not set: links and webhooks have nowhere to point."
        )
    return settings.public_url.rstrip("/")


def _serializer(settings: Settings, salt: str) -> URLSafeSerializer:
    return URLSafeSerializer(_secret(settings), salt=salt)


def _booking_token(settings: Settings, touch_id: UUID) -> str:
    mac = hmac.new(_secret(settings).encode(), b"booking\0" + touch_id.bytes, hashlib.sha256)
    return urlsafe_b64encode(touch_id.bytes + mac.digest()[:_SIGNATURE_BYTES]).decode()


def _secret(settings: Settings) -> str:
    if settings.secret_key is None:
        raise ConfigurationError("GROWTHLOOP_SECRET_KEY is not set: links cannot be signed.")
    return settings.secret_key.get_secret_value()
