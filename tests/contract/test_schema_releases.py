"""Old code on the new schema, and new code on the old one."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import psycopg
import pytest

from shared.errors import SchemaOutdated, StateError
from shared.state.embedded import EmbeddedServer
from shared.state.migrate import migrate, migrations
from shared.state.postgres import PostgresTransport
from tests.support.database import cloned
from tests.support.releases import catalogue, recorded
from tests.support.verbs import DatabaseCall, database_calls

RELEASES = sorted(recorded())


def changed(then: dict[str, Any], now: dict[str, Any]) -> dict[str, str]:
    """Functions of a release that are gone or different, with what became of them."""
    return {
        name: "gone" if name not in now else f"was {json.dumps(shape)}, is {json.dumps(now[name])}"
        for name, shape in then.items()
        if now.get(name) != shape
    }


@pytest.fixture
def old_schema(request: pytest.FixtureRequest, server: EmbeddedServer, tmp_path: Path) -> Iterator[str]:
    """A database as a release's last migration left it."""
    last = recorded()[request.param]["last_migration"]
    for migration in migrations():
        if migration.label <= last:
            shutil.copy(migration.path, tmp_path)
    with cloned(server, None) as dsn:
        migrate(dsn, folder=tmp_path)
        yield dsn


def test_a_release_is_recorded() -> None:
    assert RELEASES


@pytest.mark.parametrize("release", RELEASES)
def test_old_code_on_the_new_schema__every_function_is_as_it_was(database: str, release: str) -> None:
    assert changed(recorded()[release]["functions"], catalogue(database)) == {}


@pytest.mark.parametrize("release", RELEASES)
def test_the_newest_record__is_complete_until_there_is_a_further_migration(
    database: str, release: str
) -> None:
    record = recorded()[release]
    labels = [migration.label for migration in migrations()]
    assert record["last_migration"] in labels
    if record["last_migration"] == labels[-1]:
        now = catalogue(database)
        assert now == record["functions"], f"record it again: python -m tests.support.releases {release}"


@pytest.mark.parametrize("old_schema", RELEASES, indirect=True)
def test_new_code_on_the_old_schema__finds_its_function_or_says_that_the_schema_is_old(
    old_schema: str,
) -> None:
    offered = catalogue(old_schema)
    with closing(PostgresTransport(old_schema)) as transport:
        for call in database_calls():
            fits = call.function in offered and accepts(offered[call.function], call.arguments)
            assert outcome(transport, call) in (["found", "22", "23"] if fits else ["outdated"]), call


def outcome(transport: PostgresTransport, call: DatabaseCall) -> str:
    """What a call with nothing but nulls comes to; a function that is found may refuse the nulls."""
    try:
        transport.call(call.function, **dict.fromkeys(call.arguments))
    except SchemaOutdated:
        return "outdated"
    except StateError as error:
        return error.code[:2]
    return "found"


def accepts(shape: dict[str, Any], arguments: frozenset[str]) -> bool:
    """Whether a function can be called with these argument names."""
    known = {argument["name"] for argument in shape["arguments"]}
    needed = {argument["name"] for argument in shape["arguments"] if not argument["optional"]}
    return needed <= arguments <= known


def test_control__a_changed_or_missing_function_is_noticed(database: str) -> None:
    now = catalogue(database)
    with psycopg.connect(database) as connection:
        connection.execute("drop function public.count_leads_v1()")
        connection.execute("alter function public.list_leads_v1(bigint, int) rename to list_leads_v2")
        connection.execute("drop function public.new_companies_v1(int)")
        connection.execute(
            "create function public.new_companies_v1(days int default 7) returns int language sql return 1"
        )
    assert changed(now, catalogue(database)).keys() == {"count_leads_v1", "list_leads_v1", "new_companies_v1"}


def test_control__a_missing_function_means_the_schema_is_old(database: str) -> None:
    with psycopg.connect(database) as connection:
        connection.execute("drop function public.count_leads_v1()")
    with closing(PostgresTransport(database)) as transport, pytest.raises(SchemaOutdated):
        transport.call("count_leads_v1")
