"""One request, one transaction: the statements PostgREST sends, in its order."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import dict_row

from shared.state import rpc
from simulator.gateway.answers import Answer, Refusal, compact, database_refusal
from simulator.gateway.request import Call, first_object, resolve

# What PostgREST lifts out of a function's own settings, because set inside the call they come too late.
_HOISTED = frozenset(
    {"statement_timeout", "plan_filter.statement_cost_limit", "default_transaction_isolation"}
)
_ISOLATION = "default_transaction_isolation"
_ROLE_SETTINGS = """
select setting from (
    select 1 as rank, unnest(rolconfig) as setting from pg_roles where rolname = 'authenticator'
    union all
    select 2, unnest(rolconfig) from pg_roles where rolname = %s) s
order by rank
"""


@dataclass(frozen=True)
class Limits:
    """How the project is set up: PostgREST's db-max-rows, and whether db-tx-end lets a caller roll back."""

    max_rows: int
    rollback_allowed: bool


def perform(connection: psycopg.Connection[Any], call: Call, limits: Limits) -> Answer:
    """Run the call and commit. Raises `Refusal` after rolling back."""
    try:
        shape = resolve(call, _shapes(connection, call.function))
        _begin(connection, call, shape)
        answer = _answered(connection, call, shape, limits)
        undone = limits.rollback_allowed and call.preferences.get("tx") == "rollback"
        connection.execute("rollback" if undone else "commit")
    except psycopg.Error as error:
        raise _refusal(error, call) from error
    finally:
        if not connection.broken and connection.info.transaction_status != psycopg.pq.TransactionStatus.IDLE:
            connection.execute("rollback")
    return answer


def _shapes(connection: psycopg.Connection[Any], function: str) -> list[rpc.Shape]:
    rows = connection.cursor(row_factory=dict_row).execute(rpc.CATALOGUE, [function]).fetchall()
    return [rpc.shape_of(function, row) for row in rows]


def _begin(connection: psycopg.Connection[Any], call: Call, shape: rpc.Shape) -> None:
    settings = _pairs(row[0] for row in connection.execute(_ROLE_SETTINGS, [call.caller.role]))
    hoisted = {name: value for name, value in _pairs(shape.settings).items() if name in _HOISTED}
    isolation = {**settings, **hoisted}.get(_ISOLATION, "read committed")
    if not re.fullmatch("[a-z ]+", isolation):
        raise Refusal(500, "22023", "invalid isolation level")
    mode = "read write" if shape.volatile and call.method == "POST" else "read only"
    connection.execute(f"begin isolation level {isolation} {mode}")
    in_order = {**settings, **_request_settings(call), **hoisted}
    in_order.pop(_ISOLATION, None)
    calls = ", ".join("set_config(%s, %s, true)" for _ in in_order)
    connection.execute(f"select {calls}", [part for pair in in_order.items() for part in pair])


def _pairs(settings: Any) -> dict[str, str]:
    return dict(setting.partition("=")[::2] for setting in settings)


def _request_settings(call: Call) -> dict[str, str]:
    return {
        "search_path": '"public", "extensions"',
        "role": call.caller.role,
        "request.jwt.claims": compact(call.caller.claims),
        "request.method": call.method,
        "request.path": call.path,
        "request.headers": compact(dict(call.headers)),
        "request.cookies": "{}",
        "timezone": call.preferences.get("timezone", "UTC"),
    }


def _answered(connection: psycopg.Connection[Any], call: Call, shape: rpc.Shape, limits: Limits) -> Answer:
    names = call.names if not shape.takes_whole_body else ()
    statement = rpc.statement(shape, names, limit=limits.max_rows, counted=call.counted)
    values = None
    if shape.takes_whole_body:
        values = [call.body]
    elif names:
        values = [first_object(call.arguments(shape))]
    row = connection.execute(statement, values).fetchone() or (0, "null", None)
    rows, text, total = (1, None, 1) if shape.void else row
    answer = _with_count(call, rows, text, total if call.counted else None, limits)
    return _overridden(connection, answer)


def _with_count(call: Call, rows: int, text: str | None, total: int | None, limits: Limits) -> Answer:
    span = f"0-{rows - 1}" if rows else "*"
    headers = [("Content-Range", f"{span}/{'*' if total is None else total}")]
    honoured = ("count", "timezone", "tx") if limits.rollback_allowed else ("count", "timezone")
    applied = [f"{name}={call.preferences[name]}" for name in honoured if name in call.preferences]
    if applied:
        headers.append(("Preference-Applied", ", ".join(applied)))
    if text is None:
        return Answer(204, None, headers)
    return Answer(206 if total is not None and total > rows else 200, text, headers)


def _overridden(connection: psycopg.Connection[Any], answer: Answer) -> Answer:
    """A function may set its own headers and status."""
    query = "select current_setting('response.headers', true), current_setting('response.status', true)"
    row = connection.execute(query).fetchone()
    headers, status = row or (None, None)
    if status and not (status.isdigit() and 100 <= int(status) <= 599):
        raise Refusal(500, "PGRST112", "response.status guc must be a valid status code")
    extra = _own_headers(headers) if headers else []
    return Answer(int(status) if status else answer.status, answer.body, [*answer.headers, *extra])


def _own_headers(text: str) -> Sequence[tuple[str, str]]:
    try:
        found = json.loads(text)
        pairs = [pair for item in found for pair in _single(item)]
    except (ValueError, TypeError):
        raise Refusal(
            500,
            "PGRST111",
            "response.headers guc must be a JSON array composed of objects with a single key "
            "and a string value",
        ) from None
    return pairs


def _single(item: Mapping[str, str]) -> list[tuple[str, str]]:
    if not isinstance(item, dict) or len(item) != 1 or not all(isinstance(v, str) for v in item.values()):
        raise ValueError("one key and a string value")
    return list(item.items())


def _refusal(error: psycopg.Error, call: Call) -> Refusal:
    if error.sqlstate is None:
        return Refusal(503, "PGRST001", "Database client error. Retrying the connection.")
    primary = error.diag.message_primary or ""
    details, hint = error.diag.message_detail, error.diag.message_hint
    return database_refusal(error.sqlstate, primary, details, hint, anonymous=call.caller.role == "anon")
