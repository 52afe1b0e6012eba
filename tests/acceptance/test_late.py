"""Too late: an outage before the plan or the sends; and a copy of the database beside the real one."""

from __future__ import annotations

import dataclasses
from collections import Counter
from datetime import timedelta

import pytest

from functions.runner import run_stage
from shared.state import State
from shared.state.embedded import EmbeddedServer
from shared.state.postgres import PostgresTransport
from tests.support.database import cloned
from tests.support.world import THURSDAY, at, morning, people, stand

ROWS = people(30) + people(4, phone="corporate phone", first=40)


@pytest.mark.long
@pytest.mark.parametrize("hours", [6, 72])
def test_outage_before_the_plan__what_is_planned_late_keeps_every_limit(database: str, hours: int) -> None:
    with stand(database, ROWS) as here:
        back = at(8) + timedelta(hours=hours)
        here.skip_to(back.hour, day=back.date())
        assert here.days.fire("daily_executor").status in ("ok", "skipped")
        here.until(13, day=back.date() + timedelta(days=1))
        assert here.violations() == dict.fromkeys(here.violations(), 0)
        calls = sorted(each.at for each in here.days.wire.record.contacts if each.channel == "call")
        hour = timedelta(hours=1)
        busiest = max((sum(one <= other < one + hour for other in calls) for one in calls), default=0)
        cap = here.days.loop.rules.pace.senders["call"].per_hour
        senders = sum(each.channel == "call" for each in here.days.loop.settings.senders)
        assert cap is None or busiest <= cap * senders
        life = timedelta(days=7)
        late = [t for t in here.touches() if t["submitted_at"] and t["submitted_at"] > t["due_at"] + life]
        assert late == []


def test_outage_beyond_a_steps_life__expires_it_and_sends_nothing(database: str) -> None:
    with morning(database, people(5)) as here:
        here.skip_to(12, day=THURSDAY + timedelta(days=8))
        here.tick()
        assert here.sent("email") == []
        states = Counter(t["state"] for t in here.touches() if t["channel"] == "email")
        assert states == {"expired": 5}


def test_second_deployment_on_a_copy__sends_nothing_and_says_so(
    server: EmbeddedServer, template: str
) -> None:
    with cloned(server, template) as original, morning(original, people(3)) as here:
        here.days.loop.state.transport.close()
        here.days.database.close()
        installation = here.days.loop.settings.installation_id
        name = original.rpartition("/")[2]
        with cloned(server, name) as copy, State(PostgresTransport(copy), installation) as there:
            report = run_stage(dataclasses.replace(here.days.loop, state=there), "outreach_tick")
            assert report.status == "skipped"
            assert report.notes == ("Another installation, app or database went live.",)
            assert not there.live.status().may_send
        assert here.sent("email") == []
