"""One-click unsubscribe (RFC 8058): GET shows a page and changes nothing, POST acts.

Mail scanners follow every link, so a GET that unsubscribed would opt people out who never asked.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from shared.errors import StateError, WebhookRefused
from shared.links import touch_of
from shared.loop import Loop

_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1">
<meta name="robots" content="noindex"><title>{title}</title>
<style>body{{font:18px/1.5 system-ui,sans-serif;max-width:34rem;margin:4rem auto;padding:0 1rem;color:#222}}
@media(prefers-color-scheme:dark){{body{{background:#16181c;color:#eee}}}}
button{{font:inherit;padding:.7em 1.4em;border:0;border-radius:.4em;background:#1f5eff;color:#fff}}</style>
</head><body><h1>{title}</h1>{body}</body></html>"""
_CONFIRM = (
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
            return _page(
                "This link is not complete", "<p>Please copy the whole link from the email.</p>", 404
            )
        return _page("Unsubscribe?", _CONFIRM, 200)

    def _act(self, token: str) -> Response:
        try:
            known = self._loop.state.events.unsubscribe(touch_of(self._loop.settings, token), source="link")
        except WebhookRefused:
            return _page(
                "This link is not complete", "<p>Please copy the whole link from the email.</p>", 404
            )
        except StateError as error:
            self._loop.log.error("unsubscribe not taken", extra={"code": error.code})
            return _page(
                "Please try again", "<p>We could not store your wish. Please try once more.</p>", 503
            )
        if not known:
            return _page("Please write to us", "<p>We do not know this email any more.</p>", 404)
        return _page("You are unsubscribed", "<p>We will not email, call or text you again.</p>", 200)


def _page(title: str, body: str, status: int) -> HTMLResponse:
    return HTMLResponse(_PAGE.format(title=title, body=body), status_code=status)
