"""Webhook intake: read raw bytes, verify, store once, apply, answer.

The answer goes out only when the event is in the database and a "stop" in it is in force. Without a
database it is 503 and the provider sends again. A forged or unreadable one is refused and writes nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from datetime import datetime

from pydantic import SecretStr
from starlette.background import BackgroundTask
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.errors import ConfigurationError, ProviderError, StateError, WebhookRefused
from shared.hearing import hear, with_words
from shared.links import public_url
from shared.loop import Loop
from shared.providers.event import ProviderEvent
from shared.state.events import Applied

MAX_BODY = 1_000_000

Answer = Callable[[ProviderEvent, Applied], Response]
NOTHING_STORED = Applied(stored=False, touch_id=None, lead_id=None, suppressed=False)


@dataclasses.dataclass(frozen=True)
class Delivery:
    """One webhook as it came in."""

    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes


class Webhooks:
    """The three providers' endpoints, of one shape."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    async def vapi(self, request: Request) -> Response:
        """Call events. Tools get their answer in the body, with status 200 once what they ask is stored.

        Words that mean "stop" end the call from here, whatever the model makes of them.
        """
        from functions.web.call_tools import CallTools
        from shared.providers.vapi import webhook

        secret, tools = self._loop.settings.vapi_webhook_secret, CallTools(self._loop)

        def read(got: Delivery, now: datetime) -> ProviderEvent:
            webhook.verify(got.headers, got.raw, secret=_secret(secret), now=now)
            event = webhook.parse(got.raw, query=got.query, headers=got.headers, now=now)
            return tools.with_promise(event) if event.kind == "tool-calls" else event

        def answer(event: ProviderEvent, applied: Applied) -> Response:
            if event.kind == "tool-calls":
                return JSONResponse(webhook.tool_reply(event, tools.answers(event, applied.touch_id)))
            stop = event.kind == "transcript" and event.suppress and applied.stored
            return JSONResponse({}, background=BackgroundTask(self._hang_up, event) if stop else None)

        return await self._take(request, "call", read, answer)

    def _hang_up(self, event: ProviderEvent) -> None:
        """Say goodbye and end a running call. One that has ended meanwhile is as good."""
        from shared.providers.vapi.assistant import GOODBYE

        try:
            ended = self._loop.providers.calls.end(str(event.provider_id), goodbye=GOODBYE)
        except (ProviderError, ConfigurationError) as error:
            self._loop.log.warning("call not ended by us", extra={"code": error.code})
        else:
            self._loop.log.info("call ended on request", extra={"was_running": ended})

    async def resend(self, request: Request) -> Response:
        """Email events. The text of an inbound mail is fetched before it is applied."""
        from shared.providers.resend import webhook

        secret = self._loop.settings.resend_webhook_secret

        def read(got: Delivery, now: datetime) -> ProviderEvent:
            webhook.verify(got.headers, got.raw, secret=_secret(secret), now=now)
            event = webhook.parse(got.raw, query=got.query, headers=got.headers, now=now)
            return self._with_words(event) if event.kind == "email.received" else event

        return await self._take(request, "email", read, lambda *_: JSONResponse({}))

    async def twilio(self, request: Request) -> Response:
        """Text status callbacks and inbound texts; the URL is part of the signature."""
        from shared.providers.twilio import webhook

        token = self._loop.settings.twilio_auth_token

        def read(got: Delivery, now: datetime) -> ProviderEvent:
            webhook.verify(got.headers, got.raw, secret=_secret(token), now=now, url=self._signed_url(got))
            return webhook.parse(got.raw, query=got.query, headers=got.headers, now=now)

        return await self._take(
            request, "sms", read, lambda *_: Response("<Response/>", media_type="text/xml")
        )

    async def _take(
        self,
        request: Request,
        channel: str,
        read: Callable[[Delivery, datetime], ProviderEvent],
        answer: Answer,
    ) -> Response:
        raw = await bounded_body(request, MAX_BODY)
        if raw is None:
            return JSONResponse({"error": "too_large"}, status_code=413)
        got = Delivery(
            request.url.path + (f"?{request.url.query}" if request.url.query else ""),
            dict(request.query_params),
            {name.lower(): value for name, value in request.headers.items()},
            raw,
        )
        return await run_in_threadpool(self._apply, got, channel, read, answer)

    def _apply(
        self,
        got: Delivery,
        channel: str,
        read: Callable[[Delivery, datetime], ProviderEvent],
        answer: Answer,
    ) -> Response:
        try:
            event = read(got, self._loop.clock.now())
            applied = NOTHING_STORED
            if _means_something(event):
                applied = hear(self._loop.state, event, channel=channel)
        except WebhookRefused as error:
            self._loop.log.warning("webhook refused", extra={"code": error.code})
            return JSONResponse({"error": error.code}, status_code=401)
        except (StateError, ProviderError, ConfigurationError) as error:
            self._loop.log.error("webhook not taken", extra={"code": error.code})
            return JSONResponse({"error": error.code}, status_code=503)
        self._loop.log.info(
            "webhook applied",
            extra={"kind": event.kind, "stored": applied.stored, "lead_id": applied.lead_id},
        )
        return answer(event, applied)

    def _with_words(self, event: ProviderEvent) -> ProviderEvent:
        """Resend announces a mail without its text. Not to be had now means 503, and it comes again."""
        mail = self._loop.providers.email.received(str(event.details["email_id"]))
        return with_words(event, mail)

    def _signed_url(self, got: Delivery) -> str:
        """As Twilio called it: our configured address, never the Host header."""
        return public_url(self._loop.settings, got.path)


def _means_something(event: ProviderEvent) -> bool:
    """Utterances of a running call come again with its report: only a "stop" cannot wait for that."""
    return event.kind != "transcript" or event.suppress is not None


async def bounded_body(request: Request, most: int) -> bytes | None:
    """The body as it came; None when it is longer than `most` bytes."""
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            return None
        chunks.append(chunk)
    return b"".join(chunks)


def _secret(value: SecretStr | None) -> str:
    if value is None:
        raise ConfigurationError("A webhook came for a provider whose signing secret is not set.")
    return value.get_secret_value()
