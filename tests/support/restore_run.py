"""A failover that loses commits: files are copied, more is sent, and the copy takes its place."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import psycopg

from shared.state.embedded import EmbeddedServer
from shared.state.migrate import migrate
from shared.state.postgres import PostgresTransport
from tests.support.crash_run import Found, Size, fill, judge, provider, run_clock, workers
from tests.support.ledger import Ledger
from tests.support.processes import eventually, supervised

FILES = "pg18"


def restored(home: Path, size: Size, *, before: int) -> tuple[Found, int]:
    """Send `before`, copy the files, send the rest, put the copy back and go on.

    The provider lives through it all. Returns what came of it, and the number of sends that the restored
    ledger had forgotten.
    """
    began = time.time()
    with serving(home) as dsn:
        migrate(dsn)
        with closing(PostgresTransport(dsn)) as transport:
            ids = fill(Ledger.over(dsn, transport), size)
        run_clock(dsn, began, size.speed)
    with provider(began, size) as url, tempfile.TemporaryDirectory(prefix="growthloop-restore-") as folder:
        _send(home, url, size, folder, before)
        subprocess.run(["cp", "-a", home / FILES, home.with_name("copy")], check=True)  # owners included
        _send(home, url, size, folder, size.sends)
        shutil.rmtree(home / FILES)
        home.with_name("copy").rename(home / FILES)
        accepted = httpx.get(f"{url}/accepted", timeout=60).json()
        with serving(home) as dsn:
            lost = len(accepted) - _known(dsn)
        _send(home, url, size, folder, size.sends)
        with serving(home) as dsn:
            effects = httpx.get(f"{url}/accepted", timeout=60).json()
            return judge(dsn, ids, effects, Path(folder), time.time() - began), lost


@contextmanager
def serving(home: Path) -> Iterator[str]:
    """The URL of the database of a folder, whose server has stopped afterwards."""
    with EmbeddedServer.attach(home, fast=True) as server:
        yield server.dsn()
    assert eventually(lambda: not supervised(home)), "the server did not stop"


def _send(home: Path, url: str, size: Size, folder: str, until: int) -> None:
    """Make so many due as are wanted until then, let the workers loose, and stop them in good order."""
    over = Path(folder) / "over"
    over.unlink(missing_ok=True)
    with serving(home) as dsn:
        with psycopg.connect(dsn, autocommit=True) as owner:
            owner.execute(_DUE, [until - _known(dsn)])
        with workers(dsn, url, "tick", size, folder):
            assert eventually(lambda: _known(dsn) >= until, seconds=size.patience_s), _known(dsn)


_DUE = """
update deliveries d set due_at = loop_now()
where d.id in (select x.id from deliveries x where x.state = 'planned' order by x.id limit %s)
"""


def _known(dsn: str) -> int:
    with psycopg.connect(dsn) as owner:
        query = "select count(*) from deliveries where kind = 'touch' and state in ('accepted', 'finished')"
        row = owner.execute(query).fetchone()
    return int(row[0]) if row else 0
