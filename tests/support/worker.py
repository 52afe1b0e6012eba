"""Workers in processes of their own, one for each run, so that they can be killed for real.

This process imports everything once and then forks: a worker is at work milliseconds after it was asked for.
`tests/crash/test_tick_killed.py` runs it as a module before anything is planned. It says when it is ready,
reads one line per worker (its kind), says the worker's process id, waits for a second line before letting it
begin, and reports how it ended.
"""

from __future__ import annotations

import os
import sys
import uuid
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime

import psycopg

from functions import stages
from functions.runner import run_stage
from shared.config import Settings
from shared.providers.channel import Message
from shared.providers.registry import Providers
from simulator.days import build_loop
from simulator.demo import demo_settings
from simulator.wire import Urls

NAIVE_TABLE = "create table naive (email text primary key, done boolean not null default false)"


def tick(settings: Settings, dsn: str) -> None:
    """The real thing, as the schedule fires it."""
    report = run_stage(build_loop(settings, dsn, lambda _: None), "outreach_tick")
    if report.failed:
        raise SystemExit(3)


def mark_after(settings: Settings, dsn: str) -> None:
    """A sender without intents: it sends, and then writes down that it did."""
    _naive(settings, dsn, mark_first=False)


def mark_first(settings: Settings, dsn: str) -> None:
    """A sender that writes down that it sent, and then sends."""
    _naive(settings, dsn, mark_first=True)


def _naive(settings: Settings, dsn: str, *, mark_first: bool) -> None:
    channel = Providers(settings).email
    with psycopg.connect(dsn, autocommit=True) as connection:
        rows = connection.execute("select email from naive where not done order by email").fetchall()
        for (email,) in rows:
            mail = {"from": "sarah@mail.example.com", "to": [email], "subject": "Hello", "text": "Hello"}
            message = Message(str(uuid.uuid4()), mail, datetime.now(UTC))
            if mark_first:
                connection.execute("update naive set done = true where email = %s", [email])
            channel.send(message)
            connection.execute("update naive set done = true where email = %s", [email])


KINDS: dict[str, Callable[[Settings, str], None]] = {
    "tick": tick,
    "mark_after": mark_after,
    "mark_first": mark_first,
}


def main(dsn: str, vapi: str, resend: str, twilio: str) -> None:
    """Fork workers until the input ends."""
    settings = demo_settings(Urls(vapi, resend, twilio), 1)
    _warm_up(settings, dsn)
    print("ready", flush=True)  # noqa: T201 - the protocol
    for line in sys.stdin:
        begin, let = os.pipe()
        pid = os.fork()
        if pid == 0:
            os.read(begin, 1)
            _work(KINDS[line.strip()], settings, dsn)
        print(pid, flush=True)  # noqa: T201
        sys.stdin.readline()
        os.write(let, b".")
        _, status = os.waitpid(pid, 0)
        os.close(begin)
        os.close(let)
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201


def _warm_up(settings: Settings, dsn: str) -> None:
    """All that would take a worker longer than what it does: imports, the directives, TLS."""
    stages.get("outreach_tick").resolve()
    providers = Providers(settings)
    _ = providers.calls, providers.sms
    providers.email.probe()
    with closing(build_loop(settings, dsn, lambda _: None)) as loop:
        run_stage(loop, "daily_executor", by_hand=True, dry_run=True)  # asks the gate about everybody


def _work(work: Callable[[Settings, str], None], settings: Settings, dsn: str) -> None:
    code = 1
    try:
        work(settings, dsn)
        code = 0
    except SystemExit as end:
        code = int(end.code or 0)
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(*sys.argv[1:])
