"""Workers killed in the middle of a tick: nobody is contacted twice, and no touch is lost in silence.

Real processes, real SIGKILL, at points drawn from a seed: when a request arrives (before or after it takes
effect), right after it was answered, or in between. The providers' wire is in this process, so that what it
accepted survives the worker. Two naive senders go through the same harness and must be caught by it.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from random import Random
from threading import Timer
from typing import Any, Literal

import psycopg
import pytest

from simulator.days import stage_crons
from simulator.wire.http import Request
from tests.support.processes import finish
from tests.support.worker import NAIVE_TABLE
from tests.support.world import Row, Stand, consent, people, stand

pytestmark = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="signals by pidfd")

FRIDAY = date(2026, 10, 9)
SENDS = frozenset({"vapi.create_call", "resend.send", "twilio.send"})
KILLS = 32
ROUNDS = 90

When = Literal["arrives", "took_effect", "answered", "begun"]
POINTS: tuple[When, ...] = ("arrives", "took_effect", "took_effect", "answered", "begun")


@dataclass(frozen=True)
class Blow:
    """One kill: at the k-th request of the worker, or so many seconds after that or after its begin."""

    when: When
    nth: int
    delay_s: float


@dataclass
class Killer:
    """Strikes the worker at hand, from within the wire. Process ids may be reused; a pidfd is not."""

    roll: Random
    landed: Counter[str] = field(default_factory=Counter)
    _pidfd: int | None = None
    _blow: Blow = field(default_factory=lambda: Blow("begun", 0, 0.0))
    _seen: int = 0

    def aim(self, pid: int) -> None:
        """Choose the blow for a worker that waits to begin."""
        self._pidfd, self._seen = os.pidfd_open(pid), 0
        when = self.roll.choice(POINTS)
        self._blow = Blow(when, self.roll.randint(1, 4), self.roll.uniform(0.0, 0.012))

    def begun(self) -> None:
        """The worker was let go."""
        if self._blow.when == "begun":
            Timer(self._blow.delay_s * 3, self._strike, [self._pidfd]).start()

    def look(self, point: str, _: Request) -> str | None:
        """The wire's fault hook."""
        if point not in SENDS or self._pidfd is None:
            return None
        self._seen += 1
        if self._seen != self._blow.nth:
            return None
        if self._blow.when == "answered":
            Timer(self._blow.delay_s, self._strike, [self._pidfd]).start()
        if self._blow.when in ("arrives", "took_effect"):
            self._strike(self._pidfd)
        return "refuse" if self._blow.when == "arrives" else None

    def ended(self, exit_code: int) -> None:
        """The worker is gone, one way or another."""
        if exit_code == -signal.SIGKILL:
            self.landed[self._blow.when] += 1
        pidfd, self._pidfd = self._pidfd, None
        if pidfd is not None:
            Timer(1.0, os.close, [pidfd]).start()  # a blow may still be under way

    def _strike(self, pidfd: int) -> None:
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(pidfd, signal.SIGKILL)


class Workers:
    """The process that forks them."""

    def __init__(self, process: subprocess.Popen[str], killer: Killer) -> None:
        self._process, self._killer = process, killer

    def run(self, kind: str, *, killed: bool = True) -> int:
        """Run one worker to its end; its exit code, negative for a signal."""
        pid = self.start(kind)
        if killed:
            self._killer.aim(pid)
        self.let_go()
        if killed:
            self._killer.begun()
        code = self.end()
        self._killer.ended(code)
        return code

    def ready(self) -> bool:
        """Wait until it can fork workers."""
        return self._read().strip() == "ready"

    def start(self, kind: str) -> int:
        """The process id of a worker that waits to begin."""
        self._say(kind)
        return int(self._read())

    def let_go(self) -> None:
        """Let it begin."""
        self._say("go")

    def end(self) -> int:
        """Wait for its end."""
        return int(self._read())

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()

    def _read(self) -> str:
        assert self._process.stdout is not None
        return self._process.stdout.readline()


@contextmanager
def _workers(here: Stand, killer: Killer) -> Iterator[Workers]:
    urls = here.days.wire.urls
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.worker", here.dsn, urls.vapi, urls.resend, urls.twilio],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        cwd=Path(__file__).parents[2],
    )
    here.fault = killer.look
    try:
        workers = Workers(process, killer)
        assert workers.ready()
        yield workers
    finally:
        finish(process)


def _everybody() -> tuple[list[Row], list[Row]]:
    texted = people(12, phone="mobile phone", first=60)
    rows = people(58) + people(12, state="NY", phone="corporate phone", first=80) + texted
    return rows, [consent(row, "sms") for row in texted]


def _next_slot(here: Stand) -> None:
    """Three minutes on: longer than the lease of a run, and than that of a touch."""
    at, _ = next(iter(stage_crons(here.days, here.days.clock.now.replace(year=2030))))
    here.days.move_to(at)


def _until_enough_died(here: Stand, workers: Workers, killer: Killer, kind: str) -> None:
    for _ in range(ROUNDS):
        if killer.landed.total() >= KILLS:
            return
        _next_slot(here)
        workers.run(kind)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.long)])
def test_killed_at_any_point__nobody_twice_nothing_lost(database: str, seed: int) -> None:
    rows, consents = _everybody()
    killer = Killer(Random(seed))  # noqa: S311 - chooses where to strike
    with stand(database, rows, consents) as here, _workers(here, killer) as workers:
        here.plan()
        here.skip_to(7, 55, day=FRIDAY)
        here.plan()  # the texts are a second day's step
        _until_enough_died(here, workers, killer, "tick")
        assert killer.landed.total() >= KILLS, killer.landed
        assert {"arrives", "took_effect"} < set(killer.landed)
        for _ in range(12):
            _next_slot(here)
            assert workers.run("tick", killed=False) == 0
        _nobody_twice_nothing_lost(here, len(rows))
        (unsettled,) = here.rows("select count(*) as n from delivery_transitions where to_state = 'unknown'")
        assert unsettled["n"], "no worker died between intent and record: the harness is blind"
        assert not _unknown(here), "every provider could be asked, and was not"


def _accepted(here: Stand) -> Counter[str]:
    return Counter(each.reference or "" for each in here.days.wire.record.contacts if each.person)


def _unknown(here: Stand) -> set[str]:
    return {str(touch["id"]) for touch in here.touches() if touch["state"] == "unknown"}


def _nobody_twice_nothing_lost(here: Stand, count: int) -> None:
    contacts = _accepted(here)
    assert max(contacts.values()) == 1, "somebody was contacted twice"
    people_reached = Counter((each.person, each.channel) for each in here.days.wire.record.contacts)
    assert max(people_reached.values()) == 1
    touches = {str(t["id"]): t for t in here.touches() if t["state"] not in ("refused", "planned")}
    assert set(contacts) <= set(touches), "the wire accepted what the ledger has as not sent"
    for key, touch in touches.items():
        assert touch["state"] in ("accepted", "finished", "unknown"), touch["state"]
        assert touch["state"] == "unknown" or contacts[key] == 1, (
            "the ledger has as sent what nobody accepted"
        )
    waiting = [t for t in here.touches() if t["state"] == "planned"]
    assert len(touches) + len(waiting) == count
    assert not here.rows("select from deliveries where state in ('leased', 'submitted')")
    assert here.violations() == dict.fromkeys(here.violations(), 0)


@pytest.mark.long
@pytest.mark.parametrize("kind", ["mark_after", "mark_first"])
def test_naive_sender__is_caught_by_the_same_harness(database: str, kind: str) -> None:
    """The control: one sends twice, the other loses. If neither shows, the test above proves nothing."""
    rows = people(90)
    killer = Killer(Random(3))  # noqa: S311 - chooses where to strike
    with stand(database, rows) as here, _workers(here, killer) as workers:
        done = _naive_table(here, rows)
        _until_enough_died(here, workers, killer, kind)
        assert killer.landed.total() >= KILLS // 2, killer.landed
        reached = Counter(here.sent("email"))
        doubled = [email for email, times in reached.items() if times > 1]
        lost = [email for email in done() if not reached[email]]
        if kind == "mark_after":
            assert len(doubled) >= 3
            assert here.violations()["sent_twice"] >= 3
        else:
            assert len(lost) >= 3


def _naive_table(here: Stand, rows: list[Row]) -> Any:
    with psycopg.connect(here.dsn, autocommit=True) as connection:
        connection.execute(NAIVE_TABLE)
        with connection.cursor() as cursor:
            cursor.executemany("insert into naive (email) values (%s)", [[row["email"]] for row in rows])
    return lambda: [row["email"] for row in here.rows("select email from naive where done")]


@pytest.mark.long
def test_started_twice_at_once__one_runs_and_each_is_contacted_once(database: str) -> None:
    """A scheduler may start the same input again: one takes the slot, the other stands back."""
    rows = people(10)
    with stand(database, rows) as here, ExitStack() as stack:
        killer = Killer(Random(0))  # noqa: S311 - never aims
        both = [stack.enter_context(_workers(here, killer)) for _ in range(2)]
        here.plan()
        _next_slot(here)
        pids = {workers.start("tick") for workers in both}
        assert len(pids) == 2
        for workers in both:
            workers.let_go()
        assert [workers.end() for workers in both] == [0, 0]
        assert sorted(here.sent("email")) == sorted(row["email"] for row in rows)
        assert here.rows("select count(*) as n from stage_runs where stage = 'outreach_tick'")[0]["n"] == 1
