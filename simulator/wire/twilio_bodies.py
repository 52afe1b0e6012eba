"""The shapes of Twilio's messages, answers and inbound forms."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import Any

from simulator.world.places import place_of_number

Body = dict[str, Any]

API = "/2010-04-01/Accounts/"
SEGMENT = 160


@dataclass(frozen=True)
class Text:
    """One text, ours or theirs."""

    sid: str
    account: str
    body: str
    to: str
    sender: str | None
    service: str | None
    direction: str
    at: datetime
    done: datetime
    final: str
    error_code: int | None
    price: float

    @property
    def sent(self) -> datetime:
        """When it left, or came in."""
        return self.at if self.direction == "inbound" else self.at + timedelta(seconds=1)

    def status(self, now: datetime) -> str:
        """Twilio's state of the message at this moment."""
        if self.direction == "inbound":
            return "received"
        if now >= self.done:
            return self.final
        if now >= self.sent:
            return "sent"
        return "accepted" if self.service else "queued"


def resource(text: Text, now: datetime) -> Body:
    """A message as the API shows it at this moment."""
    status = text.status(now)
    gone = status not in {"accepted", "queued"}
    failed = text.error_code if status == text.final else None
    uri = f"{API}{text.account}/Messages/{text.sid}"
    return {
        "account_sid": text.account,
        "api_version": "2010-04-01",
        "body": text.body,
        "date_created": _stamp(text.at),
        "date_sent": _stamp(text.sent) if gone else None,
        "date_updated": _stamp(min(text.done, now)),
        "direction": text.direction,
        "error_code": failed,
        "error_message": None,
        "from": text.sender if gone or not text.service else None,
        "messaging_service_sid": text.service,
        "num_media": "0",
        "num_segments": str(segments(text.body)) if gone or not text.service else "0",
        "price": f"-{text.price:.5f}" if gone else None,
        "price_unit": "USD" if gone else None,
        "sid": text.sid,
        "status": status,
        "subresource_uris": {"media": f"{uri}/Media.json"},
        "to": text.to,
        "uri": f"{uri}.json",
    }


def _stamp(at: datetime) -> str:
    return format_datetime(at.astimezone(UTC).replace(microsecond=0))


def segments(body: str) -> int:
    """Parts a text is charged as, taking every text as plain letters."""
    return 1 if len(body) <= SEGMENT else -(-len(body) // 153)


def inbound_fields(text: Text) -> dict[str, str]:
    """The form of an inbound message."""
    there, here = place_of_number(text.sender or ""), place_of_number(text.to)
    return {
        **{"ToCountry": "US", "ToState": here.state if here else "", "SmsMessageSid": text.sid},
        **{"NumMedia": "0", "ToCity": here.city.upper() if here else "", "SmsSid": text.sid},
        **{"FromZip": there.postal if there else "", "FromState": there.state if there else ""},
        **{"SmsStatus": "received", "FromCity": there.city.upper() if there else "", "Body": text.body},
        **{"FromCountry": "US", "To": text.to, "ToZip": here.postal if here else "", "NumSegments": "1"},
        **{"MessageSid": text.sid, "AccountSid": text.account, "From": text.sender or ""},
        "ApiVersion": "2010-04-01",
        **({"MessagingServiceSid": text.service} if text.service else {}),
    }


def account_resource(sid: str) -> Body:
    """The account as the API shows it."""
    return {
        "sid": sid,
        "friendly_name": "Example",
        "status": "active",
        "type": "Full",
        "date_created": "Mon, 05 Jan 2026 09:00:00 +0000",
        "date_updated": "Mon, 05 Jan 2026 09:00:00 +0000",
        "owner_account_sid": sid,
        "subresource_uris": {"messages": f"{API}{sid}/Messages.json"},
        "uri": f"{API}{sid}.json",
    }


def campaigns() -> Body:
    """The A2P 10DLC campaigns of a messaging service: one, which the carriers took."""
    meta = {
        **dict.fromkeys(("url", "first_page_url", "next_page_url", "previous_page_url")),
        **{"page": 0, "page_size": 50, "key": "compliance"},
    }
    return {"compliance": [{"sid": "QE" + 32 * "a", "campaign_status": "VERIFIED"}], "meta": meta}
