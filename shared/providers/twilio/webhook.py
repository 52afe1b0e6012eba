"""Twilio's status callbacks and inbound messages: believed and read.

The signature covers the public address and all parameters, not a time, so a replay is told by its key
alone. Twilio signs with the main auth token, or with a shared key that a header announces; then `secret`
must be that key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

from shared.inbound import is_opt_out
from shared.providers.event import Milestone, ProviderEvent, Reply
from shared.providers.signing import (
    as_text,
    clean,
    fingerprint,
    header,
    refused,
    require_secret,
    required,
    touch_id,
)
from shared.providers.twilio.errors import verdict_of
from shared.providers.wire import NO_BODY

_DISPOSITIONS = {
    "sent": "sent",
    "delivered": "delivered",
    "read": "delivered",
    "undelivered": "undelivered",
    "partially_delivered": "undelivered",
    "failed": "sms_failed",
    "canceled": "sms_failed",
}

# Twilio answers these words itself and lets nothing of ours through afterwards (error 21610).
_CONFIRMED_BY_TWILIO = frozenset(
    ["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"]
)


class _Form(dict[str, list[str]]):
    """Repeated parameters, as Twilio's validator wants to read them."""

    def getlist(self, name: str) -> list[str]:
        return self[name]


def verify(
    headers: Mapping[str, str],
    raw: bytes,
    *,
    secret: str,
    now: datetime,  # noqa: ARG001 - one shape for all providers; Twilio signs no time
    url: str = "",
) -> None:
    """Check the signature over `url`, the address as Twilio called it.

    Build it from the configured public address, never from the Host header. Raises `WebhookRefused`.
    """
    from twilio.request_validator import RequestValidator, get_signature_algorithm

    require_secret(secret)
    signature = required(headers, "X-Twilio-Signature")
    settings = header(headers, "X-Twilio-Webhooks-Signature-Settings")
    algorithm = get_signature_algorithm(settings)  # type: ignore[no-untyped-call]
    if algorithm not in ("HMAC_SHA1", "HMAC_SHA256"):
        raise refused("unknown_algorithm")
    content = _text(raw) if "bodySHA256" in parse_qs(urlsplit(url).query) else _form(raw)
    validator = RequestValidator(secret)  # type: ignore[no-untyped-call]
    if not validator.validate(url, content, signature, algorithm):  # type: ignore[no-untyped-call]
        raise refused("wrong_signature")


def parse(
    raw: bytes,
    *,
    query: Mapping[str, str] = NO_BODY,
    headers: Mapping[str, str] = NO_BODY,
    now: datetime,
) -> ProviderEvent:
    """Read one form. Twilio's forms carry no time, so `now` is the event's.

    The key is message and status. Twilio's idempotency token would also tell copies apart from news, but
    not a poller's finding from the webhook that comes after it. Raises `WebhookRefused` for what is not a
    form.
    """
    fields = {clean(name): clean(values[-1]) for name, values in _form(raw).items()}
    sid = fields.get("MessageSid") or fields.get("SmsSid")
    status = fields.get("MessageStatus") or fields.get("SmsStatus")
    if not fields:
        raise refused("malformed")
    if sid is None or status is None:
        token = header(headers, "I-Twilio-Idempotency-Token") or fingerprint(raw)
        return ProviderEvent("twilio", token, "twilio.other", now, body=dict(fields))
    if status in ("received", "receiving"):
        return _inbound(sid, fields, now)
    return _status(sid, status, fields, now, touch_id(query.get("touch")))


def from_message(message: Mapping[str, Any], *, now: datetime) -> ProviderEvent:
    """The event that the webhook of this message would have made (`TwilioSms.get`, `list_since`).

    It has the webhook's own key, and it brings the price, which no webhook does. It does not know the
    touch: `provider_id` does.
    """
    fields = {
        "Body": clean(as_text(message.get("body")) or ""),
        "From": as_text(message.get("from")) or "",
        "To": as_text(message.get("to")) or "",
        "ErrorCode": str(message.get("error_code") or ""),
    }
    at, sid = message.get("date_sent"), str(message["sid"])
    when = at if isinstance(at, datetime) else now
    if message.get("direction") == "inbound":
        return _inbound(sid, fields, when)
    return _status(sid, str(message.get("status")), fields, when, None, _price(message.get("price")))


def _inbound(sid: str, fields: Mapping[str, str], now: datetime) -> ProviderEvent:
    text = fields.get("Body", "")
    keyword = fields.get("OptOutType", "").upper()
    stop = keyword == "STOP" or (keyword == "" and is_opt_out(text))
    milestones: tuple[Milestone, ...] = ("replied", "opted_out") if stop else ("replied",)
    return ProviderEvent(
        provider="twilio",
        event_key=f"{sid}:received",
        kind="sms.inbound",
        occurred_at=_utc(now),
        body=dict(fields),
        provider_id=sid,
        from_address=fields.get("From") or None,
        disposition="opted_out" if stop else "replied",
        milestones=milestones,
        suppress="opt_out" if stop else None,
        reply=Reply(text),
        details={
            "to": fields.get("To"),
            "keyword": keyword or None,
            "confirmed": keyword == "STOP" or text.strip().upper() in _CONFIRMED_BY_TWILIO,
        },
    )


def _status(
    sid: str,
    status: str,
    fields: Mapping[str, str],
    now: datetime,
    touch: str | None,
    cost_usd: float | None = None,
) -> ProviderEvent:
    code = fields.get("ErrorCode", "")
    verdict = verdict_of(int(code)) if code.isascii() and code.isdigit() else None
    stop = verdict == "opted_out"
    disposition = "opted_out" if stop else _DISPOSITIONS.get(status)
    reached: tuple[Milestone, ...] = ("delivered",) if disposition == "delivered" else ()
    return ProviderEvent(
        provider="twilio",
        event_key=f"{sid}:{status}",
        kind="sms.status",
        occurred_at=_utc(now),
        body=dict(fields),
        delivery_id=touch,
        provider_id=sid,
        disposition=disposition,
        milestones=("opted_out",) if stop else reached,
        suppress="opt_out" if stop else None,
        bad_address=verdict == "bad_number",
        cost_usd=cost_usd,
        details={
            "status": status,
            "error_code": code or None,
            "verdict": verdict,
            "no_sms": verdict == "no_sms",
            "system_wide": verdict in ("account", "sender"),
        },
    )


def _form(raw: bytes) -> _Form:
    form = _Form()
    try:
        pairs = parse_qsl(_text(raw), keep_blank_values=True, strict_parsing=bool(raw), max_num_fields=500)
    except ValueError:
        raise refused("malformed") from None
    for name, value in pairs:
        form.setdefault(name, []).append(value)
    return form


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError:
        raise refused("malformed") from None


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


def _price(value: object) -> float | None:
    """Twilio states costs as negative text, and None until it knows."""
    try:
        return abs(float(str(value)))
    except ValueError:
        return None
