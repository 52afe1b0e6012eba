"""The tick without its database, and the tick that was held up: nothing unbegun, nothing twice."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import psycopg
from psycopg import sql

from functions.campaigns import outreach_tick
from shared.errors import StateUnavailable
from shared.lease import Lease
from shared.period import Period
from shared.state.embedded import EmbeddedServer
from simulator.wire.server import no_fault
from tests.support.transports import Interrupting, Outage
from tests.support.world import Faults, at, morning, people, stand

MAILED = people(5)
CALLED = people(3, phone="corporate phone", first=20)


def test_outage_at_any_call__sends_nothing_unbegun_and_nothing_twice(database: str) -> None:
    """The database goes away after the k-th call of a tick, for every k; then the next tick comes."""
    rows = people(18) + CALLED
    with morning(database, rows) as here:
        whole = here.days.loop
        failures = 0
        for after in range(26):
            here.wrap(lambda inner, after=after: Outage(inner, after))  # type: ignore[misc]
            report = here.tick()
            if report.failed:
                failures += 1
                assert report.error is not None
                assert report.error["code"] == StateUnavailable.code
            here.days.loop = whole
            here.days.move_to(here.days.clock.now + timedelta(minutes=3))  # leases lapse
        for _ in range(4):
            here.tick()
        assert failures >= 20
        contacts = here.references()
        assert max(contacts.values()) == 1
        touches = {str(t["id"]): t for t in here.touches() if t["state"] != "refused"}
        assert len(touches) == len(rows), here.states("call")
        assert set(contacts) <= {key for key, t in touches.items() if t["submitted_at"] is not None}
        assert {t["state"] for t in touches.values()} <= {"accepted", "finished", "unknown"}
        sent = {key for key, t in touches.items() if t["state"] in ("accepted", "finished")}
        assert sent <= set(contacts)


def test_database_closed_in_the_middle__the_stage_fails_and_the_next_tick_goes_on(
    database: str, server: EmbeddedServer
) -> None:
    name = sql.Identifier(database.rpartition("/")[2])
    with morning(database, MAILED) as here, psycopg.connect(server.dsn(), autocommit=True) as admin:

        def close(_: Any) -> None:
            admin.execute(sql.SQL("alter database {} with allow_connections false").format(name))
            admin.execute(
                "select pg_terminate_backend(pid) from pg_stat_activity"
                " where datname = %s and application_name = 'growthloop'",
                [database.rpartition("/")[2]],
            )

        whole = here.days.loop
        here.wrap(lambda inner: Interrupting(inner, "begin_send_v1", close, nth=3))
        report = here.tick()
        admin.execute(sql.SQL("alter database {} with allow_connections true").format(name))
        assert report.status == "failed"
        assert report.error is not None
        assert report.error["code"] in (StateUnavailable.code, "55000", "57P01", "state_outcome_unknown")
        assert len(here.sent("email")) == 2
        here.days.loop = whole
        here.days.move_to(here.days.clock.now + timedelta(minutes=3))
        here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)
        assert max(here.references().values()) == 1


# The fence.


def test_lease_run_short_after_begin__is_not_started(database: str) -> None:
    """A worker that was held up may not start what others have the right to take over."""
    elapsed = [0.0]
    with morning(database, MAILED) as here:

        def hold_up(_: Any) -> None:
            elapsed[0] += 130

        here.wrap(lambda inner: Interrupting(inner, "begin_send_v1", hold_up, nth=2))
        loop = here.days.loop
        loop.may_send = True
        loop.lease = Lease(150, monotonic=lambda: elapsed[0])
        now = here.days.clock.now
        report = outreach_tick.run(
            loop, Period("slot", None, now, now + timedelta(minutes=3)), preview=False, run_no=1
        )
        assert report.counts["sent"] == {"email": 1}
        assert len(here.sent("email")) == 1
        assert here.states("email")["planned", "lease_short"] == 1
        here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)


def test_a_service_that_is_away_in_the_morning__costs_an_hour_and_not_the_step(database: str) -> None:
    """Whether a mailbox's domain is verified could not be asked at 08:00; what waits for it asks again."""
    with stand(database, people(3)) as here:
        here.fault = lambda point, _: "503" if point.startswith("resend.") else None
        here.until(8, 20)
        assert here.sent("email") == []
        here.fault = no_fault
        here.until(10, 30)
        assert len(here.sent("email")) == 3


def test_a_provider_that_is_down__is_tried_less_and_less__then_everything_goes_out(database: str) -> None:
    with morning(database, MAILED) as here:
        here.fault = refused = Faults("resend.send", *["401"] * 99)
        ticks = [here.tick() for _ in range(21)]
        assert refused.asked == 6, "at 0, 3, 6, 12, 24 and 48 minutes"
        assert sum(tick.failed for tick in ticks) == 6
        assert here.states("email")["planned", "VENDOR_LIMIT"] == len(MAILED)
        here.fault = no_fault
        while here.days.clock.now < at(10, 30):
            here.tick()
        assert sorted(here.sent("email")) == sorted(row["email"] for row in MAILED)
