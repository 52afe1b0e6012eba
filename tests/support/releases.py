"""What each release's code expects of the database, so that old code runs on a new schema and the reverse.

A deploy and a migration are never at the same instant: containers of the last release go on for minutes on
the new schema, and new containers may start before the migration. So a function that a release offered
stays as it was for as long as that release is supported, and a changed one gets a new version in its name.

To record a release, once its migrations are final and before it is tagged:

    uv run python -m tests.support.releases 0.2.0

This writes `tests/contract/releases/0.2.0.json`: the last migration and every public `*_v<n>` function with
its arguments (name, type, whether it may be left out) and its result. A record of a published release is
never written again: if it does not hold any more, the migration is wrong. A record is deleted when no
container of that release can be running any more.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import psycopg

from shared.state.embedded import EmbeddedServer, scratch_data_dir
from shared.state.migrate import migrate, migrations
from tests.support.database import cloned

RECORDS = Path(__file__).resolve().parents[1] / "contract" / "releases"

_CATALOGUE = """
select coalesce(jsonb_object_agg(f.name, f.shape), '{}') from (
    select p.proname as name, jsonb_build_object(
        'arguments', coalesce((
            select jsonb_agg(jsonb_build_object(
                'name', a.name, 'type', format_type(a.type, null),
                'optional', a.n > p.pronargs - p.pronargdefaults) order by a.n)
            from unnest(p.proargnames[:p.pronargs], p.proargtypes::oid[]) with ordinality a (name, type, n)
        ), '[]'),
        'result', pg_get_function_result(p.oid)) as shape
    from pg_proc p
    where p.pronamespace = 'public'::regnamespace and p.proname ~ '_v[0-9]+$') f
"""


def catalogue(dsn: str) -> dict[str, Any]:
    """The versioned functions of a database by name: {arguments: [{name, type, optional}], result}."""
    with psycopg.connect(dsn) as connection:
        row = connection.execute(_CATALOGUE).fetchone()
    return dict(row[0]) if row else {}


def recorded() -> dict[str, dict[str, Any]]:
    """The records by release: {last_migration, functions}."""
    return {
        path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(RECORDS.glob("*.json"))
    }


def record(release: str) -> Path:
    """Write what the migrations offer now as this release's record."""
    with EmbeddedServer.attach(scratch_data_dir("tests"), fast=True) as server, cloned(server, None) as dsn:
        migrate(dsn)
        found = {"last_migration": migrations()[-1].label, "functions": catalogue(dsn)}
    path = RECORDS / f"{release}.json"
    path.write_text(json.dumps(found, indent=1, sort_keys=True) + "\n", encoding="utf-8")
    return path


if __name__ == "__main__":
    sys.stdout.write(f"{record(sys.argv[1])}\n")
