"""Databases for tests: one embedded server, a template with the migrations, a clone per test."""

from __future__ import annotations

import hashlib
import itertools
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import psycopg

from shared.state.embedded import EmbeddedServer
from shared.state.migrate import migrate, migrations
from simulator.gateway import project

_LOCK = 5_021_337
_ROLES_LOCK = 5_021_338
_TEMPLATES_KEPT = 24
_counter = itertools.count()


def template_name() -> str:
    """Named by its content, so that a changed migration makes a new one."""
    digest = hashlib.sha256((project.ROLES + project.DEFAULTS).encode())
    for migration in migrations():
        digest.update(migration.label.encode() + b"\0" + migration.path.read_bytes())
    return f"tpl_{digest.hexdigest()[:40]}"


def ensure_template(server: EmbeddedServer) -> str:
    """Build the template unless it is there; workers that come at once wait for the first."""
    name = template_name()
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute("select pg_advisory_lock(%s)", [_LOCK])
        if not _exists(connection, name):
            _drop_left_behind(connection)
            connection.execute(project.ROLES)
            _build(server, connection, name)
    return name


def _exists(connection: psycopg.Connection[tuple[object, ...]], name: str) -> bool:
    query = "select 1 from pg_database where datname = %s and datistemplate"
    return connection.execute(query, [name]).fetchone() is not None


def _build(server: EmbeddedServer, connection: psycopg.Connection[tuple[object, ...]], name: str) -> None:
    server.drop_database(name)
    server.create_database(name)
    with psycopg.connect(server.dsn(name), autocommit=True) as inside:
        inside.execute(project.DEFAULTS)
    migrate(server.dsn(name))
    # A template with a connection open cannot be cloned.
    connection.execute(f"alter database {name} with allow_connections false is_template true")


def _drop_left_behind(connection: psycopg.Connection[tuple[object, ...]]) -> None:
    """Old templates and the clones of workers that were killed."""
    rows = connection.execute("select datname, datistemplate from pg_database order by oid desc").fetchall()
    templates = [str(name) for name, _ in rows if str(name).startswith("tpl_")]
    clones = [str(name) for name, _ in rows if str(name).startswith("t_") and not _alive(str(name))]
    for name in templates[_TEMPLATES_KEPT:]:
        connection.execute(f"alter database {name} with is_template false")
    for name in (*templates[_TEMPLATES_KEPT:], *clones):
        connection.execute(f"drop database if exists {name} with (force)")


def _alive(clone: str) -> bool:
    try:
        os.kill(int(clone.split("_")[1]), 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


@contextmanager
def cloned(server: EmbeddedServer, template: str | None) -> Iterator[str]:
    """The URL of a database of its own, dropped afterwards."""
    name = f"t_{os.getpid()}_{next(_counter)}"
    server.create_database(name, template)
    try:
        yield server.dsn(name)
    finally:
        server.drop_database(name)


@contextmanager
def role_settings(server: EmbeddedServer, *, changing: bool = False) -> Iterator[None]:
    """Whoever speaks as an API role holds this; whoever changes a role's settings holds it alone.

    They are settings of the whole server; afterwards they are as a project has them.
    """
    kind = "" if changing else "_shared"
    with psycopg.connect(server.dsn(), autocommit=True) as connection:
        connection.execute(f"select pg_advisory_lock{kind}({_ROLES_LOCK})")
        try:
            yield
        finally:
            if changing:
                connection.execute(project.ROLES)


def execute(dsn: str, statements: str) -> None:
    """Run SQL as the owner, for example to create a function a test needs."""
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute(statements)  # type: ignore[call-overload,unused-ignore]


def set_time(dsn: str, moment: datetime) -> None:
    """Make `loop_now()` of this database answer `moment` (aware) until it is called again."""
    if moment.tzinfo is None:
        raise ValueError("an aware datetime is needed")
    execute(
        dsn,
        "create or replace function public.loop_now() returns timestamptz language sql stable "
        f"set search_path = '' as $$ select timestamptz '{moment.isoformat()}' $$",
    )
