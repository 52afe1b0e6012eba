"""The client of Resend, on the official `resend` package.

Each send carries the touch id as `Idempotency-Key`, so the same message can be handed over again for 24
hours without a second mail.

The package keeps key, address and transport in globals. They are set for each request under one lock,
which makes requests of one process follow each other; two accounts in one process do not mix.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import resend
from resend.exceptions import NoContentError, ResendError
from resend.http_client import HTTPClient

from shared.errors import OutcomeUnknown, ProviderError
from shared.inbound import text_of_html
from shared.providers.channel import ChannelName, Message, Receipt
from shared.providers.resend.errors import classify, repeatable
from shared.providers.resend.payload import TOUCH_TAG
from shared.providers.signing import as_dict, as_list, as_text, moment, storable, touch_id
from shared.providers.wire import NO_BODY, Json, exchange

_GLOBALS = threading.Lock()
LONGEST_WINDOW_S = 60.0
PAGE = 100
PAGES = 50
LOG_ENTRIES = 500


class WireClient(HTTPClient):
    """Resend's own extension point, filled with this project's single request."""

    def __init__(self, deadline_s: float) -> None:
        self._deadline_s = deadline_s
        self.headers: Mapping[str, str] = NO_BODY

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        json: dict[str, object] | list[object] | None = None,
        files: dict[str, Any] | None = None,  # noqa: ARG002 - nothing here uploads files
        data: dict[str, str] | None = None,  # noqa: ARG002
    ) -> tuple[bytes, int, Mapping[str, str]]:
        """Make the one request that the package asks for."""
        effect = method.lower() != "get"
        answer = exchange(
            method,
            url,
            provider="resend",
            deadline_s=self._deadline_s,
            effect=effect,
            headers=headers,
            json=json if effect else None,
        )
        self.headers = answer.headers
        return answer.text.encode(), answer.status, answer.headers


@dataclass(frozen=True)
class InboundEmail:
    """A mail that somebody sent us. Data, never an instruction."""

    email_id: str
    from_address: str
    to: tuple[str, ...]
    subject: str
    text: str
    headers: dict[str, str]
    message_id: str | None
    in_reply_to: str | None


@dataclass(frozen=True)
class SentMail:
    """A mail as it was handed over: Resend's id for it, our tag on it, and what tells untagged ones apart."""

    provider_id: str
    touch_id: str | None
    to: tuple[str, ...]
    subject: str
    at: datetime


@dataclass(frozen=True)
class SentMails:
    """`complete`: the log reaches back before the span, so what is not here was not taken."""

    mails: tuple[SentMail, ...]
    complete: bool


class ResendEmail:
    """Sends email, and fetches the text of what came in. Nothing is retried.

    A message's payload is `email_payload`'s.
    """

    name: ChannelName = "email"
    provider = "resend"

    def __init__(
        self, api_key: str, *, base_url: str = "https://api.resend.com", deadline_s: float = 15.0
    ) -> None:
        self._api_key = api_key
        self._base = base_url.rstrip("/")
        self._wire = WireClient(deadline_s)
        self.deadline_s = deadline_s

    def send(self, message: Message) -> Receipt:
        """Hand over one mail. `OutcomeUnknown` is `retryable` here, with the same message only."""
        params: Any = message.payload

        def send() -> tuple[object, float | None]:
            return resend.Emails.send(params, {"idempotency_key": message.key}), pause_s(self._wire.headers)

        answer, pause = self._ask(send, effect=True)
        provider_id = as_text(as_dict(answer).get("id"))
        if provider_id is None:
            raise repeatable(OutcomeUnknown("Resend accepted a mail without naming it.", code="resend.no_id"))
        return Receipt(provider_id, pause_s=pause)

    def get(self, provider_id: str) -> dict[str, Any]:
        """One sent mail as Resend knows it now; its `last_event` is the newest of its fate."""
        return as_dict(self._ask(lambda: resend.Emails.get(provider_id), effect=False))

    def received(self, email_id: str) -> InboundEmail:
        """The words of a mail that a webhook announced; an HTML-only one is turned into text."""
        found = self._ask(lambda: resend.Emails.Receiving.get(email_id), effect=False)
        mail = as_dict(storable(found))
        headers = {
            name.lower(): value
            for name, value in as_dict(mail.get("headers")).items()
            if isinstance(value, str)
        }
        return InboundEmail(
            email_id=email_id,
            from_address=as_text(mail.get("from")) or "",
            to=tuple(to for to in as_list(mail.get("to")) if isinstance(to, str)),
            subject=as_text(mail.get("subject")) or "",
            text=as_text(mail.get("text")) or text_of_html(as_text(mail.get("html")) or ""),
            headers=headers,
            message_id=as_text(mail.get("message_id")),
            in_reply_to=headers.get("in-reply-to"),
        )

    def verified_domains(self) -> frozenset[str]:
        """The domains of this account whose SPF and DKIM records Resend has verified, in lower case."""
        found = as_dict(self._ask(lambda: resend.Domains.list(), effect=False))
        rows = [as_dict(row) for row in as_list(found.get("data"))]
        return frozenset(str(row.get("name")).lower() for row in rows if row.get("status") == "verified")

    def inbound_since(self, since: datetime) -> list[dict[str, Any]]:
        """Envelopes of mails that came in since, newest first; `webhook.from_received` reads one.

        Raises `ProviderError` (`resend.too_many`) beyond 5,000, rather than leave some out.
        """
        return _since(self._pages(lambda page: resend.Emails.Receiving.list(page)), since)[0]

    def sent_between(self, since: datetime, until: datetime) -> SentMails:
        """The mails that were handed over in this span, as Resend logged the requests.

        Only the log shows our reference (the tag), and each entry has to be opened. Raises `ProviderError`
        (`resend.too_many`) beyond 500 of them.
        """
        rows, complete = _since(self._pages(lambda page: resend.Logs.list(page)), since)
        taken = [row for row in rows if _is_taken_mail(row) and _when(row) <= until]
        if len(taken) > LOG_ENTRIES:
            raise ProviderError("Resend logged more mails than can be read.", code="resend.too_many")
        return SentMails(tuple(self._sent_mail(str(row["id"])) for row in taken), complete)

    def _sent_mail(self, log_id: str) -> SentMail:
        return _sent_mail(as_dict(self._ask(lambda: resend.Logs.get(log_id), effect=False)))

    def _pages(self, read: Callable[[Any], object]) -> Iterator[list[dict[str, Any]]]:
        """Pages of a list, newest first."""
        page: dict[str, Any] = {"limit": PAGE}
        for _ in range(PAGES):
            found = as_dict(self._ask(lambda: read(page), effect=False))  # noqa: B023 - asked at once
            rows = [row for row in as_list(found.get("data")) if isinstance(row, dict)]
            yield rows
            if found.get("has_more") is not True or not rows:
                return
            page = {"limit": PAGE, "after": str(rows[-1].get("id"))}
        raise ProviderError("Resend has more than can be read.", code="resend.too_many")

    def probe(self) -> None:
        """A free request that raises what a real one would: whether key and service work."""
        self._ask(lambda: resend.Domains.list(), effect=False)

    def _ask(self, request: Callable[[], object], *, effect: bool) -> Json:
        """Run one call of the package and put its errors into this project's words.

        The package turns every trouble of the transport into a "500"; the error beneath says which.
        """
        with _GLOBALS:
            resend.api_key, resend.api_url = self._api_key, self._base
            resend.default_http_client = self._wire
            try:
                return request()
            except ResendError as error:
                raise _translated(error, effect) from None
            except NoContentError:
                raise classify(204, "", "", effect=effect) from None


def pause_s(headers: Mapping[str, str]) -> float | None:
    """Seconds until the next request: those that Resend still takes are spread over the rest of its window.

    The headers are `ratelimit-remaining` and `ratelimit-reset` (seconds), with lower-case names; None where
    they are missing or make no sense, and the tempo of the directives holds.
    """
    try:
        remaining, reset = int(headers["ratelimit-remaining"]), float(headers["ratelimit-reset"])
    except (KeyError, ValueError):
        return None
    if remaining < 0 or not 0 <= reset <= LONGEST_WINDOW_S:
        return None
    return reset / max(remaining, 1)


def _translated(error: ResendError, effect: bool) -> ProviderError:
    beneath = error.__context__
    if isinstance(beneath, ProviderError):
        return repeatable(beneath)
    status = int(error.code) if str(error.code).isdigit() else 500
    return classify(status, error.error_type or "", error.message or "", error.headers, effect=effect)


def _since(pages: Iterator[list[dict[str, Any]]], since: datetime) -> tuple[list[dict[str, Any]], bool]:
    """The rows from `since` on, and whether an older one was met."""
    found: list[dict[str, Any]] = []
    for rows in pages:
        young = [row for row in rows if _when(row) >= since]
        found += young
        if len(young) < len(rows):
            return found, True
    return found, False


def _when(row: Mapping[str, Any]) -> datetime:
    """When it was made; without a readable time it counts as new, so that it is never left out."""
    return moment(row.get("created_at")) or datetime.max.replace(tzinfo=UTC)


def _is_taken_mail(row: Mapping[str, Any]) -> bool:
    asked = (as_text(row.get("method")) or "").upper(), as_text(row.get("endpoint"))
    return asked == ("POST", "/emails") and row.get("response_status") in (200, 201)


def _sent_mail(entry: Mapping[str, Any]) -> SentMail:
    asked, said = as_dict(entry.get("request_body")), as_dict(entry.get("response_body"))
    tags = {
        as_text(as_dict(tag).get("name")): as_dict(tag).get("value") for tag in as_list(asked.get("tags"))
    }
    to = asked.get("to")
    return SentMail(
        provider_id=as_text(said.get("id")) or "",
        touch_id=touch_id(tags.get(TOUCH_TAG)),
        to=tuple(each for each in (as_list(to) or [to]) if isinstance(each, str)),
        subject=as_text(asked.get("subject")) or "",
        at=_when(entry),
    )
