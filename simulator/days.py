"""Days of a business in a world: production code, the providers' wire, a clock that is moved by hand.

The driver owns nothing of the loop: it fires stages through the same runner as the schedule does, brings
webhooks to the web endpoint over HTTP, and turns the owner's switches through the same verbs.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any

import httpx
import psycopg
import uvicorn

from functions import slots, stages
from functions.dispatcher import DISPATCHER_CRON, OWN_CRON, dispatch
from functions.runner import run_stage
from functions.stages import Stage
from functions.web.app import build as build_web
from shared.config import Settings
from shared.loop import Loop
from shared.outside import Nowhere
from shared.providers.registry import Providers
from shared.report import StageReport
from shared.state import State
from shared.state.postgres import PostgresTransport
from simulator.agenda import Agenda
from simulator.clock import VirtualClock
from simulator.credentials import Credentials
from simulator.faults import Faults
from simulator.faults.database import FaultyTransport, Outage
from simulator.webhooks import deliver_due
from simulator.wire.backstage import Fault
from simulator.wire.server import Urls, WireServer, no_fault
from simulator.world import World

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
LOOP_NOW = """
create schema if not exists simulation;
create sequence simulation.clock;
create or replace function public.loop_now() returns timestamptz language sql volatile
as $$ select to_timestamp(pg_sequence_last_value('simulation.clock'::regclass) / 1e6::float8) $$;
grant usage on schema simulation to service_role;
grant select on simulation.clock to service_role;
"""
# Microseconds in a sequence: a function without a table is inlined where it stands, as production's own is,
# so a query that asks it for each row takes a seventh of the time that reading a table would.
SET_CLOCK = """
select setval('simulation.clock', greatest(
    coalesce(pg_sequence_last_value('simulation.clock'::regclass), 0), %s))
"""


@dataclass(frozen=True)
class OwnerAct:
    """Something the owner does by hand at a moment of the run."""

    at: datetime
    does: Callable[[Loop], None]


Timetable = Callable[["Days", datetime], Iterator[tuple[datetime, Callable[[], object]]]]
"""What is started when, from the clock's present to an instant, in order of time."""


@dataclass
class Days:
    """One world over a stretch of time. `progress` is told each virtual instant that was reached.

    `outage` closes the database for the spans that `faults` names; `second` is another worker, for a
    stage that runs beside itself; `poster` brings webhooks while the web endpoint is up.
    """

    loop: Loop
    web_loop: Loop
    wire: WireServer
    clock: VirtualClock
    agenda: Agenda
    database: psycopg.Connection[Any]
    owner: list[OwnerAct] = field(default_factory=list)
    progress: Callable[[datetime], None] = lambda _: None
    reports: list[StageReport] = field(default_factory=list)
    faults: Faults = field(default_factory=Faults)
    outage: Outage | None = None
    second: Loop | None = None
    poster: Poster | None = None

    def run(self, until: datetime, timetable: Timetable | None = None) -> None:
        """Live from the clock's present to `until`: stages at their slots, webhooks at their times."""
        with self._reachable():
            for at, start in (timetable or stage_crons)(self, until):
                self._deliver_until(at)
                self._act_until(at)
                self.move_to(at)
                start()
                self.progress(at)
            self._deliver_until(until)
            self.move_to(until)

    @contextmanager
    def _reachable(self) -> Iterator[None]:
        with web_server(self.web_loop) as base, httpx.Client(base_url=base, timeout=30) as client:
            self.poster = Poster(client, self.loop.settings.public_url or "")
            try:
                yield
            finally:
                self.poster = None

    def fire(self, name: str) -> StageReport:
        """Run one stage now, as the schedule does."""
        return self._run(name, self.loop)

    def scheduled(self, name: str) -> None:
        """The schedule's firing of a stage, which a fault may prevent, double or break."""
        transport, second = self.loop.state.transport, self.second
        if self.faults.stages.any and isinstance(transport, FaultyTransport) and second is not None:
            beside = partial(self._run, name, second)
            self.faults.stages.fire(name, lambda: self.clock.now, transport, partial(self.fire, name), beside)
        else:
            self.fire(name)

    def _run(self, name: str, loop: Loop) -> StageReport:
        self.reports.append(run_stage(loop, name))
        return self.reports[-1]

    def move_to(self, at: datetime) -> None:
        """Set the world's and the database's clock; neither goes back."""
        self.clock.advance_to(at)
        now = self.clock.now
        shown = now + self.faults.clocks.skew("database", now)
        set_clock(self.database, shown)
        if self.outage is not None:
            self.outage.set(self.faults.database.is_down(now))

    def wait(self, seconds: float) -> None:
        """A pause between two sends: virtual time passes and webhooks come in, nobody sleeps."""
        until = self.clock.now + timedelta(seconds=seconds)
        self._deliver_until(until)
        self.move_to(until)

    def pass_by(self, span: timedelta) -> None:
        """Let virtual time pass, if there is any to pass."""
        if span:
            self.move_to(self.clock.now + span)

    def _deliver_until(self, at: datetime) -> None:
        poster = self.poster
        while poster and (next_at := self.agenda.next_at()) is not None and next_at <= at:
            self.move_to(next_at)
            deliver_due(
                self.agenda,
                self.clock,
                poster.post,
                signer=self.wire.signer,
                record=self.wire.record,
                get=poster.get,
                faults=self.faults,
            )

    def _act_until(self, at: datetime) -> None:
        while self.owner and self.owner[0].at <= at:
            act = self.owner.pop(0)
            self.move_to(act.at)
            if not self.faults.owner.silent(act.at):
                act.does(self.loop)


@dataclass
class Poster:
    """Brings the world's requests to the web endpoint, whatever public address they were signed for."""

    client: httpx.Client
    public_url: str

    def post(self, url: str, headers: Any, raw: bytes) -> int:
        """Deliver one webhook; 0 for no answer."""
        return self._send("POST", url, headers, raw)[0]

    def get(self, url: str, headers: Any) -> tuple[int, str]:
        """Open one link, as a scanner or a person does."""
        return self._send("GET", url, headers, b"")

    def _send(self, method: str, url: str, headers: Any, raw: bytes) -> tuple[int, str]:
        if not url.startswith(self.public_url):
            return 0, ""
        try:
            path = url.removeprefix(self.public_url)
            answer = self.client.request(method, path, headers=dict(headers), content=raw)
        except httpx.HTTPError:
            return 0, ""
        return answer.status_code, answer.text


def stage_crons(days: Days, until: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """Every slot of every built stage, each started on the spot."""
    return ((at, partial(days.scheduled, name)) for at, name in crons(days, until))


def crons(days: Days, until: datetime) -> Iterator[tuple[datetime, str]]:
    """Every slot of every built stage, in order of time and then of the stage table."""
    built = stages.built()
    zone = days.loop.zone
    upcoming = {stage.name: slots.next_slot(stage, days.clock.now, zone) for stage in built}
    while True:
        at = min(upcoming.values())
        if at > until:
            return
        for stage in built:
            if upcoming[stage.name] == at:
                yield at, stage.name
                upcoming[stage.name] = slots.next_slot(stage, at, zone)


def dispatcher_cron(days: Days, until: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """Every firing of the dispatcher, which starts what is due, and of the watch, which has its own cron.

    What the dispatcher starts is run on the spot.
    """
    zone, watch = days.loop.zone, stages.get(OWN_CRON)
    cron = Stage(
        "dispatcher", DISPATCHER_CRON, "slot", timeout_s=60, lease_s=60, catch_up=timedelta(0), does="starts"
    )
    starts: dict[Stage, Callable[[], object]] = {
        cron: lambda: dispatch(days.loop, days.scheduled),
        watch: lambda: days.scheduled(watch.name),
    }
    upcoming = {each: slots.next_slot(each, days.clock.now, zone) for each in starts}
    while (at := min(upcoming.values())) <= until:
        for each, start in starts.items():
            if upcoming[each] == at:
                yield at, start
                upcoming[each] = slots.next_slot(each, at, zone)


def nothing(_: Days, __: datetime) -> Iterator[tuple[datetime, Callable[[], object]]]:
    """No stage runs: time passes and webhooks come in."""
    return iter(())


@contextmanager
def days_in(
    world: World,
    dsn: str,
    start: datetime,
    settings: Callable[[Urls], Settings],
    *,
    credentials: Credentials,
    fault: Fault = no_fault,
    faults: Faults | None = None,
    progress: Callable[[datetime], None] = lambda _: None,
) -> Iterator[Days]:
    """A migrated database, the providers' wire before a world, and the loop between them, at one instant.

    `settings` makes the loop's settings from the wire's addresses. Raises `AssertionError` at the end if
    the wire itself failed, because then nothing it said can be relied on.
    """
    clock, agenda, faults = VirtualClock(start), Agenda(), faults or Faults()
    with (
        WireServer(world, clock, agenda, credentials, fault=fault, faults=faults) as wire,
        closing(start_clock(dsn, start)) as database,
        closing(Outage(dsn)) as outage,
    ):
        own = settings(wire.urls)
        machine: dict[str, Any] = {
            "start": lambda name: days.fire(name),
            "stopwatch": lambda: clock.now.timestamp(),
            "worker_clock": lambda: clock.now + faults.clocks.skew("worker", clock.now),
            "latency": lambda: days.pass_by(faults.database.latency(clock.now)),
        }
        with (
            closing(build_loop(own, dsn, lambda seconds: days.wait(seconds), **machine)) as loop,
            closing(build_loop(own, dsn, lambda seconds: days.wait(seconds), **machine)) as second,
            closing(build_loop(own, dsn, lambda _: None, **machine)) as web_loop,
        ):
            days: Days = Days(loop, web_loop, wire, clock, agenda, database, progress=progress)
            days.faults, days.second, wire.pass_time = faults, second, days.pass_by
            days.outage = outage if faults.database.may_be_down else None
            yield days
    if wire.errors:
        raise AssertionError(f"the simulator itself failed:\n{wire.errors[0]}")


def build_loop(
    settings: Settings,
    dsn: str,
    pause: Callable[[float], None],
    *,
    latency: Callable[[], None] = lambda: None,
    **machine: Any,
) -> Loop:
    """Production's loop over one database, with the clock's pause instead of a sleep.

    `latency` is what passes before each call to the database. `machine` is what else stands in for the
    real one: `start`, `stopwatch`, `worker_clock`.
    """
    state = State(FaultyTransport(PostgresTransport(dsn), latency), settings.installation_id)
    return Loop(
        settings=settings,
        state=state,
        providers=Providers(settings),
        pause=pause,
        outside=Nowhere(),
        **machine,
    )


def start_clock(dsn: str, start: datetime) -> psycopg.Connection[Any]:
    """Replace the body of `loop_now()` in this database, and only here."""
    connection = psycopg.connect(dsn, autocommit=True)
    connection.execute(LOOP_NOW.encode())
    set_clock(connection, start)
    return connection


def set_clock(connection: psycopg.Connection[Any], at: datetime) -> None:
    """Move `loop_now()` forward to this instant, to the microsecond; it never goes back."""
    connection.execute(SET_CLOCK, [(at - EPOCH) // timedelta(microseconds=1)])


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
