"""A loopback server that plays a script: what a provider may do to a request."""

from __future__ import annotations

import json
import socket
import struct
import threading
from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Literal, Self
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Seen:
    """One request as it arrived; header names are lower case."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    raw: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.raw)

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.raw.decode(), keep_blank_values=True))


@dataclass(frozen=True)
class Reply:
    """An answer; `body` is sent as JSON unless it is text already."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


DROP: Literal["drop"] = "drop"
"""Take the request, carry it out, and reset the connection instead of answering."""

HANG: Literal["hang"] = "hang"
"""Take the request and never answer, until the client gives up."""

Step = Reply | Literal["drop", "hang"]


class HttpScript:
    """Plays its steps, one for each request; a request beyond the script gets a 599.

    `seen` has every request that arrived whole, also those that got no answer.
    """

    def __init__(self, *steps: Step) -> None:
        self.steps: deque[Step] = deque(steps)
        self.seen: list[Seen] = []
        script = self

        class Handler(_Handler):
            play = script

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.01})

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        _kind: type[BaseException] | None,
        _error: BaseException | None,
        _trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def closed_port() -> str:
    """The address of a port at which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{probe.getsockname()[1]}"


def names(seen: Iterable[Seen]) -> list[str]:
    """Method and path of each request."""
    return [f"{one.method} {one.path}" for one in seen]


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    play: HttpScript

    def _serve(self) -> None:
        parts = urlsplit(self.path)
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        self.play.seen.append(Seen(self.command, parts.path, query, headers, raw))
        step = self.play.steps.popleft() if self.play.steps else Reply(599)
        self.close_connection = True
        if step == DROP:
            self._reset()
        elif step == HANG:
            self.connection.recv(1)
        elif isinstance(step, Reply):
            self._answer(step)

    do_GET = do_POST = do_PATCH = do_DELETE = _serve

    def _answer(self, reply: Reply) -> None:
        text = isinstance(reply.body, str)
        content = reply.body.encode() if text else json.dumps(reply.body).encode()
        self.send_response(reply.status)
        self.send_header("Content-Type", "text/html" if text else "application/json")
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def _reset(self) -> None:
        """Close with a reset: SO_LINGER on, zero seconds."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""
