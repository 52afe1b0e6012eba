"""Migrations: in order, each whole or not at all, recorded as the Supabase CLI records them."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from shared.errors import ConfigurationError, StateError, StateUnavailable
from shared.state.embedded import EmbeddedServer
from shared.state.migrate import migrate, migrations, migrations_dir, pending
from tests.support.database import cloned


@pytest.fixture
def empty(server: EmbeddedServer) -> Iterator[str]:
    with cloned(server, None) as dsn:
        yield dsn


def _write(folder: Path, **files: str) -> Path:
    for name, text in files.items():
        (folder / f"{name.removeprefix('v')}.sql").write_text(text)
    return folder


def _rows(dsn: str, query: str) -> list[tuple[object, ...]]:
    with psycopg.connect(dsn) as connection:
        return connection.execute(query).fetchall()  # type: ignore[call-overload,no-any-return,unused-ignore]


def test_migrate__applies_in_order_and_records(empty: str, tmp_path: Path) -> None:
    folder = _write(tmp_path, v002_second="insert into t values (2);", v001_first="create table t (a int);")
    assert pending(empty, folder=folder) == ["001_first", "002_second"]
    assert migrate(empty, folder=folder) == ["001_first", "002_second"]
    ledger = _rows(
        empty, "select version, name, statements from supabase_migrations.schema_migrations order by 1"
    )
    assert ledger == [
        ("001", "first", ["create table t (a int);"]),
        ("002", "second", ["insert into t values (2);"]),
    ]


def test_migrate__again_does_nothing(empty: str, tmp_path: Path) -> None:
    folder = _write(tmp_path, v1_one="create table t (a int);")
    migrate(empty, folder=folder)
    assert migrate(empty, folder=folder) == []
    assert pending(empty, folder=folder) == []


def test_pending__changes_nothing(empty: str, tmp_path: Path) -> None:
    pending(empty, folder=_write(tmp_path, v1_one="create table t (a int);"))
    assert _rows(empty, "select to_regclass('t'), to_regnamespace('supabase_migrations')") == [(None, None)]


def test_failing_migration__leaves_the_one_before_it(empty: str, tmp_path: Path) -> None:
    folder = _write(
        tmp_path,
        v1_good="create table t (a int);",
        v2_bad="create table u (a int);\nselect no_such_function();",
        v3_later="create table w (a int);",
    )
    with pytest.raises(StateError, match=r"2_bad line 2: .*no_such_function") as caught:
        migrate(empty, folder=folder)
    assert caught.value.code == "42883"
    assert _rows(empty, "select to_regclass('t')::text, to_regclass('u'), to_regclass('w')") == [
        ("t", None, None)
    ]
    assert pending(empty, folder=folder) == ["2_bad", "3_later"]
    _write(tmp_path, v2_bad="create table u (a int);")
    assert migrate(empty, folder=folder) == ["2_bad", "3_later"]


def test_gap__is_refused_and_nothing_applied(empty: str, tmp_path: Path) -> None:
    folder = _write(tmp_path, v10_a="create table a (i int);", v30_c="create table c (i int);")
    migrate(empty, folder=folder)
    _write(tmp_path, v20_b="create table b (i int);", v40_d="create table d (i int);")
    for act in (pending, migrate):
        with pytest.raises(ConfigurationError, match="20_b"):
            act(empty, folder=folder)
    assert _rows(empty, "select to_regclass('b'), to_regclass('d')") == [(None, None)]


def test_ledger_of_the_supabase_cli__is_continued(empty: str, tmp_path: Path) -> None:
    with psycopg.connect(empty) as connection:
        connection.execute("create schema supabase_migrations")
        connection.execute("create table supabase_migrations.schema_migrations (version text primary key)")
        connection.execute("insert into supabase_migrations.schema_migrations values ('1')")
    folder = _write(tmp_path, v1_one="select no_such();", v2_two="create table t (a int);")
    assert migrate(empty, folder=folder) == ["2_two"]


def test_percent_signs_and_dollar_quotes__are_only_text(empty: str, tmp_path: Path) -> None:
    text = "create function f() returns text language sql as $$ select format('%s %%', 'x') $$; select f();"
    assert migrate(empty, folder=_write(tmp_path, v1_one=text)) == ["1_one"]


@pytest.mark.parametrize("names", [("first",), ("1_a", "1_b")])
def test_bad_names__are_refused(empty: str, tmp_path: Path, names: tuple[str, ...]) -> None:
    folder = _write(tmp_path, **{f"v{name}": "select 1" for name in names})
    with pytest.raises(ConfigurationError):
        migrate(empty, folder=folder)


def test_two_at_once__take_turns(empty: str, tmp_path: Path) -> None:
    folder = _write(tmp_path, v1_one="create table t (a int); select pg_sleep(0.2);", v2_two="select 1;")
    applied: list[list[str]] = []
    runners = [
        threading.Thread(target=lambda: applied.append(migrate(empty, folder=folder))) for _ in range(2)
    ]
    for runner in runners:
        runner.start()
    for runner in runners:
        runner.join()
    assert sorted(applied) == [[], ["1_one", "2_two"]]


def test_no_server__unavailable() -> None:
    with pytest.raises(StateUnavailable):
        migrate("postgresql://postgres@127.0.0.1:1/x")


def test_our_own_migrations__are_named_in_order_and_all_applied(database: str) -> None:
    assert migrations_dir().parts[-2:] == ("supabase", "migrations")
    assert all(re.fullmatch(r"\d{14}", migration.version) for migration in migrations())
    assert pending(database) == []
    assert migrate(database) == []
