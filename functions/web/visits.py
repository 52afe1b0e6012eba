"""RB2B's endpoint: whatever comes, the answer is 200, since any other disconnects the owner's account.

A visit is kept as it came, in the database, or in the spool while that is away; the morning's plan makes
sense of both. What carries no token of ours is dropped without a word. Not promised: see `shared.spool`. The
token is part of the address, so it must not be written into logs.
"""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response

from functions.web.webhooks import bounded_body
from shared.clock import worker_now
from shared.errors import StateError
from shared.loop import Loop
from shared.providers.rb2b import webhook


class Visits:
    """The inbox of visits to the owner's site."""

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    async def take(self, request: Request) -> Response:
        """Keep one visit."""
        raw = await bounded_body(request, webhook.LONGEST)
        await run_in_threadpool(self._keep, request.path_params["token"], raw)
        return Response()

    def _keep(self, token: str, raw: bytes | None) -> None:
        secret, log = self._loop.settings.rb2b_token, self._loop.log
        if raw is None or secret is None or not webhook.is_genuine(token, secret.get_secret_value()):
            log.warning("visit dropped", extra={"code": "too_large" if raw is None else "no_token_of_ours"})
            return
        key, body = webhook.event_key(raw), raw.decode("utf-8", "replace").replace("\0", "")
        try:
            self._loop.state.visits.keep(key, body)
        except StateError as error:
            log.error("visit goes to the spool", extra={"code": error.code})
            self._spool(key, body)

    def _spool(self, key: str, body: str) -> None:
        # The worker's clock: the database, whose clock else counts, is what cannot be asked.
        record = {"body": body, "received_at": worker_now().isoformat()}
        try:
            self._loop.spool.put(key, record)
        except Exception as error:  # noqa: BLE001 - both places are away, and still the answer must be 200
            self._loop.log.error("visit lost", extra={"code": type(error).__name__})
