"""Signing deliveries as the providers do, and handing them over at virtual time."""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import parse_qsl

from simulator import booking
from simulator.agenda import Agenda, Delivery
from simulator.clock import VirtualClock
from simulator.credentials import FORGER, Credentials
from simulator.faults import Faults
from simulator.record import Record

RB2B_WANTS = 200
Post = Callable[[str, Mapping[str, str], bytes], int]
Get = Callable[[str, Mapping[str, str]], tuple[int, str]]


def sign_svix(secret: str, event_id: str, at: datetime, raw: bytes) -> dict[str, str]:
    """Headers of a Svix delivery; the timestamp is in whole seconds."""
    key = base64.b64decode(secret.removeprefix("whsec_"))
    stamp = str(int(at.timestamp()))
    mac = hmac.new(key, f"{event_id}.{stamp}.".encode() + raw, hashlib.sha256).digest()
    signature = "v1," + base64.b64encode(mac).decode()
    return {"svix-id": event_id, "svix-timestamp": stamp, "svix-signature": signature}


def sign_twilio(token: str, event_id: str, url: str, raw: bytes) -> dict[str, str]:
    """Headers of a Twilio form delivery; the signature covers the address exactly as called."""
    fields = sorted(set(parse_qsl(raw.decode(), keep_blank_values=True)))
    text = url + "".join(name + value for name, value in fields)
    mac = hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()
    return {"x-twilio-signature": base64.b64encode(mac).decode(), "i-twilio-idempotency-token": event_id}


def sign_vapi(secret: str, at: datetime, raw: bytes) -> dict[str, str]:
    """Headers of a Vapi delivery with its HMAC credential's defaults; the timestamp is in seconds."""
    stamp = str(int(at.timestamp()))
    mac = hmac.new(secret.encode(), stamp.encode() + b"." + raw, hashlib.sha256).hexdigest()
    return {"x-timestamp": stamp, "x-signature": mac}


@dataclass(frozen=True)
class Signer:
    """Makes the headers of a delivery with the secrets both sides know."""

    credentials: Credentials

    def headers(self, delivery: Delivery, at: datetime) -> dict[str, str]:
        """Content type and signature for this moment."""
        return {"content-type": delivery.content_type, **self._signature(delivery, at)}

    def _signature(self, delivery: Delivery, at: datetime) -> dict[str, str]:
        ours = FORGER if delivery.forged else self.credentials
        if delivery.scheme == "svix":
            return sign_svix(ours.resend_webhook_secret, delivery.event_id, at, delivery.body)
        if delivery.scheme == "twilio":
            return sign_twilio(ours.twilio_auth_token, delivery.event_id, delivery.url, delivery.body)
        if delivery.scheme == "vapi":
            return sign_vapi(ours.vapi_hmac_secret, at, delivery.body)
        return {}


def deliver_due(
    agenda: Agenda,
    clock: VirtualClock,
    post: Post,
    *,
    signer: Signer,
    record: Record,
    get: Get | None = None,
    faults: Faults | None = None,
) -> int:
    """Deliver everything due by the clock and say how many deliveries were tried.

    `post(url, headers, raw)` answers the HTTP status, 0 for no answer; `get(url, headers)` the status and
    the page. Without `get`, machines that look at links and people who open a page before they unsubscribe
    or book are left out. What a failed delivery does next is the sender's rule: it comes again later, or it
    is lost. `faults` may put a delivery off, let it go, or add one.
    """
    tried, faults = 0, faults or Faults()
    for due in agenda.due(clock.now):
        if due.method == "GET" and get is None:
            continue
        tried += 1
        if agenda.is_cut(due.scheme):
            record.failed(due, 0, gave_up=True)
            continue
        for delivery in faults.webhooks.turn(due, agenda, record, clock.now):
            headers, page = (
                signer.headers(delivery, clock.now + faults.clocks.skew("provider", clock.now)),
                "",
            )
            if delivery.method == "GET" and get is not None:
                status, page = get(delivery.url, headers)
            else:
                status = post(delivery.url, headers, delivery.body)
            if delivery.forged:
                faults.webhooks.forgery_answered(delivery, status)
                continue
            _settle(agenda, record, delivery, clock.now, status)
            agenda.add(*booking.what_follows(delivery, status, page, clock.now))
    return tried


def _settle(agenda: Agenda, record: Record, delivery: Delivery, now: datetime, status: int) -> None:
    if delivery.scheme == "rb2b" and status != RB2B_WANTS:
        agenda.cut("rb2b")
    if 200 <= status < 300:
        record.arrived(delivery, now)
        return
    later = delivery.again(now)
    if later is not None:
        agenda.add(later)
    record.failed(delivery, status, gave_up=later is None)
