"""The clients of Twilio's Messages and Lookup, on the official `twilio` package.

Twilio knows no idempotency key for messages. What makes a lost answer findable is the touch id in the
status callback's address, and the exact text: `SmartEncoded` is off so that Twilio does not change it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from twilio.base.exceptions import TwilioException
from twilio.http import HttpClient
from twilio.http.response import Response
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from shared.errors import ChannelDown, ProviderError
from shared.phones import line_type
from shared.providers.channel import ChannelName, Message, Receipt
from shared.providers.twilio.errors import classify
from shared.providers.wire import Json, broken, exchange

LINE_TYPE_PRICE_USD = 0.008
"""List price of one line-type look-up; the answer does not say what it cost."""


class WireClient(HttpClient):
    """Twilio's own extension point, filled with this project's single request.

    Unlike the package's default it has a deadline, keeps phone numbers out of the log, and tells a
    request that never left from one whose answer was lost.
    """

    def __init__(self, deadline_s: float) -> None:
        super().__init__(logging.getLogger(__name__), False, deadline_s)
        self._deadline_s = deadline_s

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,  # noqa: ARG002 - the deadline is the client's
        allow_redirects: bool = False,  # noqa: ARG002 - never
    ) -> Response:
        """Make the one request that the package asks for."""
        answer = exchange(
            method,
            uri,
            provider="twilio",
            deadline_s=self._deadline_s,
            effect=method.upper() != "GET",
            params={name: value for name, value in (params or {}).items() if value is not None},
            data=data or None,
            headers=headers,
            auth=auth,
        )
        return Response(answer.status, answer.text, answer.headers)


def _client(account_sid: str, auth_token: str, base_url: str | None, deadline_s: float) -> Client:
    http = WireClient(deadline_s)
    client: Client = Client(account_sid, auth_token, http_client=http)  # type: ignore[no-untyped-call]
    if base_url:
        client.api.base_url = client.lookups.base_url = base_url.rstrip("/")
    return client


class TwilioSms:
    """Sends text messages, and reads back what became of them. Nothing is retried.

    A message's payload is `sms_payload`'s. Give a messaging service (preferred: it keeps the sender pool
    and the opt-out list) or one sending number. `status_callback` is the public address of the status
    webhook; the touch id is added as its `touch` parameter.
    """

    name: ChannelName = "sms"
    provider = "twilio"

    def __init__(
        self,
        account_sid: str,
        auth_token: str,
        *,
        messaging_service_sid: str | None = None,
        from_number: str | None = None,
        status_callback: str | None = None,
        base_url: str | None = None,
        registration_url: str | None = None,
        deadline_s: float = 15.0,
    ) -> None:
        self.deadline_s = deadline_s
        self._account_sid = account_sid
        self._service_sid = messaging_service_sid
        self._sender = (
            {"messaging_service_sid": messaging_service_sid}
            if messaging_service_sid
            else {"from_": from_number}
        )
        self._callback = status_callback
        self._client = _client(account_sid, auth_token, base_url, deadline_s)
        if registration_url:
            self._client.messaging.base_url = registration_url.rstrip("/")

    def send(self, message: Message) -> Receipt:
        """Hand one text to Twilio; the price is known only later, from the message itself."""
        request: dict[str, Any] = {**message.payload, **self._sender, "smart_encoded": False}
        if self._callback:
            request["status_callback"] = callback_url(self._callback, message.key)
        sent = _ask(lambda: self._client.messages.create(**request), effect=True)
        if not sent.sid:
            raise broken(201, provider=self.provider, effect=True)
        return Receipt(str(sent.sid))

    def get(self, provider_id: str) -> dict[str, Any]:
        """One message as Twilio knows it now; read it with `webhook.from_message`."""
        return _plain(_ask(lambda: self._client.messages(provider_id).fetch(), effect=False))

    def find(self, *, to_e164: str, body: str, since: datetime) -> list[dict[str, Any]]:
        """Messages to this number with exactly this text, created since.

        The filter is by number alone, because a fresh message has no date to filter on. It may be absent
        for some minutes; an early "not found" proves nothing.
        """
        found = _ask(lambda: self._client.messages.list(to=to_e164, limit=200), effect=False)
        return [
            _plain(one)
            for one in found
            if one.body == body and (one.date_created is None or one.date_created >= since)
        ]

    def list_since(self, since: datetime) -> list[dict[str, Any]]:
        """All messages sent or received since, newest first: what a webhook never brought, and what we sent.

        A fresh outgoing message has no date yet and comes with a later list. Raises `ProviderError`
        (`twilio.too_many`) beyond 5,000 messages, rather than leave some out.
        """
        found = _ask(
            lambda: self._client.messages.list(date_sent_after=since, limit=5_000, page_size=1_000),
            effect=False,
        )
        if len(found) >= 5_000:
            raise ProviderError("Twilio has more messages than can be read.", code="twilio.too_many")
        return [_plain(one) for one in found]

    def campaign_verified(self) -> bool:
        """Whether the carriers took the A2P 10DLC campaign; without a messaging service there is none."""
        if self._service_sid is None:
            return False
        campaigns = self._client.messaging.v1.services(self._service_sid).us_app_to_person
        found = _ask(lambda: campaigns.list(limit=20), effect=False)
        return any(campaign.campaign_status == "VERIFIED" for campaign in found)

    def probe(self) -> None:
        """A free request that raises what a real one would: whether the account is there and active."""
        account = _ask(lambda: self._client.api.accounts(self._account_sid).fetch(), effect=False)
        if account.status not in (None, "active"):
            raise ChannelDown("The Twilio account is not active.", code="twilio.account_inactive")


@dataclass(frozen=True)
class LineType:
    """The kind of line of a number, in the gate's words or `invalid`; `price_usd` is the price of asking."""

    kind: str
    carrier: str | None
    price_usd: float


class TwilioLookup:
    """Asks what kind of line a number is (Lookup v2, Line Type Intelligence). A repeat costs again."""

    provider = "twilio"

    def __init__(
        self, account_sid: str, auth_token: str, *, base_url: str | None = None, deadline_s: float = 15.0
    ) -> None:
        self.deadline_s = deadline_s
        self._client = _client(account_sid, auth_token, base_url, deadline_s)

    def line_type(self, e164: str) -> LineType:
        """Ask about one number; what the carrier does not tell is `unknown`."""
        number = self._client.lookups.v2.phone_numbers(e164)
        try:
            found = _ask(lambda: number.fetch(fields="line_type_intelligence"), effect=False)
        except ProviderError as error:
            if error.code == "twilio.20404":
                return LineType("invalid", None, 0.0)
            raise
        if found.valid is False:
            return LineType("invalid", None, 0.0)
        line = found.line_type_intelligence
        line = line if isinstance(line, dict) else {}
        return LineType(line_type(str(line.get("type"))), line.get("carrier_name"), LINE_TYPE_PRICE_USD)


def callback_url(base: str, key: str) -> str:
    """The status webhook's address for one message."""
    joint = "&" if urlsplit(base).query else "?"
    return f"{base}{joint}{urlencode({'touch': key})}"


def _ask(request: Callable[[], Json], *, effect: bool) -> Json:
    """Run one call of the package and put its errors into this project's words.

    The package's messages name phone numbers, so none of them is kept, not even as a cause. A success
    whose body it cannot read is as unclear as a lost one.
    """
    try:
        return request()
    except TwilioException as error:
        status, code = _status_and_code(error)
        raise classify(status, code, effect=effect) from None
    except (ValueError, KeyError, TypeError):
        raise broken(200, provider="twilio", effect=effect) from None


def _status_and_code(error: TwilioException) -> tuple[int, int | None]:
    """Twilio has three ways to say it: two classes, and for lists the bare response in `args`."""
    response = next((part for part in error.args if isinstance(part, Response)), None)
    if response is not None:
        try:
            code = json.loads(response.text).get("code")
        except (ValueError, AttributeError):
            code = None
        return response.status_code, code if isinstance(code, int) else None
    status, code = getattr(error, "status", 0), getattr(error, "code", None)
    known = isinstance(code, int) and code != status
    return status if isinstance(status, int) else 0, code if known else None


def _plain(message: MessageInstance) -> dict[str, Any]:
    names = ("sid", "status", "direction", "body", "to", "error_code", "price", "num_segments")
    return {name: getattr(message, name) for name in names} | {
        "from": message.from_,
        "date_sent": message.date_sent,
        "date_created": message.date_created,
    }
