"""Signed links that a person follows from an email."""

from __future__ import annotations

from uuid import UUID

from itsdangerous import BadSignature, URLSafeSerializer

from shared.config import Settings
from shared.errors import ConfigurationError, WebhookRefused


def unsubscribe_url(settings: Settings, touch_id: UUID) -> str:
    """The one-click unsubscribe link of one email (RFC 8058). It never expires: an opt-out must always work."""
    return f"{_public(settings)}/u/{_serializer(settings).dumps(str(touch_id))}"


def touch_of(settings: Settings, token: str) -> UUID:
    """The touch that a link was made for. Raises `WebhookRefused` for a link that is not ours."""
    try:
        return UUID(_serializer(settings).loads(token))
    except (BadSignature, ValueError) as error:
        raise WebhookRefused("This link is not one of ours.", code="webhook_refused.link") from error


def public_url(settings: Settings, path: str) -> str:
    """An address on our own web endpoint."""
    return f"{_public(settings)}{path}"


def _public(settings: Settings) -> str:
    if not settings.public_url:
        raise ConfigurationError(
            "GROWTHLOOP_PUBLIC_URL is not set: links and webhooks have nowhere to point."
        )
    return settings.public_url.rstrip("/")


def _serializer(settings: Settings) -> URLSafeSerializer:
    if settings.secret_key is None:
        raise ConfigurationError("GROWTHLOOP_SECRET_KEY is not set: links cannot be signed.")
    return URLSafeSerializer(settings.secret_key.get_secret_value(), salt="unsubscribe")
