"""From what is on record to a gate code or an answer on the wire: nothing of it is made up in the middle."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from functions.campaigns.daily_executor import run as plan_the_day
from shared.hearing import hear
from shared.period import Period
from shared.providers.event import ProviderEvent, Reply
from tests.support.database import execute
from tests.support.world import Stand, at, consent, morning, people, stand

TODAY = date(2026, 10, 8)
TEXTED = people(1, phone="mobile phone", first=40)
CALLED = people(1, phone="corporate phone", first=20)
IN_FLIGHT = """
insert into deliveries (id, kind, channel, natural_key, state, due_at, latest_at, payload, provider_id,
                        created_at, submitted_at)
select gen_random_uuid(), 'touch', 'call', 'k' || n, 'accepted', loop_now(), loop_now(), '{}', 'p' || n,
       loop_now(), loop_now()
from generate_series(1, 10) n"""

# What is true in the database a moment before the tick, and the code that each touch must then carry.
ON_RECORD = {
    "SUPPRESSED": "select suppress_address(email, 'person', 'opt_out', 'owner') from leads",
    "BAD_DATA": "update leads set email_invalid_since = loop_now()",
    "COUNTRY": "update leads set country = 'CA'",
    "OUTSIDE_WINDOW": "update leads set zones = '{Pacific/Honolulu}', region = 'HI'",
    "IN_CONVERSATION": "insert into conversations select id, company_id, loop_now() from leads",
    "SENDER_SETUP": "update senders set active = false",
    "WARMUP_CAP": "insert into cap_usage select 'sender:' || id, '2026-10-08', 30 from senders",
    "BUDGET": "insert into cap_usage values ('budget:email', '2026-10-08', 1)",
    "HOLDOUT": "update enrolments set held_out = true",
}


@pytest.mark.parametrize("code", sorted(ON_RECORD))
def test_code__follows_from_what_is_on_record(database: str, code: str) -> None:
    with morning(database, people(1)) as here:
        execute(database, ON_RECORD[code])
        here.tick()
        assert [t["code"] for t in here.touches() if t["channel"] == "email"] == [code]
        assert here.sent("email") == []


def test_vendor_limit__ten_calls_at_once_are_enough(database: str) -> None:
    with morning(database, CALLED) as here:
        execute(database, IN_FLIGHT)
        here.tick()
        assert here.states("call") == {("planned", "VENDOR_LIMIT"): 1}
        assert here.sent("call") == []


ONE_MAILBOX_AND_ONE_MAIL_LATER = """
update senders set active = false
where channel = 'email' and id <> (select min(id) from senders where channel = 'email');
update deliveries set due_at = due_at + interval '5 minutes'
where id = (select id from touches where channel = 'email' order by lead_id desc limit 1);
"""


def test_sender_health__two_complaints_stop_the_mailbox_before_its_next_mail(database: str) -> None:
    with morning(database, people(3)) as here:
        execute(database, ONE_MAILBOX_AND_ONE_MAIL_LATER)
        here.tick()
        execute(database, "update touches set complained_at = loop_now() where sender_id is not null")
        report = here.tick()
        assert len(here.sent("email")) == 2
        assert here.states("email")["planned", "SENDER_HEALTH"] == 1
        assert report.notes[0].endswith(" rests: 2 of 2 emails in 7 days were marked as spam.")


def _said(words: str, number: str, here: Stand, **details: Any) -> ProviderEvent:
    now = here.days.loop.clock.now()
    return ProviderEvent(
        "twilio",
        f"SM{words}",
        "sms.inbound",
        now,
        {},
        from_address=number,
        reply=Reply(words),
        details=details,
    )


@pytest.mark.parametrize("hour", [10, 23])
def test_opt_out_in_own_words__is_confirmed_by_one_text_at_any_hour(database: str, hour: int) -> None:
    with stand(database, TEXTED, [consent(TEXTED[0], "sms")]) as here:
        here.skip_to(hour)
        number = TEXTED[0]["mobile phone"]
        execute(database, "update phones set line_type = 'mobile', looked_up_at = loop_now()")
        here.days.loop.book  # noqa: B018 - the directives are seeded by a stage
        plan_the_day(here.days.loop, _day(here), preview=False, run_no=0)
        execute(database, "delete from touches; delete from deliveries")
        for _ in range(2):
            hear(here.days.loop.state, _said("please stop texting me", number, here), channel="sms")
        here.tick()
        here.tick()
        assert here.sent("sms") == [number]
        (row,) = here.rows(
            "select t.purpose, d.payload ->> 'body' as body from touches t join deliveries d using (id)"
        )
        assert row["purpose"] == "confirm_opt_out"
        assert "opted out" in row["body"]


def _day(here: Stand) -> Period:
    return Period("day", TODAY, at(0), at(0) + timedelta(days=1))


def test_meeting__is_confirmed_by_the_next_tick_with_its_time(database: str) -> None:
    with morning(database, people(1)) as here:
        here.tick()
        (touch,) = [t for t in here.touches() if t["channel"] == "email"]
        starts = at(14) + timedelta(days=4)
        assert here.days.loop.state.events.book(touch["id"], starts).status == "booked"
        here.tick()
        assert len(here.sent("email")) == 2
        (mail,) = here.rows("select payload from deliveries where natural_key like '%%:confirm'")
        assert "Monday, October 12 at 2:00 PM EDT" in mail["payload"]["subject"]
