"""The one door to the database: call a function by name, get its answer."""

from __future__ import annotations

from typing import Any, Protocol

Json = Any


class Transport(Protocol):
    """Calls one database function in one transaction.

    The answer is what PostgREST would send for the same call, parsed: a scalar or jsonb function gives
    its value, a set-returning one a list, void None, and a single row that is null an object of nulls.
    Timestamps are ISO 8601 strings with an offset. Beside JSON's types arguments may hold aware datetimes,
    dates, UUIDs, decimals and enums. A `setof` answer is cut at 1,000 rows on Supabase and must be paged by
    its verb.
    """

    def call(self, function: str, /, **arguments: Json) -> Json:
        """Call `public.<function>` with named arguments.

        Raises `StateUnavailable` when nothing was executed, `StateOutcomeUnknown` when the connection
        was lost in mid-call or a time-out hit, `SchemaOutdated` when the function does not exist, and
        `StateError` (its `code` is the SQLSTATE) for any other refusal.
        """
        ...

    def close(self) -> None:
        """Give back the connection; safe to call twice."""
        ...
