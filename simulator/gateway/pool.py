"""Connections of the gateway, as few as there are requests at one time."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from shared.state.postgres import has_hung_up
from simulator.gateway.answers import Refusal

_WAIT_S = 10.0


class Pool:
    """Hands out connections that speak as `authenticator`, at most `size` at a time."""

    def __init__(self, dsn: str, size: int) -> None:
        self._dsn = dsn
        self._slots = threading.BoundedSemaphore(size)
        self._idle: list[psycopg.Connection[Any]] = []
        self._guard = threading.Lock()
        self._closed = False

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[Any]]:
        """One connection; a dead one is replaced. Raises `Refusal` PGRST003 or PGRST000."""
        if not self._slots.acquire(timeout=_WAIT_S):
            raise Refusal(504, "PGRST003", "Timed out acquiring connection from connection pool.")
        try:
            connection = self._taken()
            try:
                yield connection
            finally:
                self._give_back(connection)
        finally:
            self._slots.release()

    def close(self) -> None:
        """Close what is idle; what is in use closes when it comes back."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()

    def _taken(self) -> psycopg.Connection[Any]:
        while True:
            with self._guard:
                connection = self._idle.pop() if self._idle else None
            if connection is None:
                return self._opened()
            if not has_hung_up(connection):
                return connection
            connection.close()

    def _opened(self) -> psycopg.Connection[Any]:
        try:
            connection = psycopg.connect(
                self._dsn, autocommit=True, prepare_threshold=None, connect_timeout=10
            )
        except psycopg.Error as error:
            raise Refusal(503, "PGRST000", "Database connection error. Retrying the connection.") from error
        connection.execute("set session authorization authenticator")
        return connection

    def _give_back(self, connection: psycopg.Connection[Any]) -> None:
        with self._guard:
            keep = not self._closed and not connection.closed and not connection.broken
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()
