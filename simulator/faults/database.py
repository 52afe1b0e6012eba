"""Faults of the database, and of the worker in front of it.

Down is real: connections are ended and refused by Postgres itself. Slow is virtual: a call takes so much of
the world's time and none of ours (docs/decisions/0013).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from shared.state.transport import Json, Transport
from simulator.faults import entries
from simulator.faults.planned import Plan, on_now


class Killed(BaseException):
    """The worker's process is gone. Nothing of it runs any more, no handler and no clean-up."""


class FaultyTransport:
    """Between the loop and its database: slow at times, and where a worker can be interrupted or killed."""

    def __init__(self, inner: Transport, latency: Callable[[], None]) -> None:
        self._inner = inner
        self._latency = latency
        self._left = 0
        self._act: Callable[[], None] | None = None
        self._dead = False

    def call(self, function: str, /, **arguments: Json) -> Json:
        """See `Transport`."""
        if self._dead:
            raise Killed
        if self._act is not None:
            self._left -= 1
            if self._left <= 0:
                act, self._act = self._act, None
                act()
        self._latency()
        return self._inner.call(function, **arguments)

    def close(self) -> None:
        """See `Transport`."""
        self._inner.close()

    def before_call(self, number: int, act: Callable[[], None]) -> None:
        """Do something right before the so-manieth call from now on."""
        self._left, self._act = number, act

    def die(self) -> None:
        """End the worker here: this call and every later one is never made. Raises `Killed`."""
        self._dead = True
        raise Killed

    def as_new(self) -> None:
        """A new worker takes the place of this one."""
        self._dead, self._act = False, None


class DatabaseFaults:
    """When the database is down or slow."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._down = plan.spans(plan.of(entries.DatabaseDown), "database")
        self._slow = plan.spans(plan.of(entries.DatabaseSlow), "database")

    @property
    def may_be_down(self) -> bool:
        """Whether any outage is to come, so that somebody must be able to bring it about."""
        return bool(self._down)

    def is_down(self, at: datetime) -> bool:
        """Whether no connection is accepted at this moment."""
        return any(True for _ in on_now(self._down, at))

    def latency(self, at: datetime) -> timedelta:
        """How long a call takes at this moment, beyond the time it takes us."""
        return sum((fault.entry.takes for fault in on_now(self._slow, at)), timedelta(0))


class Outage:
    """Closes one database to everybody but the simulation, and opens it again."""

    def __init__(self, dsn: str) -> None:
        """`dsn` is of the database to be closed; the server's own `postgres` is used to do it."""
        self._name = str(conninfo_to_dict(dsn)["dbname"])
        self._dsn = make_conninfo(dsn, dbname="postgres")
        self._closed = False

    def set(self, closed: bool) -> None:
        """Close or open; nothing when it stands so already."""
        if closed == self._closed:
            return
        self._closed = closed
        statement = sql.SQL("alter database {} with allow_connections {}")
        with psycopg.connect(self._dsn, autocommit=True) as admin:
            admin.execute(statement.format(sql.Identifier(self._name), sql.Literal(not closed)))
            if closed:
                admin.execute(
                    "select pg_terminate_backend(pid, 1000) from pg_stat_activity"
                    " where datname = %s and application_name = 'growthloop'",
                    [self._name],
                )

    def close(self) -> None:
        """Leave the database open."""
        with suppress(psycopg.Error):
            self.set(False)
