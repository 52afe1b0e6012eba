"""One loopback HTTP server for all providers, each under a path prefix of its own."""

from __future__ import annotations

import socket
import struct
import traceback
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import RLock, Thread
from types import TracebackType
from typing import Self
from urllib.parse import parse_qsl, unquote, urlsplit

from simulator.agenda import Agenda
from simulator.clock import VirtualClock
from simulator.credentials import Credentials
from simulator.record import Record
from simulator.webhooks import Signer
from simulator.wire.backstage import Backstage, Fake, Fault
from simulator.wire.http import Request, Response, answer
from simulator.wire.resend import ResendFake
from simulator.wire.twilio import TwilioFake
from simulator.wire.vapi import VapiFake
from simulator.world import World

RESET = struct.pack("ii", 1, 0)


@dataclass(frozen=True)
class Urls:
    """Base addresses to give to the providers' clients.

    `vapi`: plain HTTP client or `Vapi(base_url=)` · `resend`: `resend.api_url` · `twilio`: both
    `client.api.base_url` and `client.lookups.base_url`.
    """

    vapi: str
    resend: str
    twilio: str


def no_fault(_point: str, _request: Request) -> str | None:
    """The default: nothing ever goes wrong."""
    return None


class WireServer:
    """Vapi, Resend and Twilio on 127.0.0.1, answering at the virtual clock's time.

    `fault(point, request)` is asked before each request: None lets it through; `"drop"` performs the effect
    and then resets the connection; `"refuse"` resets without an effect; a number such as `"429"` answers
    that status without an effect. A bug in a fake answers 500 and is kept in `errors`.

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
    ) -> None:
        back = Backstage(world, clock, agenda, credentials or Credentials(), record or Record())
        self.record = back.record
        self.signer = Signer(back.credentials)
        self.fault = fault
        self.errors: list[str] = []
        self._lock = RLock()
        self._server = _Listener(("127.0.0.1", 0), _Handler)
        self._server.wire = self
        base = f"http://127.0.0.1:{self._server.server_address[1]}"
        self.urls = Urls(f"{base}/vapi", f"{base}/resend", f"{base}/twilio")
        self._fakes: dict[str, Fake] = {
            "vapi": VapiFake(back, self.urls.vapi),
            "resend": ResendFake(back),
            "twilio": TwilioFake(back),
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
        verdict = self.fault(fake.point(request), request)
        if verdict is None:
            return fake.handle(request)
        if verdict == "drop":
            fake.handle(request)
        return None if verdict in {"drop", "refuse"} else fake.failure(int(verdict))


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

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: request lines carry numbers and addresses."""
