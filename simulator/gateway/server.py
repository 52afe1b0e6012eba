"""The HTTP side of the gateway."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any

from simulator.gateway.answers import Answer, Refusal, not_offered
from simulator.gateway.execute import Limits, perform
from simulator.gateway.keys import Keys
from simulator.gateway.pool import Pool
from simulator.gateway.request import PREFIX, Request, understood


class Gateway:
    """Serves one database on a random loopback port.

    `secret_key` speaks as `service_role`, `publishable_key` as `anon`, a token signed with `jwt_secret`
    as the role it claims. The database must have Supabase's roles (`simulator.gateway.project`), and the
    user of `dsn` must be a superuser or `authenticator` itself.
    """

    def __init__(
        self,
        dsn: str,
        *,
        secret_key: str,
        publishable_key: str,
        max_rows: int = 1000,
        jwt_secret: str | None = None,
        rollback_allowed: bool = False,
        connections: int = 10,
    ) -> None:
        self._keys = Keys(secret_key, publishable_key, jwt_secret)
        self._limits = Limits(max_rows, rollback_allowed)
        self._pool = Pool(dsn, connections)
        self._server: _Server | None = None

    def start(self) -> str:
        """Begin to serve and return the project's URL, as `SUPABASE_URL` has it."""
        self._server = _Server(self)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def close(self) -> None:
        """Stop serving, hang up on everybody, close the database connections. Safe to call twice."""
        if self._server is not None:
            self._server.stop()
            self._server = None
        self._pool.close()

    def answer(self, request: Request) -> Answer:
        """The answer to one request."""
        caller = self._keys.caller(request.headers)  # type: ignore[arg-type]
        if isinstance(caller, Answer):
            return caller
        if not request.target.startswith(PREFIX):
            raise not_offered("anything but /rest/v1/rpc/<function>")
        call = understood(request, caller)
        with self._pool.connection() as connection:
            return perform(connection, call, self._limits)

    def __enter__(self) -> Gateway:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, gateway: Gateway) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.gateway = gateway
        self._open: set[socket.socket] = set()
        self._guard = threading.Lock()

    def process_request(self, request: Any, client_address: Any) -> None:
        with self._guard:
            self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        with self._guard:
            self._open.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up is not worth a traceback."""

    def stop(self) -> None:
        self.shutdown()
        self.server_close()
        with self._guard:
            still_open = list(self._open)
        for connection in still_open:
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                continue


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1  # headers and body leave in one packet
    disable_nagle_algorithm = True
    server: _Server

    def _serve(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        request = Request(self.command, self.path, self.headers, self.rfile.read(length))
        try:
            answer = self.server.gateway.answer(request)
        except Refusal as refusal:
            answer = refusal.answer()
        self._send(answer)

    def _send(self, answer: Answer) -> None:
        self.send_response(answer.status, answer.reason)
        for name, value in answer.headers:
            self.send_header(name, value)
        payload = (answer.body or "").encode()
        if answer.body is not None:
            self.send_header("Content-Type", answer.content_type)
            if self.command != "HEAD":
                self.send_header("Content-Length", str(len(payload)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(payload)

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = _serve

    def log_message(self, format: str, *args: object) -> None:
        """Bodies and paths may hold personal data: nothing is logged."""
