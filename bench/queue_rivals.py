"""What a tick is held against: raw SQL with the same two commits, and procrastinate's worker."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import psycopg

RAW_TABLE = """
drop table if exists raw_sends;
create table raw_sends (id bigint generated always as identity primary key, state text not null,
    lease_until timestamptz, payload jsonb, provider_id text);
create index on raw_sends (id) where state = 'planned';
insert into raw_sends (state) select 'planned' from generate_series(1, %s);
analyze raw_sends;
"""
RAW_CLAIM = """
with due as materialized (
    select id from raw_sends where state = 'planned' order by id limit %s for update skip locked
)
update raw_sends r set state = 'leased', lease_until = now() + interval '120 s' from due where r.id = due.id
returning r.id
"""
RAW_INTENT = """
update raw_sends set state = 'submitted', payload = %s
where id = %s and state = 'leased' and lease_until > now()
"""
RAW_RECEIPT = (
    "update raw_sends set state = 'accepted', provider_id = %s where id = %s and state = 'submitted'"
)

WORKER = Path(__file__).with_name("procrastinate_worker.py")


def raw_sql(dsn: str, sends: int, batch: int) -> float:
    """Sends per second of one connection that commits a claim per batch, an intent and a receipt per send."""
    payload = json.dumps({"to": ["ada@example.com"], "subject": "Hello", "text": "Hello " * 200})
    with psycopg.connect(dsn, autocommit=True) as connection:
        connection.execute((RAW_TABLE % sends).encode())
        began, done = time.perf_counter(), 0
        while claimed := connection.execute(RAW_CLAIM, [batch]).fetchall():
            for (number,) in claimed:
                assert connection.execute(RAW_INTENT, [payload, number]).rowcount == 1
                assert connection.execute(RAW_RECEIPT, [f"P-{number}", number]).rowcount == 1
                done += 1
        took = time.perf_counter() - began
        left = connection.execute("select count(*) from raw_sends where state <> 'accepted'").fetchone()
    assert (done, left) == (sends, (0,))
    return sends / took


def procrastinate(dsn: str, jobs: int, concurrency: int = 10) -> float:
    """Jobs per second of procrastinate's whole worker with an empty job, installed for this run alone."""
    with_it = ["--with", "procrastinate>=3,<4", "--with", "psycopg[binary,pool]>=3.2"]
    command = [
        "uv",
        "run",
        "--no-project",
        "--quiet",
        "--python",
        sys.executable,
        *with_it,
        "python",
        str(WORKER),
    ]
    done = subprocess.run([*command, dsn, str(jobs), str(concurrency)], capture_output=True, text=True)
    if done.returncode:
        raise SystemExit(f"procrastinate's worker did not run:\n{done.stderr[-2000:]}")
    found = json.loads(done.stdout.splitlines()[-1])
    assert found["succeeded"] == found["ran"] == jobs, found
    return float(jobs / found["seconds"])
