"""Slack's incoming webhook: whatever has text is taken, and kept for whoever wants to look."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from simulator.wire.backstage import Backstage, as_dict
from simulator.wire.http import Request, Response

MOST_ATTACHMENTS = 100
ERRORS = {403: "action_prohibited", 404: "no_service", 429: "rate_limited"}


@dataclass(frozen=True)
class Post:
    """One message in the channel."""

    at: datetime
    text: str


def plain(status: int, text: str) -> Response:
    """Slack answers in plain text."""
    headers = {"retry-after": "30"} if status == 429 else {}
    return Response(status, text.encode(), headers, "text/html")


class SlackFake:
    """`POST /services/T…/B…/…`: the path is the secret, and nothing can be listed or taken back."""

    def __init__(self, back: Backstage) -> None:
        self._back = back
        self.posts: list[Post] = []

    def point(self, _request: Request) -> str:
        """See `Fake`."""
        return "slack.post"

    def failure(self, status: int) -> Response:
        """See `Fake`."""
        return plain(status, ERRORS.get(status, "rollup_error"))

    def quota(self) -> Response:
        """See `Fake`. Slack knows no other limit than its rate."""
        return self.failure(429)

    def handle(self, request: Request) -> Response:
        """See `Fake`."""
        if request.path != self._back.credentials.slack_path:
            return plain(404, "no_service")
        try:
            body = request.json()
        except ValueError:
            return plain(400, "invalid_payload")
        if not isinstance(body, dict):
            return plain(400, "invalid_payload")
        if not body.get("text") and not body.get("blocks") and not body.get("attachments"):
            return plain(400, "no_text")
        if len(body.get("attachments") or ()) > MOST_ATTACHMENTS:
            return plain(400, "too_many_attachments")
        self.posts.append(Post(self._back.clock.now, _words(body)))
        return plain(200, "ok")


def _words(body: dict[str, Any]) -> str:
    inside = [as_dict(as_dict(block).get("text")).get("text") for block in body.get("blocks") or ()]
    return "\n".join(str(part) for part in (body.get("text"), *inside) if part)
