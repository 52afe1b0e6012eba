"""Vapi, Resend and Twilio as far as sending and looking up goes, in a process that survives the workers.

It keeps what it accepted, and goes wrong by a seeded draw for each request: refused with a pause, failed
before or after the effect, or the connection dropped after it. `GET /accepted` tells everything.
"""

from __future__ import annotations

import json
import random
import sys
import threading
import time
import uuid
from collections import defaultdict
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlsplit

CALL_LASTS = timedelta(minutes=2)


class Books:
    """What was accepted: effects by our reference, and what the lists show; time runs `speed` times."""

    def __init__(self, start: datetime, began: float, speed: float, share: float, seed: int) -> None:
        self.start, self.began, self.speed, self.share = start, began, speed, share
        self.roll = random.Random(seed)  # noqa: S311 - draws faults
        self.lock = threading.Lock()
        self.effects: dict[str, int] = defaultdict(int)
        self.keys: dict[str, str] = {}
        self.calls: list[dict[str, Any]] = []
        self.texts: list[dict[str, Any]] = []

    def now(self) -> datetime:
        """The database's time."""
        return self.start + timedelta(seconds=(time.time() - self.began) * self.speed)

    def fault(self) -> str | None:
        """What goes wrong with this request."""
        with self.lock:
            drawn = self.roll.random() / self.share if self.share else 9.0
        return ("429", "500", "500 after", "drop after")[int(drawn)] if drawn < 4 else None

    def call(self, body: dict[str, Any]) -> dict[str, Any]:
        """Place one call."""
        made = {"id": str(uuid.uuid4()), "customer": body["customer"], "createdAt": iso(self.now())}
        self.effects[body["customer"]["externalId"]] += 1
        self.calls.append(made)
        return made | {"status": "queued", "type": "outboundPhoneCall"}

    def shown(self, call: dict[str, Any]) -> dict[str, Any]:
        """A call as it stands now."""
        ended = datetime.fromisoformat(call["createdAt"]) + CALL_LASTS
        over = {"status": "ended", "endedReason": "customer-did-not-answer", "endedAt": iso(ended)}
        return call | (over if ended <= self.now() else {"status": "in-progress"})

    def mail(self, key: str) -> dict[str, Any]:
        """Take one mail; a key is answered as it was the first time."""
        if key not in self.keys:
            self.effects[key] += 1
            self.keys[key] = str(uuid.uuid4())
        return {"id": self.keys[key]}

    def text(self, form: dict[str, str]) -> dict[str, Any]:
        """Send one text."""
        touch = parse_qs(urlsplit(form["StatusCallback"]).query)["touch"][0]
        self.effects[touch] += 1
        stamp = format_datetime(self.now().replace(microsecond=0))
        made = {
            "sid": f"SM{uuid.uuid4().hex}",
            "to": form["To"],
            "body": form["Body"],
            "from": "+12125550100",
        }
        made |= {"status": "sent", "direction": "outbound-api", "date_created": stamp, "date_sent": stamp}
        self.texts.append(made | {"num_segments": "1", "price": None, "error_code": None})
        return self.texts[-1]


def iso(at: datetime) -> str:
    """Milliseconds and a Z."""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


class Handler(BaseHTTPRequestHandler):
    """One request."""

    protocol_version = "HTTP/1.1"
    books: Books

    def do_GET(self) -> None:
        """The lists."""
        parts = urlsplit(self.path)
        query, path = dict(parse_qsl(parts.query)), parts.path
        with self.books.lock:
            if path == "/accepted":
                self._say(200, self.books.effects)
            elif path == "/call":
                since, until = query["createdAtGe"], query["createdAtLe"]
                found = [c for c in reversed(self.books.calls) if since <= c["createdAt"] <= until]
                self._say(200, [self.books.shown(call) for call in found[: int(query["limit"])]])
            elif path.startswith("/call/"):
                call = next(c for c in self.books.calls if c["id"] == path.rpartition("/")[2])
                self._say(200, self.books.shown(call))
            elif path.endswith("/Messages.json"):
                found = [t for t in reversed(self.books.texts) if query.get("To", t["to"]) == t["to"]]
                self._say(200, {"messages": found[:1000], "page_size": 1000, "next_page_uri": None})
            else:
                self._say(200, {"object": "list", "data": [], "has_more": False})

    def do_POST(self) -> None:
        """A send, and what goes wrong with it."""
        raw = self.rfile.read(int(self.headers["content-length"] or 0))
        fault = self.books.fault()
        if fault == "429":
            self._say(429, {"name": "rate_limit_exceeded", "code": 20429, "message": "slow down"}, "1")
        elif fault == "500":
            self._say(500, {"message": "failed"})
        else:
            with self.books.lock:
                answer = self._carry_out(raw)
            if fault == "drop after":
                self.close_connection = True
                self.connection.close()
            elif fault == "500 after":
                self._say(500, {"message": "failed"})
            else:
                self._say(200 if self.path == "/emails" else 201, answer)

    def _carry_out(self, raw: bytes) -> dict[str, Any]:
        if self.path == "/emails":
            return self.books.mail(self.headers["idempotency-key"])
        if self.path == "/call":
            return self.books.call(json.loads(raw))
        return self.books.text(dict(parse_qsl(raw.decode())))

    def _say(self, status: int, body: object, retry_after: str | None = None) -> None:
        text = json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        if retry_after:
            self.send_header("retry-after", retry_after)
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


class Server(ThreadingHTTPServer):
    """Many workers at once."""

    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """Whoever asked is dead: that is what this is for."""


def main(start: str, began: str, speed: str, share: str, seed: str) -> None:
    """Serve until the input ends."""
    Handler.books = Books(datetime.fromisoformat(start), float(began), float(speed), float(share), int(seed))
    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    print(server.server_address[1], flush=True)  # noqa: T201 - the protocol
    sys.stdin.read()


if __name__ == "__main__":
    main(*sys.argv[1:])
