"""Resend's webhooks: believed and read.

They are signed the Svix way: `svix-signature` holds one or more `v1,` base64 HMAC-SHA256 of
`{svix-id}.{svix-timestamp}.{body}`. Deliveries repeat and come in any order; `svix-id` is the same for
all copies. Opens and clicks are often machines and mean nothing by themselves.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parseaddr
from typing import Any

from shared.inbound import is_opt_out_subject
from shared.providers.event import Milestone, ProviderEvent, Reply
from shared.providers.resend.payload import TOUCH_TAG
from shared.providers.signing import (
    as_dict,
    as_list,
    as_text,
    check_age,
    decode_base64,
    fingerprint,
    header,
    hmac_sha256,
    json_object,
    moment,
    refused,
    require_secret,
    required,
    same,
    storable,
    touch_id,
)
from shared.providers.wire import NO_BODY

_OURS = ("quota", "limit", "api_key", "domain", "suspend", "unauthorized")
"""Words in the reason of a failed mail that speak of the account and not of the recipient."""

_PERSONAL = frozenset(["ipAddress", "userAgent"])


@dataclass(frozen=True)
class _Fate:
    disposition: str | None = None
    milestones: tuple[Milestone, ...] = ()
    suppress: str | None = None
    bad_address: bool = False
    system_wide: bool = False


_BOUNCED = _Fate("bounced", ("bounced",), suppress="hard_bounce", bad_address=True)
_COMPLAINED = _Fate("complained", ("complained",), suppress="complaint")
_SIMPLE = {
    "email.sent": _Fate("sent"),
    "email.delivered": _Fate("delivered", ("delivered",)),
    "email.delivery_delayed": _Fate("delayed"),
    "email.opened": _Fate("opened"),
    "email.clicked": _Fate("clicked"),
    "email.complained": _COMPLAINED,
}


def verify(
    headers: Mapping[str, str],
    raw: bytes,
    *,
    secret: str,
    now: datetime,
    url: str = "",  # noqa: ARG001 - one shape for all providers
) -> None:
    """Check signature and age; the secret may have its `whsec_` or not. Raises `WebhookRefused`."""
    key = decode_base64(require_secret(secret).removeprefix("whsec_"))
    event_id, stamp = required(headers, "svix-id"), required(headers, "svix-timestamp")
    signatures = required(headers, "svix-signature")
    check_age(stamp, now)
    digest = hmac_sha256(require_key(key), f"{event_id}.{stamp}.".encode() + raw)
    wanted = base64.b64encode(digest).decode()
    given = [part.partition(",") for part in signatures.split()]
    if not any(version == "v1" and same(signature, wanted) for version, _, signature in given):
        raise refused("wrong_signature")


def require_key(key: bytes) -> bytes:
    """The key itself; "whsec_" alone is no secret."""
    if not key:
        raise refused("no_secret")
    return key


def parse(
    raw: bytes,
    *,
    query: Mapping[str, str] = NO_BODY,  # noqa: ARG001 - one shape for all providers
    headers: Mapping[str, str] = NO_BODY,
    now: datetime,
) -> ProviderEvent:
    """Read one event. `now` is used where it brings no time of its own.

    Types that mean nothing to us become events without a disposition. Raises `WebhookRefused` for a body
    that is no event at all.
    """
    body = json_object(raw)
    kind, data = as_text(body.get("type")), as_dict(body.get("data"))
    if kind is None:
        raise refused("malformed")
    common: dict[str, Any] = {
        "provider": "resend",
        "event_key": header(headers, "svix-id") or fingerprint(raw),
        "kind": kind,
        "occurred_at": moment(body.get("created_at")) or now,
        "body": _without_personal(body),
    }
    if kind == "email.received":
        return _received(data, common)
    if kind.startswith("contact."):
        return _contact(data, common)
    return _sent(data, kind, common)


def received_key(email_id: str) -> str:
    """The event key of an inbound mail."""
    return f"{email_id}:received"


def from_received(mail: Mapping[str, Any], *, now: datetime) -> ProviderEvent:
    """The event that the webhook of this inbound mail would have made (a row of `ResendEmail.inbound_since`).

    It has the webhook's own key, and like it no words yet.
    """
    data = {**mail, "email_id": mail.get("id")}
    common: dict[str, Any] = {
        "provider": "resend",
        "event_key": fingerprint(str(mail.get("id")).encode()),
        "kind": "email.received",
        "occurred_at": moment(mail.get("created_at")) or now,
        "body": {"type": "email.received", "data": storable(data)},
    }
    return _received(data, common)


def _sent(data: Mapping[str, Any], kind: str, common: dict[str, Any]) -> ProviderEvent:
    fate = _fate(kind, data)
    return ProviderEvent(
        **common,
        delivery_id=touch_id(_tags(data.get("tags")).get(TOUCH_TAG)),
        provider_id=as_text(data.get("email_id")),
        disposition=fate.disposition,
        milestones=fate.milestones,
        suppress=fate.suppress,
        bad_address=fate.bad_address,
        details={
            "message_id": as_text(data.get("message_id")),
            "reason": _reason(data),
            "link": as_text(as_dict(data.get("click")).get("link")),
            "system_wide": fate.system_wide,
        },
    )


def _received(data: Mapping[str, Any], common: dict[str, Any]) -> ProviderEvent:
    """A mail of which only the envelope is known; its words must be fetched (`ResendEmail.received`).

    Its key is the mail's own id, so that a poller's finding and the webhook are one event.
    """
    email_id = as_text(data.get("email_id"))
    if email_id:
        common = common | {"event_key": received_key(email_id)}
    subject = as_text(data.get("subject")) or ""
    stop = is_opt_out_subject(subject)
    recipients = [to for to in as_list(data.get("to")) if isinstance(to, str)]
    return ProviderEvent(
        **common,
        delivery_id=next((found for to in recipients if (found := _plus_part(to))), None),
        provider_id=email_id,
        from_address=_address(data.get("from")),
        milestones=("opted_out",) if stop else (),
        suppress="opt_out" if stop else None,
        reply=Reply(text="", subject=subject),
        details={
            "email_id": email_id,
            "message_id": as_text(data.get("message_id")),
            "to": recipients,
            "needs_text": True,
        },
    )


def _contact(data: Mapping[str, Any], common: dict[str, Any]) -> ProviderEvent:
    """Somebody who unsubscribes on a page of Resend's has unsubscribed from us."""
    stop = data.get("unsubscribed") is True
    return ProviderEvent(
        **common,
        from_address=_address(data.get("email")),
        milestones=("opted_out",) if stop else (),
        suppress="opt_out" if stop else None,
    )


def _fate(kind: str, data: Mapping[str, Any]) -> _Fate:
    if kind == "email.bounced":
        permanent = as_dict(data.get("bounce")).get("type") == "Permanent"
        return _BOUNCED if permanent else _Fate("soft_bounced")
    if kind == "email.suppressed":
        complained = as_dict(data.get("suppressed")).get("reason") == "previous_complaint"
        return _COMPLAINED if complained else _BOUNCED
    if kind == "email.failed":
        reason = (_reason(data) or "").lower()
        return _Fate("email_failed", system_wide=any(word in reason for word in _OURS))
    return _SIMPLE.get(kind, _Fate())


def _reason(data: Mapping[str, Any]) -> str | None:
    bounce = as_dict(data.get("bounce"))
    given = (
        as_dict(data.get("failed")).get("reason"),
        as_dict(data.get("suppressed")).get("reason"),
        f"{bounce.get('type')}/{bounce.get('subType')}" if bounce else None,
    )
    return next((as_text(reason) for reason in given if reason), None)


def _tags(tags: object) -> dict[str, Any]:
    """Tags come back as an object; a fixture of Resend's own has the array that was sent."""
    if isinstance(tags, list):
        return {str(as_dict(tag).get("name")): as_dict(tag).get("value") for tag in tags}
    return as_dict(tags)


def _address(value: object) -> str | None:
    return parseaddr(value)[1].lower() or None if isinstance(value, str) else None


def _plus_part(address: str) -> str | None:
    """Our reference in `reply+<touch id>@…`."""
    return touch_id(parseaddr(address)[1].partition("@")[0].partition("+")[2])


def _without_personal(body: dict[str, Any]) -> dict[str, Any]:
    """A copy without the clicking machine's address and browser, which nothing here needs."""
    data = body.get("data")
    if not isinstance(data, dict):
        return dict(body)
    kept = {
        name: {key: part for key, part in value.items() if key not in _PERSONAL}
        if isinstance(value, dict)
        else value
        for name, value in data.items()
    }
    return body | {"data": kept}
