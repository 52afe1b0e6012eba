"""The judge is not blind: a loop that is broken on purpose is caught by the count that is there for it.

Each mutant runs in the same small world as the sound loop, which must come out clean. What no stage does
yet has its mutants in tests/unit/simulator/test_score.py, as claims about a record.
"""

from __future__ import annotations

import dataclasses
import json
import uuid
from collections.abc import Callable
from datetime import date, time

import pytest

from shared.gate import Rules
from shared.loop import Loop
from shared.providers.channel import Channel, ChannelName, Message, Receipt
from shared.providers.registry import Providers
from shared.state import State
from simulator.score.opt_outs import seconds_to_last_touch
from simulator.score.recount import recount
from tests.support.database import execute
from tests.support.transports import Outage
from tests.support.world import Stand, consent, people, rates, stand

FRIDAY, TUESDAY = date(2026, 10, 9), date(2026, 10, 13)
NOBODY_IS_SUPPRESSED = """
create function public.forget_it() returns trigger language plpgsql as $$ begin return null; end $$;
create trigger nobody_is_suppressed before insert on public.suppressions
for each row execute function public.forget_it();
create or replace function public.stop_sequences(of_lead_id bigint, of_company_id bigint, reason text)
returns void language sql as $$ select $$;
"""

EVERYTHING_COUNTS_DOUBLE = """
create or replace function public.count_touch(o public.touches, metric text) returns void
language sql as $$
    insert into public.touch_rollups as r
        (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash, n)
    values (o.day, o.channel, metric, -1, '', '', '', '', o.script_key, '', 2)
    on conflict on constraint touch_rollups_pkey do update set n = r.n + 2
$$;
"""


class Twice:
    """Sends everything a second time, under a key of its own."""

    def __init__(self, inner: Channel) -> None:
        self._inner = inner
        self.name: ChannelName = inner.name
        self.provider, self.deadline_s, self.probe = inner.provider, inner.deadline_s, inner.probe

    def send(self, message: Message) -> Receipt:
        """Once as asked, once more as if it were another message."""
        receipt = self._inner.send(message)
        key = str(uuid.uuid5(uuid.NAMESPACE_DNS, message.key))
        again = json.loads(json.dumps(message.payload, default=str).replace(message.key, key))
        if self.name == "sms":
            again = dict(message.payload)
        self._inner.send(dataclasses.replace(message, key=key, payload=again))
        return receipt


class DoublingProviders(Providers):
    """Channels that send everything twice."""

    def channel(self, name: ChannelName) -> Channel:
        """The real one behind a faulty one."""
        return Twice(super().channel(name))


class EarlyLoop(Loop):
    """Rules that let the telephone ring from five in the morning."""

    @property
    def rules(self) -> Rules:
        """The rules in force, opened too early."""
        sound = super().rules
        five = {"opens": time(5)}
        windows = {name: window.model_copy(update=five) for name, window in sound.hours.windows.items()}
        federal = sound.hours.federal.model_copy(update=five)
        hours = sound.hours.model_copy(update={"windows": windows, "federal": federal})
        return dataclasses.replace(sound, hours=hours)


class CarelessLoop(Loop):
    """Rules that let an artificial voice ring a mobile without consent."""

    @property
    def rules(self) -> Rules:
        """The rules in force, without the need for consent on mobiles."""
        sound = super().rules
        call = sound.contact.lines["call"]
        careless = call.model_copy(update={"needs": {**call.needs, "mobile": "none"}})
        lines = {**sound.contact.lines, "call": careless}
        contact = sound.contact.model_copy(update={"lines": lines})
        return dataclasses.replace(sound, contact=contact)


def _as(here: Stand, kind: type[Loop]) -> None:
    loop = here.days.loop
    here.days.loop = kind(loop.settings, loop.state, loop.providers, pause=loop.pause)


def _sound(_: Stand) -> None:
    """Nothing is broken."""


def _doubling(here: Stand) -> None:
    settings = here.days.loop.settings
    here.days.loop = dataclasses.replace(here.days.loop, providers=DoublingProviders(settings))


Breaking = Callable[[Stand], None]


@pytest.mark.parametrize(("breaking", "counted"), [(_sound, 0), (_doubling, 9)])
def test_sent_twice(breaking: Breaking, counted: int, database: str) -> None:
    texted = people(3, phone="mobile phone", first=40)
    rows = people(3) + people(3, phone="corporate phone", first=20) + texted
    with stand(database, rows, [consent(row, "sms") for row in texted]) as here:
        breaking(here)
        here.plan()
        here.tick()
        here.skip_to(7, 55, day=FRIDAY)  # texts are the second day's step
        here.plan()
        here.tick()
        assert {channel: len(set(here.sent(channel))) for channel in ("call", "email", "sms")} == {
            "call": 3,
            "email": 6,
            "sms": 3,
        }
        found = here.violations()
    extra = counted and found["sent_twice"]
    assert (extra >= counted) if counted else found == dict.fromkeys(found, 0)


@pytest.mark.parametrize(("breaking", "caught"), [(_sound, False), (lambda h: _as(h, EarlyLoop), True)])
def test_outside_window(breaking: Breaking, caught: bool, database: str) -> None:
    rows = people(2, phone="corporate phone")
    with stand(database, rows) as here:
        here.plan()
        here.skip_to(4, 59, day=FRIDAY)
        breaking(here)
        here.tick()
        assert bool(here.sent("call")) == caught
        assert (here.violations()["outside_window"] > 0) == caught


def _forgetful(here: Stand) -> None:
    execute(here.dsn, NOBODY_IS_SUPPRESSED)


@pytest.mark.parametrize(("breaking", "caught"), [(_sound, False), (_forgetful, True)])
def test_after_opt_out(breaking: Breaking, caught: bool, database: str) -> None:
    """Everybody uses the link in the first mail; the second is due five days later."""
    truth = rates(emails={"unsubscribe": 1.0, "unsubscribe_by_page": 0.0, "tail": 0.0})
    with stand(database, people(4), truth=truth) as here:
        breaking(here)
        here.plan()
        here.tick()
        here.skip_to(7, 55, day=TUESDAY)
        assert len(here.days.wire.record.stops) == 4
        here.plan()
        here.tick()
        assert len(here.sent("email")) == (8 if caught else 4)
        assert (here.violations()["after_opt_out"] > 0) == caught


@pytest.mark.parametrize(("breaking", "caught"), [(_sound, False), (lambda h: _as(h, CarelessLoop), True)])
def test_without_consent(breaking: Breaking, caught: bool, database: str) -> None:
    with stand(database, people(2, phone="mobile phone")) as here:
        breaking(here)
        here.plan()
        here.tick()
        assert bool(here.sent("call")) == caught
        assert (here.violations()["without_consent"] > 0) == caught


def _hard_of_hearing(here: Stand) -> None:
    """The web app has no database: it hears nobody, and says so."""
    loop = here.days.web_loop
    state = State(Outage(loop.state.transport, 0), loop.settings.installation_id)
    here.days.web_loop = dataclasses.replace(loop, state=state)


@pytest.mark.parametrize(("breaking", "caught"), [(_sound, False), (_hard_of_hearing, True)])
def test_slow_to_hear(breaking: Breaking, caught: bool, database: str) -> None:
    """Everybody uses the link in their mail; somebody who is not heard tries again after an hour."""
    truth = rates(emails={"unsubscribe": 1.0, "unsubscribe_by_page": 0.0, "tail": 0.0})
    with stand(database, people(4), truth=truth) as here:
        here.plan()
        here.tick()
        sound = here.days.web_loop
        breaking(here)
        here.skip_to(7, 55, day=FRIDAY)
        here.days.web_loop = sound
        here.skip_to(7, 55, day=TUESDAY)
        late = seconds_to_last_touch(here.days.wire.record, here.days.clock.now)
    assert len(late) == 4
    assert (late[-1] >= 3600) if caught else late == [0.0] * 4, late


def _counts_double(here: Stand) -> None:
    execute(here.dsn, EVERYTHING_COUNTS_DOUBLE)


@pytest.mark.long
@pytest.mark.parametrize(("breaking", "caught"), [(_sound, False), (_counts_double, True)])
def test_report_that_counts_wrongly(breaking: Breaking, caught: bool, database: str) -> None:
    rows = people(4) + people(3, phone="corporate phone", first=20)
    with stand(database, rows) as here:
        breaking(here)
        here.until(17, 5)
        found = recount(here.days.wire.record, here.world)
    assert found.figures > 50
    assert bool(found.mismatches) == caught
    sections = {each.figure.section for each in found.mismatches}
    assert not caught or {"SUBJECT", "CALLS", "EMAIL", "WEEK"} & sections >= {"CALLS", "EMAIL"}
