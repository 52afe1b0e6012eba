"""No host but this machine: what the demo and the simulator promise, kept by the socket layer itself."""

from __future__ import annotations

import ipaddress
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class NetworkForbidden(OSError):
    """Something tried to reach another machine. Not caught here: C libraries (libpq) and UDP."""


def check(host: object) -> None:
    """Raise `NetworkForbidden` unless the host is this machine's loopback."""
    name = host.decode() if isinstance(host, bytes) else str(host or "localhost")
    if name == "localhost":
        return
    try:
        if ipaddress.ip_address(name.partition("%")[0]).is_loopback:
            return
    except ValueError:
        pass
    raise NetworkForbidden(f"only this machine may be contacted, not {name}")


@contextmanager
def loopback_only() -> Iterator[None]:
    """Refuse every other host while the block runs."""
    connect, look_up = socket.socket.connect, socket.getaddrinfo

    def checked_connect(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6):
            check(address[0])
        connect(self, address)

    def checked_look_up(host: Any, *more: Any, **options: Any) -> Any:
        check(host)
        return look_up(host, *more, **options)

    socket.socket.connect = checked_connect  # type: ignore[method-assign, assignment]
    socket.getaddrinfo = checked_look_up  # type: ignore[assignment]
    try:
        yield
    finally:
        socket.socket.connect, socket.getaddrinfo = connect, look_up  # type: ignore[method-assign]
