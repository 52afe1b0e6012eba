"""No test talks to another machine: an attempt is refused and fails the test, however it was wrapped.

Not caught: C libraries that open sockets themselves (libpq) and UDP.
"""

from __future__ import annotations

import socket

from simulator import guard

attempts: list[str] = []
"""Hosts that the running test tried to reach."""

_connect = socket.socket.connect
_connect_ex = socket.socket.connect_ex
_getaddrinfo = socket.getaddrinfo


def _check(host: object) -> None:
    try:
        guard.check(host)
    except guard.NetworkForbidden:
        attempts.append(str(host))
        raise


def _checked_connect(self: socket.socket, address: tuple[object, ...]) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _check(address[0])
    _connect(self, address)


def _checked_connect_ex(self: socket.socket, address: tuple[object, ...]) -> int:
    if self.family in (socket.AF_INET, socket.AF_INET6):
        _check(address[0])
    return _connect_ex(self, address)


def _checked_getaddrinfo(host: object, *arguments: object, **options: object) -> object:
    _check(host)
    return _getaddrinfo(host, *arguments, **options)  # type: ignore[arg-type]


def forbid() -> None:
    """Refuse every connection that is not to loopback, for the rest of this process."""
    socket.socket.connect = _checked_connect  # type: ignore[method-assign, assignment]
    socket.socket.connect_ex = _checked_connect_ex  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = _checked_getaddrinfo  # type: ignore[assignment]
