"""Vapi, Resend and Twilio as far as sending and looking up goes, in a process that survives the workers.

It keeps what it accepted, and goes wrong by a seeded draw for each request, each of `FAULTS` alike: refused
with or without a pause, failed before or after the effect, answered by half, by rubbish, late or not at all.
`GET /accepted` tells everything.
"""

from __future__ import annotations

import itertools
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
FAULTS = ("429", "429 bare", "500", "500 after", "drop after", "half", "garbage", "slow")
LEASE_S = 120.0


class Books:
    """What was accepted: effects by our reference, and what the lists show; time runs `speed` times."""

    def __init__(self, start: datetime, began: float, speed: float, share: float, seed: int) -> None:
        self.start, self.began, self.speed, self.share = start, began, speed, share
        self.roll = random.Random(seed)  # noqa: S311 - draws faults
        self.lock = threading.Lock()
        self.effects: dict[str, int] = defaultdict(int)
        self.keys: dict[str, str] = {}
        self.calls: list[dict[str, Any]] = []
        self.call_by_id: dict[str, dict[str, Any]] = {}
        self.texts: list[tuple[datetime, dict[str, Any]]] = []

    def now(self) -> datetime:
        """The database's time."""
        return self.start + timedelta(seconds=(time.time() - self.began) * self.speed)

    def fault(self) -> str | None:
        """What goes wrong with this request."""
        with self.lock:
            drawn = self.roll.random() / self.share if self.share else 9.0
        return FAULTS[int(drawn)] if drawn < len(FAULTS) else None

    def late(self) -> float:
        """Real seconds of a slow answer: a tenth to nine tenths of a lease, often beyond the deadline."""
        with self.lock:
            return self.roll.uniform(0.1, 0.9) * LEASE_S / self.speed

    def call(self, body: dict[str, Any]) -> dict[str, Any]:
        """Place one call."""
        made = {"id": str(uuid.uuid4()), "customer": body["customer"], "createdAt": iso(self.now())}
        self.effects[body["customer"]["externalId"]] += 1
        self.calls.append(made)
        self.call_by_id[made["id"]] = made
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
        at = self.now().replace(microsecond=0)
        stamp = format_datetime(at)
        made = {
            "sid": f"SM{uuid.uuid4().hex}",
            "to": form["To"],
            "body": form["Body"],
            "from": "+12125550100",
        }
        made |= {"status": "sent", "direction": "outbound-api", "date_created": stamp, "date_sent": stamp}
        self.texts.append((at, made | {"num_segments": "1", "price": None, "error_code": None}))
        return self.texts[-1][1]

    def texts_shown(self, to: str | None, since: datetime | None) -> list[dict[str, Any]]:
        """Newest first; of one number, or sent since."""
        newest = itertools.takewhile(lambda each: since is None or each[0] >= since, reversed(self.texts))
        return [text for _, text in newest if to is None or text["to"] == to][:1000]

    def calls_shown(self, since: str, until: str, most: int) -> list[dict[str, Any]]:
        """Newest first, both ends included."""
        newest = itertools.takewhile(lambda call: call["createdAt"] >= since, reversed(self.calls))
        within = (call for call in newest if call["createdAt"] <= until)
        return [self.shown(call) for call in itertools.islice(within, most)]


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
                span = query["createdAtGe"], query["createdAtLe"]
                self._say(200, self.books.calls_shown(*span, int(query["limit"])))
            elif path.startswith("/call/"):
                self._say(200, self.books.shown(self.books.call_by_id[path.rpartition("/")[2]]))
            elif path.endswith("/Messages.json"):
                since = datetime.fromisoformat(query["DateSent>"]) if "DateSent>" in query else None
                found = self.books.texts_shown(query.get("To"), since)
                self._say(200, {"messages": found, "page_size": 1000, "next_page_uri": None})
            else:
                self._say(200, {"object": "list", "data": [], "has_more": False})

    def do_POST(self) -> None:
        """A send, and what goes wrong with it."""
        raw = self.rfile.read(int(self.headers["content-length"] or 0))
        fault = self.books.fault()
        if fault in ("429", "429 bare"):
            body = {"name": "rate_limit_exceeded", "code": 20429, "message": "slow down"}
            self._say(429, body, "1" if fault == "429" else None)
        elif fault == "500":
            self._say(500, {"message": "failed"})
        else:
            if fault == "slow":
                time.sleep(self.books.late())
            with self.books.lock:
                answer = self._carry_out(raw)
            self._answer(fault, answer)

    def _answer(self, fault: str | None, answer: dict[str, Any]) -> None:
        """What becomes of the answer to a request that was carried out."""
        status, text = 200 if self.path == "/emails" else 201, json.dumps(answer).encode()
        if fault == "500 after":
            self._say(500, {"message": "failed"})
        elif fault == "garbage":
            self._write(status, b"<html>It works!</html>")
        elif fault in ("half", "drop after"):
            if fault == "half":
                self._write(status, text[: len(text) // 2], announced=len(text))
            self.close_connection = True
            self.connection.close()
        else:
            self._write(status, text)

    def _carry_out(self, raw: bytes) -> dict[str, Any]:
        if self.path == "/emails":
            return self.books.mail(self.headers["idempotency-key"])
        if self.path == "/call":
            return self.books.call(json.loads(raw))
        return self.books.text(dict(parse_qsl(raw.decode())))

    def _say(self, status: int, body: object, retry_after: str | None = None) -> None:
        self._write(status, json.dumps(body).encode(), retry_after=retry_after)

    def _write(
        self, status: int, text: bytes, *, announced: int | None = None, retry_after: str | None = None
    ) -> None:
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text) if announced is None else announced))
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
