"""The one web endpoint: webhooks in, booking page, one-click unsubscribe, health."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.routing import Route

from functions.web.approvals import Approvals
from functions.web.booking import BookingPage
from functions.web.handled import Handled
from functions.web.health import Health
from functions.web.unsubscribe import Unsubscribe
from functions.web.visits import Visits
from functions.web.webhooks import Webhooks
from shared.loop import Loop


def build(loop: Loop) -> Starlette:
    """The ASGI app over one loop. Handlers run in threads, one at a time per connection to the database."""
    webhooks, unsubscribe, booking = Webhooks(loop), Unsubscribe(loop), BookingPage(loop)
    handled = Handled(loop)
    approvals = Approvals(loop)
    return Starlette(
        routes=[
            Route("/hooks/vapi", webhooks.vapi, methods=["POST"]),
            Route("/hooks/resend", webhooks.resend, methods=["POST"]),
            Route("/hooks/twilio/status", webhooks.twilio, methods=["POST"]),
            Route("/hooks/twilio/inbound", webhooks.twilio, methods=["POST"]),
            Route("/hooks/rb2b/{token}", Visits(loop).take, methods=["POST"]),
            Route("/u/{token}", unsubscribe.show, methods=["GET"]),
            Route("/u/{token}", unsubscribe.act, methods=["POST"]),
            Route("/a/{token}", approvals.show, methods=["GET"]),
            Route("/a/{token}", approvals.act, methods=["POST"]),
            Route("/b/{token}", booking.show, methods=["GET"]),
            Route("/b/{token}", booking.act, methods=["POST"]),
            Route("/h/{token}", handled.show, methods=["GET"]),
            Route("/h/{token}", handled.act, methods=["POST"]),
            Route("/health", Health(loop).show, methods=["GET"]),
        ]
    )
