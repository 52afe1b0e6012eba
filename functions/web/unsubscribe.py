"""One-click unsubscribe (RFC 8058): GET shows a page and changes nothing, POST acts.

Mail scanners follow every link, so a GET that unsubscribed would opt people out who never asked.
"""

from __future__ import annotations

from markupsafe import Markup
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from functions.web.page import page, paragraph
from shared.errors import StateError, WebhookRefused
from shared.links import touch_of
from shared.loop import Loop

_CONFIRM = Markup(
    "<p>We will not email, call or text you again.</p><form method='post'><button>Unsubscribe</button></form>"
)


class Unsubscribe:
    """The two halves of an unsubscribe link."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    async def show(self, request: Request) -> Response:
        """A page with one button."""
        return await run_in_threadpool(self._show, request.path_params["token"])

    async def act(self, request: Request) -> Response:
        """Suppress the person on every channel, for good; a second time changes nothing."""
        return await run_in_threadpool(self._act, request.path_params["token"])

    def _show(self, token: str) -> Response:
        try:
            touch_of(self._loop.settings, token)
        except WebhookRefused:
            return _incomplete()
        return page("Unsubscribe?", _CONFIRM)

    def _act(self, token: str) -> Response:
        try:
            known = self._loop.state.events.unsubscribe(touch_of(self._loop.settings, token), source="link")
        except WebhookRefused:
            return _incomplete()
        except StateError as error:
            self._loop.log.error("unsubscribe not taken", extra={"code": error.code})
            return page(
                "Please try again", paragraph("We could not store your wish. Please try once more."), 503
            )
        if not known:
            return page("Please write to us", paragraph("We do not know this email any more."), 404)
        return page("You are unsubscribed", paragraph("We will not email, call or text you again."))


def _incomplete() -> Response:
    return page("This link is not complete", paragraph("Please copy the whole link from the email."), 404)
