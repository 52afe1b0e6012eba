"""Days of a business in a world: production code, the providers' wire, a clock that is moved by hand.

The driver owns nothing of the loop: it fires stages through the same runner as the schedule does, brings
webhooks to the web endpoint over HTTP, and turns the owner's switches through the same verbs.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import httpx
import psycopg
import uvicorn

from functions import slots, stages
from functions.runner import run_stage
from functions.stages import Stage
from functions.web.app import build as build_web
from shared.config import Settings
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.report import StageReport
from shared.state import State
from shared.state.postgres import PostgresTransport
from simulator.agenda import Agenda
from simulator.clock import VirtualClock
from simulator.webhooks import deliver_due
from simulator.wire.server import WireServer

LOOP_NOW = """
create schema if not exists simulation;
create table simulation.clock (at timestamptz not null);
insert into simulation.clock values ('{start}');
create or replace function public.loop_now() returns timestamptz language sql stable
as $$ select at from simulation.clock $$;
grant usage on schema simulation to service_role;
grant select on simulation.clock to service_role;
"""


@dataclass(frozen=True)
class OwnerAct:
    """Something the owner does by hand at a moment of the run."""

    at: datetime
    does: Callable[[Loop], None]


@dataclass
class Days:
    """One world over a stretch of time. `progress` is told each virtual instant that was reached."""

    loop: Loop
    web_loop: Loop
    wire: WireServer
    clock: VirtualClock
    agenda: Agenda
    database: psycopg.Connection[Any]
    owner: list[OwnerAct] = field(default_factory=list)
    progress: Callable[[datetime], None] = lambda _: None
    reports: list[StageReport] = field(default_factory=list)

    def run(self, until: datetime) -> None:
        """Live from the clock's present to `until`: stages at their slots, webhooks at their times."""
        with web_server(self.web_loop) as base, httpx.Client(base_url=base, timeout=30) as client:
            poster = Poster(client, self.loop.settings.public_url or "")
            for at, stage in firings(self.clock.now, until, self.loop):
                self._deliver_until(at, poster)
                self._act_until(at)
                self.move_to(at)
                self.reports.append(run_stage(self.loop, stage.name))
                self.progress(at)
            self._deliver_until(until, poster)

    def move_to(self, at: datetime) -> None:
        """Set the world's and the database's clock; neither goes back."""
        self.clock.advance_to(at)
        self.database.execute("update simulation.clock set at = greatest(at, %s)", [self.clock.now])

    def wait(self, seconds: float) -> None:
        """A pause between two sends: virtual time passes, nobody sleeps."""
        self.move_to(self.clock.now + timedelta(seconds=seconds))

    def _deliver_until(self, at: datetime, poster: Poster) -> None:
        while (next_at := self.agenda.next_at()) is not None and next_at <= at:
            self.move_to(next_at)
            deliver_due(
                self.agenda,
                self.clock,
                poster.post,
                signer=self.wire.signer,
                record=self.wire.record,
                get=poster.get,
            )

    def _act_until(self, at: datetime) -> None:
        while self.owner and self.owner[0].at <= at:
            act = self.owner.pop(0)
            self.move_to(act.at)
            act.does(self.loop)


@dataclass
class Poster:
    """Brings the world's requests to the web endpoint, whatever public address they were signed for."""

    client: httpx.Client
    public_url: str

    def post(self, url: str, headers: Any, raw: bytes) -> int:
        """Deliver one webhook; 0 for no answer."""
        return self._send("POST", url, headers, raw)

    def get(self, url: str, headers: Any) -> int:
        """Open one link, as a scanner or a person does."""
        return self._send("GET", url, headers, b"")

    def _send(self, method: str, url: str, headers: Any, raw: bytes) -> int:
        if not url.startswith(self.public_url):
            return 0
        try:
            path = url.removeprefix(self.public_url)
            return self.client.request(method, path, headers=dict(headers), content=raw).status_code
        except httpx.HTTPError:
            return 0


def firings(start: datetime, until: datetime, loop: Loop) -> Iterator[tuple[datetime, Stage]]:
    """Every slot of every built stage, in order of time and then of the stage table."""
    built = [stage for stage in stages.STAGES if stage.built]
    upcoming = {stage.name: slots.next_slot(stage, start, loop.zone) for stage in built}
    while True:
        at = min(upcoming.values())
        if at > until:
            return
        for stage in built:
            if upcoming[stage.name] == at:
                yield at, stage
                upcoming[stage.name] = slots.next_slot(stage, at, loop.zone)


def build_loop(settings: Settings, dsn: str, pause: Callable[[float], None]) -> Loop:
    """Production's loop over one database, with the clock's pause instead of a sleep."""
    state = State(PostgresTransport(dsn), settings.installation_id)
    return Loop(settings=settings, state=state, providers=Providers(settings), pause=pause)


def start_clock(dsn: str, start: datetime) -> psycopg.Connection[Any]:
    """Replace the body of `loop_now()` in this database, and only here."""
    connection = psycopg.connect(dsn, autocommit=True)
    connection.execute(LOOP_NOW.format(start=start.isoformat()).encode())
    return connection


@contextmanager
def web_server(loop: Loop) -> Iterator[str]:
    """The production web app on a loopback port of its own."""
    with ExitStack() as stack:
        # With the protocol named, asyncio turns Nagle's algorithm off: 40 ms less for each small answer.
        listener = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP))
        listener.bind(("127.0.0.1", 0))
        listener.listen(16)
        config = uvicorn.Config(build_web(loop), log_level="error", lifespan="off", access_log=False)
        server = uvicorn.Server(config)
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(timeout=10)


def business_days(first: date, count: int) -> list[date]:
    """The first so many weekdays from a date on; holidays count, because a day off is a day to watch too."""
    days: list[date] = []
    day = first
    while len(days) < count:
        if day.weekday() < 5:
            days.append(day)
        day += timedelta(days=1)
    return days


def local(day: date, hour: int, minute: int, loop_zone: Any) -> datetime:
    """An instant on the owner's wall clock."""
    return datetime.combine(day, time(hour, minute), loop_zone)
