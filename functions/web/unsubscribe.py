"""One-click unsubscribe (RFC 8058): GET shows a page and changes nothing, POST acts.

Mail scanners follow every link, so a GET that unsubscribed would opt people out who never asked.
"""

from __future__ import annotations

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from functions.web.page import page, paragraph
from functions.web.signed import SignedPage
from shared.links import touch_of

_CONFIRM = Markup(
    "<p>We will not email, call or text you again.</p><form method='post'><button>Unsubscribe</button></form>"
)


class Unsubscribe(SignedPage):
    """The two halves of an unsubscribe link."""

    async def show(self, request: Request) -> Response:
        """A page with one button."""
        return await self._serve(request, self._show)

    async def act(self, request: Request) -> Response:
        """Suppress the person on every channel, for good; a second time changes nothing."""
        return await self._serve(request, self._act)

    def _show(self, token: str) -> Response:
        touch_of(self._loop.settings, token)
        return page("Unsubscribe?", _CONFIRM)

    def _act(self, token: str) -> Response:
        known = self._loop.state.events.unsubscribe(touch_of(self._loop.settings, token), source="link")
        if not known:
            return page("Please write to us", paragraph("We do not know this email any more."), 404)
        return page("You are unsubscribed", paragraph("We will not email, call or text you again."))
