"""Brings a database up to this code: the files of `supabase/migrations/`, in order, each in one transaction.

Recorded in `supabase_migrations.schema_migrations` as the Supabase CLI does, so that `growthloop migrate`
and `supabase db push` can take turns on one database.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from shared.errors import ConfigurationError, StateError, StateUnavailable

_NAME = re.compile(r"^(?P<version>[0-9]+)_(?P<name>.*)\.sql$")
_LOCK = 7_204_118_950_321  # any fixed number: two migrations at once take turns
_LEDGER = """
create schema if not exists supabase_migrations;
create table if not exists supabase_migrations.schema_migrations (
    version text not null primary key, statements text[], name text);
alter table supabase_migrations.schema_migrations add column if not exists statements text[];
alter table supabase_migrations.schema_migrations add column if not exists name text;
"""


@dataclass(frozen=True)
class Migration:
    """One file: `<version>_<name>.sql`."""

    version: str
    name: str
    path: Path

    @property
    def label(self) -> str:
        """The file's name without its ending."""
        return self.path.stem


def migrations_dir() -> Path:
    """Where the migrations are, next to the packages."""
    return Path(__file__).resolve().parents[2] / "supabase" / "migrations"


def migrations(folder: Path | None = None) -> list[Migration]:
    """All migrations in name order; `ConfigurationError` for a file without a version or one used twice."""
    found: dict[str, Migration] = {}
    for path in sorted((folder or migrations_dir()).glob("*.sql")):
        match = _NAME.match(path.name)
        if match is None:
            raise ConfigurationError(f"{path.name}: a migration is named <digits>_<name>.sql.")
        migration = Migration(match["version"], match["name"], path)
        if migration.version in found:
            raise ConfigurationError(f"{path.name}: version {migration.version} is used twice.")
        found[migration.version] = migration
    return sorted(found.values(), key=lambda migration: migration.path.name)


def pending(dsn: str, *, folder: Path | None = None) -> list[str]:
    """The migrations this database lacks, oldest first; changes nothing.

    Raises `ConfigurationError` where `migrate` would, `StateUnavailable` when there is no connection.
    """
    with _connection(dsn) as connection:
        return [migration.label for migration in _missing(migrations(folder), _applied(connection))]


def migrate(dsn: str, *, folder: Path | None = None) -> list[str]:
    """Apply what is missing and return the names applied.

    Each file is one transaction: one that fails leaves the database at the file before it and raises
    `StateError` (its `code` is the SQLSTATE). Two at once take turns. Raises `ConfigurationError` for a
    gap: a file older than the newest one applied.
    """
    known = migrations(folder)
    with _connection(dsn) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        try:
            connection.execute(_LEDGER)
            missing = _missing(known, _applied(connection))
            for migration in missing:
                _apply(connection, migration)
        finally:
            connection.execute("select pg_advisory_unlock(%s)", [_LOCK])
    return [migration.label for migration in missing]


def _connection(dsn: str) -> psycopg.Connection[Any]:
    try:
        return psycopg.connect(dsn, autocommit=True, connect_timeout=10)
    except psycopg.Error as error:
        raise StateUnavailable(code=error.sqlstate) from error


def _applied(connection: psycopg.Connection[Any]) -> set[str]:
    exists = connection.execute("select to_regclass('supabase_migrations.schema_migrations')").fetchone()
    if exists is None or exists[0] is None:
        return set()
    rows = connection.execute("select version from supabase_migrations.schema_migrations").fetchall()
    return {row[0] for row in rows}


def _missing(known: Iterable[Migration], applied: set[str]) -> list[Migration]:
    missing = [migration for migration in known if migration.version not in applied]
    newest = max(applied, default="")
    late = [migration.label for migration in missing if migration.version < newest]
    if late:
        raise ConfigurationError(
            f"Older than what is applied already ({newest}): {', '.join(late)}. "
            "Give the file a new version; migrations only go forward."
        )
    return missing


def _apply(connection: psycopg.Connection[Any], migration: Migration) -> None:
    text = migration.path.read_text(encoding="utf-8")
    try:
        with connection.transaction():
            connection.execute(text)
            connection.execute(
                "insert into supabase_migrations.schema_migrations (version, statements, name)"
                " values (%s, %s, %s)",
                [migration.version, [text], migration.name],
            )
    except psycopg.Error as error:
        line = _line(text, error.diag.statement_position)
        raise StateError(
            f"{migration.label}{line}: {error.diag.message_primary}", code=error.sqlstate
        ) from error


def _line(text: str, position: str | None) -> str:
    return f" line {text.count(chr(10), 0, int(position) - 1) + 1}" if position else ""
