"""One loopback HTTP server for all providers, each under a path prefix of its own."""

from __future__ import annotations

import socket
import struct
import traceback
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qs, parse_qsl, unquote, urlsplit

from simulator.agenda import Agenda
from simulator.clock import VirtualClock
from simulator.credentials import Credentials
from simulator.faults import Faults
from simulator.faults.verdicts import Behind, Refusal, Slow, Verdict
from simulator.record import Record
from simulator.webhooks import Signer
from simulator.wire.anthropic import AnthropicFake
from simulator.wire.apollo import ApolloFake
from simulator.wire.backstage import Backstage, Fake, Fault
from simulator.wire.exa import ExaFake
from simulator.wire.ghl import GoHighLevelFake
from simulator.wire.github import GitHubFake
from simulator.wire.google_calendar import GoogleCalendarFake
from simulator.wire.http import Request, Response, answer
from simulator.wire.hunter import HunterFake
from simulator.wire.rb2b import RB2B
from simulator.wire.resend import ResendFake
from simulator.wire.slack import SlackFake
from simulator.wire.twilio import TwilioFake
from simulator.wire.vapi import VapiFake
from simulator.world import World

RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Urls:
    """Base addresses to give to the providers' clients.

    `vapi`: plain HTTP client or `Vapi(base_url=)` · `resend`: `resend.api_url` · `twilio`: both
    `client.api.base_url` and `client.lookups.base_url` · `anthropic`: `base_url` · the others take the
    place of `https://<host>` before the path that their documentation names.
    """

    vapi: str
    resend: str
    twilio: str
    apollo: str = ""
    hunter: str = ""
    exa: str = ""
    ghl: str = ""
    slack: str = ""
    github: str = ""
    google_calendar: str = ""
    anthropic: str = ""

    @classmethod
    def under(cls, base: str) -> Urls:
        """Each provider under a prefix of its own name."""
        return cls(**{each.name: f"{base}/{each.name}" for each in fields(cls)})


def no_fault(_point: str, _request: Request) -> Verdict | None:
    """The default: nothing ever goes wrong."""
    return None


class WireServer:
    """All providers on 127.0.0.1, answering at the virtual clock's time.

    `fault(point, request)` is asked before each request, and then the run's own `faults`: None lets it
    through; `"drop"` performs the effect and then resets the connection; `"refuse"` resets without an
    effect; a number such as `"429"` answers that status without an effect; the other verdicts stand in
    `simulator.faults.verdicts`. `pass_time` lets virtual time pass while a slow answer is awaited. A bug in
    a fake answers 500 and is kept in `errors`.

        with WireServer(world, clock, agenda, credentials) as server:
            urls = server.urls
    """

    def __init__(
        self,
        world: World,
        clock: VirtualClock,
        agenda: Agenda,
        credentials: Credentials | None = None,
        *,
        record: Record | None = None,
        fault: Fault = no_fault,
        faults: Faults | None = None,
    ) -> None:
        keys, faults = credentials or Credentials(), faults or Faults()
        back = Backstage(world, clock, agenda, keys, record or Record(), faults)
        self.record = back.record
        self.signer = Signer(back.credentials)
        self.fault = fault
        self.pass_time: Callable[[timedelta], None] = lambda span: clock.advance_to(clock.now + span)
        self._back = back
        self.errors: list[str] = []
        self._lock = RLock()
        self._server = _Listener(("127.0.0.1", 0), _Handler)
        self._server.wire = self
        base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.urls = Urls.under(base)
        self.slack, self.github, self.ghl = SlackFake(back), GitHubFake(back), GoHighLevelFake(back)
        self.calendar, self.anthropic, self.rb2b = (
            GoogleCalendarFake(back),
            AnthropicFake(back),
            RB2B(back),
        )
        self._fakes: dict[str, Fake] = {
            "vapi": VapiFake(back, self.urls.vapi),
            "resend": ResendFake(back),
            "twilio": TwilioFake(back),
            "apollo": ApolloFake(back),
            "hunter": HunterFake(back),
            "exa": ExaFake(back),
            "ghl": self.ghl,
            "slack": self.slack,
            "github": self.github,
            "google_calendar": self.calendar,
            "anthropic": self.anthropic,
        }
        self._thread = Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)

    def start(self) -> Urls:
        """Begin to answer; returns the addresses."""
        self._thread.start()
        return self.urls

    def stop(self) -> None:
        """Stop answering and free the port."""
        if self._thread.is_alive():
            self._server.shutdown()
        self._server.server_close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def point(self, provider: str, request: Request) -> str:
        """The name of the operation that a request asks for, as faults know it."""
        return self._fakes[provider].point(request)

    def respond(self, prefix: str, request: Request) -> Response | None:
        """The response, or None when the connection is to be reset."""
        fake = self._fakes.get(prefix)
        if fake is None:
            return answer(404, {"message": "no such provider"})
        with self._lock:
            try:
                return self._through_fault(fake, request)
            except Exception:  # noqa: BLE001 - the boundary of a request: kept, and shown as a 500
                self.errors.append(traceback.format_exc())
                return fake.failure(500)

    def _through_fault(self, fake: Fake, request: Request) -> Response | None:
        point, now = fake.point(request), self._back.clock.now
        verdict = self.fault(point, request) or self._back.faults.requests.verdict(point, request, now)
        match verdict:
            case None:
                return fake.handle(request)
            case Behind(by):
                return fake.handle(replace(request, as_of=now - by))
            case Slow(takes, lost):
                response = fake.handle(request)
                self.pass_time(takes)
                return None if lost else response
            case Refusal():
                return _refused(fake, verdict)
            case "drop":
                fake.handle(request)
                return None
            case "refuse":
                return None
        return fake.failure(int(verdict))


def _refused(fake: Fake, verdict: Refusal) -> Response:
    response = fake.quota() if verdict.quota else fake.failure(verdict.status)
    if verdict.quota:
        return response
    headers = {name: value for name, value in response.headers.items() if name != "retry-after"}
    if verdict.retry_after is not None:
        headers["retry-after"] = str(int(verdict.retry_after.total_seconds()))
    return replace(response, headers=headers)


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128
    wire: WireServer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Listener

    def _serve(self) -> None:
        length = int(self.headers.get("content-length") or 0)
        body = self.rfile.read(length) if length else b""
        if len(body) < length:
            self.close_connection = True  # the sender died in the middle: half a request asks for nothing
            return
        parts = urlsplit(self.path)
        prefix, _, path = parts.path.lstrip("/").partition("/")
        request = Request(
            method=self.command,
            path="/" + unquote(path),
            query=dict(parse_qsl(parts.query, keep_blank_values=True)),
            lists=parse_qs(parts.query, keep_blank_values=True),
            headers={name.lower(): value for name, value in self.headers.items()},
            body=body,
        )
        response = self.server.wire.respond(prefix, request)
        if response is None:
            self._reset()
        else:
            self._send(response)

    def _send(self, response: Response) -> None:
        self.send_response(response.status)
        self.send_header("content-type", response.content_type)
        self.send_header("content-length", str(len(response.body)))
        for name, value in response.headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(response.body)
        self.wfile.flush()

    def _reset(self) -> None:
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        socket.close(self.connection.detach())

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: request lines carry numbers and addresses."""
