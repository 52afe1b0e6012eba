"""The transport over a plain Postgres connection (`psycopg`)."""

from __future__ import annotations

import json
import select
import threading
from typing import Any

import psycopg
from psycopg.rows import dict_row

from shared.errors import GrowthLoopError, SchemaOutdated, StateError, StateOutcomeUnknown, StateUnavailable
from shared.state import rpc, wire
from shared.state.failures import state_error
from shared.state.transport import Json

_UNDEFINED_FUNCTION = "42883"
# As on Supabase, where the service role falls to authenticator's 8 s. A transaction left open would keep dead
# rows from being cleared away and slow every claim; only from Postgres 17 on can one at work be ended.
_SESSION = """
set statement_timeout = '8s'; set timezone = 'UTC'; set idle_in_transaction_session_timeout = '10s';
select set_config(name, '20s', false) from pg_settings where name = 'transaction_timeout'
"""


class PostgresTransport:
    """One connection, opened by the first call, each call one round trip and one transaction.

    A connection known to be dead before anything was sent is replaced in silence; what is lost after that
    is `StateOutcomeUnknown`. May be shared between threads, whose calls then wait for one another.
    Needs a direct connection or a session-mode pooler: it sets its session's time zone and time-out.
    Unlike PostgREST it runs stable functions read-write and does not lift a function's own
    `statement_timeout` in front of the call.
    """

    def __init__(self, dsn: str, *, connect_timeout_s: int = 10) -> None:
        self._dsn = dsn
        self._connect_timeout_s = connect_timeout_s
        self._connection: psycopg.Connection[Any] | None = None
        self._shapes: dict[str, list[rpc.Shape]] = {}
        self._lock = threading.RLock()

    def call(self, function: str, /, **arguments: Json) -> Json:
        """Call `public.<function>`; see `Transport.call` for the errors."""
        body = wire.encode(arguments)
        with self._lock:
            connection = self._connected()
            try:
                return self._called(connection, function, arguments, body)
            except psycopg.Error as error:
                raise self._wrapped(connection, error, function) from error

    def close(self) -> None:
        """Close the connection; a later call opens a new one."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _called(
        self, connection: psycopg.Connection[Any], function: str, arguments: dict[str, Json], body: str
    ) -> Json:
        try:
            return self._executed(connection, self._shape(connection, function, arguments), arguments, body)
        except psycopg.errors.UndefinedFunction as error:
            if error.diag.context is not None or error.diag.internal_query is not None:
                raise
        # The function itself changed under us: nothing was executed, so look again once.
        self._shapes.pop(function, None)
        return self._executed(connection, self._shape(connection, function, arguments), arguments, body)

    def _executed(
        self, connection: psycopg.Connection[Any], shape: rpc.Shape, arguments: dict[str, Json], body: str
    ) -> Json:
        query = rpc.statement(shape, arguments)
        row = connection.execute(query, [body] if arguments else None).fetchone()
        return json.loads(row[1]) if row and not shape.void else None

    def _shape(
        self, connection: psycopg.Connection[Any], function: str, arguments: dict[str, Json]
    ) -> rpc.Shape:
        shapes = self._shapes.get(function)
        fitting = rpc.matching(shapes, arguments) if shapes else []
        if not fitting:
            cursor = connection.cursor(row_factory=dict_row)
            rows = cursor.execute(rpc.CATALOGUE, [function]).fetchall()
            self._shapes[function] = [rpc.shape_of(function, row) for row in rows]
            fitting = rpc.matching(self._shapes[function], arguments)
        if not fitting:
            raise SchemaOutdated(f"The database has no function {function} that fits this code.")
        if len(fitting) > 1:
            raise StateError(f"{function}: more than one function fits.", code="PGRST203")
        return fitting[0]

    def _connected(self) -> psycopg.Connection[Any]:
        if self._connection is not None and has_hung_up(self._connection):
            self.close()
        if self._connection is None:
            try:
                self._connection = self._opened()
            except psycopg.Error as error:
                raise StateUnavailable(code=error.sqlstate) from error
        return self._connection

    def _opened(self) -> psycopg.Connection[Any]:
        connection = psycopg.connect(
            self._dsn,
            autocommit=True,
            prepare_threshold=None,
            connect_timeout=self._connect_timeout_s,
            application_name="growthloop",
            keepalives_idle=5,
            keepalives_interval=2,
            keepalives_count=3,
            tcp_user_timeout=10_000,
        )
        try:
            connection.execute(_SESSION)
        except BaseException:
            connection.close()
            raise
        return connection

    def _wrapped(
        self, connection: psycopg.Connection[Any], error: psycopg.Error, function: str
    ) -> GrowthLoopError:
        if error.sqlstate is None:
            self.close()
            return StateOutcomeUnknown(f"{function}: the connection was lost.")
        if connection.broken or connection.closed:
            self.close()
        return state_error(error.sqlstate, error.diag.message_primary, function)


def has_hung_up(connection: psycopg.Connection[Any]) -> bool:
    """Whether the server has hung up, seen without a round trip: what it said last is in the socket."""
    if connection.closed:
        return True
    try:
        while select.select([connection.pgconn.socket], [], [], 0)[0]:
            connection.pgconn.consume_input()
            if connection.pgconn.status != psycopg.pq.ConnStatus.OK:
                return True
    except psycopg.Error:
        return True
    return False
