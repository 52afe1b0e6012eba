"""Workers that run whole ticks and die: forked by one process, killed for real, followed by others at once.

Each passes the points `claimed`, `begun`, `sent` and `recorded` of a send and draws there whether it is
killed (SIGKILL by its own hand) or stalls for longer than its lease. Time runs `speed` times faster, for the
database, the providers and the leases alike.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import sys
import threading
import time
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property, partial
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

import holidays
import httpx
import psycopg

from functions.campaigns import outreach_tick, reconcile, sending
from shared.config import Settings
from shared.errors import GrowthLoopError
from shared.lease import Lease
from shared.loop import Loop
from shared.period import Period
from shared.providers.channel import Message
from shared.providers.registry import Providers
from shared.providers.resend.client import ResendEmail
from shared.providers.twilio.client import TwilioSms
from shared.providers.vapi.client import VapiCalls
from shared.providers.wire import Answer, exchange
from shared.state import State
from shared.state.postgres import PostgresTransport
from simulator.demo import demo_settings
from simulator.wire import Urls
from tests.support.ledger import INSTALLATION

DEADLINE_S = 15.0


@dataclass(frozen=True)
class Orders:
    """What the driver asks for. `kind`: tick, unfenced, mark_first or mark_after."""

    dsn: str
    url: str
    kind: str
    workers: int
    speed: float
    kill: float
    stall: float
    seed: int
    folder: str
    release: str

    @property
    def stall_s(self) -> float:
        """Real seconds of a stall: half as long again as a lease."""
        return 1.5 * sending.LEASE_S / self.speed


class Calls(VapiCalls):
    """The fence counts in virtual seconds, the wire in real ones."""

    real_s = 1.0

    def _exchange(self, method: str, url: str, *, effect: bool, **request: Any) -> Answer:
        return exchange(method, url, provider=self.provider, deadline_s=self.real_s, effect=effect, **request)


class Fast(Providers):
    """The real clients with deadlines that fit a fast clock."""

    def __init__(self, settings: Settings, url: str, speed: float) -> None:
        super().__init__(settings)
        self._url, self._real_s = url, max(DEADLINE_S / speed, 0.5)

    @cached_property
    def calls(self) -> VapiCalls:
        """Vapi."""
        channel = Calls("k", base_url=self._url, deadline_s=DEADLINE_S)
        channel.real_s = self._real_s
        return channel

    @cached_property
    def email(self) -> ResendEmail:
        """Resend."""
        channel = ResendEmail("k", base_url=self._url, deadline_s=self._real_s)
        channel.deadline_s = DEADLINE_S
        return channel

    @cached_property
    def sms(self) -> TwilioSms:
        """Twilio."""
        channel = TwilioSms(
            "AC1",
            "t",
            from_number="+12125550100",
            status_callback="https://loop.example.com/hooks/twilio/status",
            base_url=self._url,
            deadline_s=self._real_s,
        )
        channel.deadline_s = DEADLINE_S
        return channel


class Worker:
    """One process at work."""

    def __init__(self, orders: Orders) -> None:
        self._orders = orders
        self._roll = Random(f"{orders.seed}/{os.getpid()}")  # noqa: S311 - draws deaths
        self._fast = partial(Lease, monotonic=lambda: time.monotonic() * orders.speed)
        vars(sending)["Lease"] = self._fast
        if orders.kind == "unfenced":
            sending.FENCE_MARGIN_S = -(10**9)
            reconcile.ABSENT_AFTER = timedelta(0)

    def loop(self) -> Loop:
        """The loop of a container: the provider's real clients, and an open connection."""
        settings = demo_settings(Urls(self._orders.url, self._orders.url, self._orders.url), 1)
        settings = settings.model_copy(
            update={"installation_id": INSTALLATION, "release": self._orders.release or None}
        )
        state = State(PostgresTransport(self._orders.dsn), settings.installation_id)
        return Loop(
            settings,
            state,
            Fast(settings, self._orders.url, self._orders.speed),
            may_send=True,
            pause=lambda _: None,
            fault=self.fault,
        )

    def run(self) -> None:
        """Tick after tick until the folder says that it is over."""
        loop = self.loop()
        loop.log.setLevel(100)
        self._listen_for_late_receipts(loop.state)
        while not (Path(self._orders.folder) / "over").exists():
            loop.lease = self._fast(150)
            with contextlib.suppress(GrowthLoopError):  # the next tick comes, as the schedule sends it
                now = loop.clock.now()
                period = Period("slot", None, now, now + timedelta(minutes=3))
                outreach_tick.run(loop, period, preview=False, run_no=0)
            time.sleep(0.2)

    def _listen_for_late_receipts(self, state: State) -> None:
        record = state.outreach.record_receipt

        def noted(*args: Any) -> bool:
            kept = record(*args)
            if not kept:
                self._note("late")
            return kept

        vars(state.outreach)["record_receipt"] = noted

    def _note(self, what: str) -> None:
        with (Path(self._orders.folder) / what).open("a") as file:
            file.write(".")

    def fault(self, point: str, _id: UUID, _try: int) -> None:
        """Die here, stall here, or go on; only while the driver lets it."""
        if (Path(self._orders.folder) / "calm").exists():
            return
        drawn = self._roll.random()
        if drawn < self._orders.kill:
            self._note(f"killed_{point}")
            os.kill(os.getpid(), signal.SIGKILL)
        if drawn < self._orders.kill + self._orders.stall:
            self._note(f"stalled_{point}")
            if self._roll.random() < 0.5:
                os.kill(os.getpid(), signal.SIGSTOP)  # whoever started this one lets it go on
            else:
                time.sleep(self._orders.stall_s)

    def naive(self) -> None:
        """A sender without intents: it marks before it sends, or after."""
        first = self._orders.kind == "mark_first"
        sms = Fast(demo_settings(Urls("", "", ""), 1), self._orders.url, self._orders.speed).sms
        take = (
            "update naive set taken = clock_timestamp(), done = %s where id = (select id from naive"
            " where not done and (taken is null or taken < clock_timestamp() - interval '2 seconds')"
            " order by id limit 1 for update skip locked) returning id"
        )
        with psycopg.connect(self._orders.dsn, autocommit=True) as connection:
            while connection.execute("select 1 from naive where not done limit 1").fetchone():
                row = connection.execute(take, [first]).fetchone()
                if row is None:  # somebody else holds the last ones
                    time.sleep(0.1)
                    continue
                self.fault("claimed", row[0], 0)
                text = {"to": "+12125550101", "body": "Hello", "validity_period": 60}
                with contextlib.suppress(GrowthLoopError):
                    sms.send(Message(str(row[0]), text, datetime.now().astimezone()))
                    self.fault("sent", row[0], 0)
                    connection.execute("update naive set done = true where id = %s", [row[0]])
                self.fault("recorded", row[0], 0)


def main(text: str) -> None:
    """Keep so many workers at work until it is over, or whoever asked for them is gone."""
    orders = Orders(**json.loads(text))
    _warm_up(orders)
    alive: set[int] = set()
    over = Path(orders.folder) / "over"
    threading.Thread(target=_end_with_the_driver, args=[alive], daemon=True).start()
    while not over.exists() or alive:
        while len(alive) < orders.workers and not over.exists():
            pid = os.fork()
            if pid == 0:
                _work(orders)
            alive.add(pid)
        pid, status = os.waitpid(-1, os.WUNTRACED)
        if os.WIFSTOPPED(status):
            threading.Timer(orders.stall_s, os.kill, [pid, signal.SIGCONT]).start()
            continue
        alive.discard(pid)
        if orders.kind.startswith("mark") and os.waitstatus_to_exitcode(status) == 0:
            return  # nothing is left to send
    print("over", flush=True)  # noqa: T201


def _warm_up(orders: Orders) -> None:
    """Load here what every worker needs, so that nobody who takes a dead one's place does it again."""
    holidays.country_holidays("US")
    httpx.Client().close()
    if not orders.kind.startswith("mark"):
        loop = Worker(orders).loop()
        assert loop.book
        loop.close()


def _end_with_the_driver(workers: set[int]) -> None:
    sys.stdin.read()
    for pid in (*workers, os.getpid()):
        os.kill(pid, signal.SIGKILL)


def _work(orders: Orders) -> None:
    code = 1
    try:
        worker = Worker(orders)
        worker.naive() if orders.kind.startswith("mark") else worker.run()
        code = 0
    finally:
        os._exit(code)


if __name__ == "__main__":
    main(sys.argv[1])
