"""Whole days of a small business: when nothing goes out, what stops whom, and what doing it twice changes."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from datetime import date, timedelta
from typing import Any

import pytest

from simulator.demo import take_in
from simulator.world import Person
from tests.support.world import THURSDAY, Row, Stand, at, consent, lists, people, person, rates, stand

FRIDAY = date(2026, 10, 9)
SATURDAY, SUNDAY = date(2026, 10, 10), date(2026, 10, 11)
COLUMBUS_DAY = date(2026, 10, 12)  # a Monday
TUESDAY = date(2026, 10, 13)
CLOCKS_GO_BACK = date(2026, 11, 1)  # a Sunday; from 2:00 to 1:00
CLOCKS_GO_FORWARD = date(2027, 3, 14)
EVERYTHING = (
    "select 'lead', to_jsonb(l) from leads l union all select 'phone', to_jsonb(p) from phones p"
    " union all select 'company', to_jsonb(c) from companies c"
    " union all select 'consent', to_jsonb(k) from consents k"
    " union all select 'touch', to_jsonb(t) from touches t"
    " union all select 'delivery', to_jsonb(d) from deliveries d order by 1, 2"
)


def _sent(here: Stand) -> int:
    return sum(here.days.wire.record.sent().values())


def _moments(here: Stand) -> list[Any]:
    return [each.at.astimezone(here.days.loop.zone) for each in here.days.wire.record.contacts if each.person]


def _clean(here: Stand) -> None:
    assert here.violations() == dict.fromkeys(here.violations(), 0)


# When nothing goes out.


def test_before_going_live__a_whole_day_is_previews_only(database: str) -> None:
    rows = people(4) + people(2, phone="corporate phone", first=20)
    with stand(database, rows, live=False) as here:
        here.until(18)
        assert {report.status for report in here.days.reports} == {"preview"}
        morning = next(report for report in here.days.reports if report.stage == "daily_executor")
        assert morning.notes[0] == "Of 6 due, 6 will be contacted."
        assert here.touches() == []
        assert here.rows("select from enrolments") == []
        assert here.rows("select from stage_runs") == []
        assert here.days.wire.record.contacts == []
        assert here.inbox.mails == []


@pytest.mark.long
def test_going_live__the_same_day_goes_out(database: str) -> None:
    rows = people(4) + people(2, phone="corporate phone", first=20)
    with stand(database, rows, live=False) as here:
        here.until(8, 30)
        assert _sent(here) == 0
        here.days.loop.state.live.turn_on(app="growthloop", actor="owner")
        here.days.loop.state.live.turn_off(app="growthloop", actor="owner")
        here.until(8, 45)
        assert _sent(here) == 0
        here.days.loop.state.live.turn_on(app="growthloop", actor="owner")
        assert here.days.fire("daily_executor").status == "ok"
        here.until(18)
        assert _sent(here) == len(rows)
        assert len(here.inbox.mails) == 1
        _clean(here)


@pytest.mark.long
def test_weekend_and_holiday__nobody_is_contacted_and_the_mail_says_why(database: str) -> None:
    """Friday at night until Tuesday: Saturday, Sunday, Columbus Day."""
    with stand(database, people(4), start=at(19, day=FRIDAY)) as here:
        for day in (SATURDAY, SUNDAY, COLUMBUS_DAY):
            here.skip_to(7, 55, day=day)
            here.until(9, day=day)
            here.skip_to(16, 50, day=day)
            here.until(17, 5, day=day)
        assert _sent(here) == 0
        evenings = [mail for mail in here.inbox.mails if not mail.subject.startswith("Week of")]
        assert len(evenings) == 3
        assert "Columbus Day" in evenings[2].text
        assert all("weekend" in mail.text for mail in evenings[:2])
        here.skip_to(7, 55, day=TUESDAY)
        here.until(9, day=TUESDAY)
        assert _sent(here) == 4
        assert {moment.date() for moment in _moments(here)} == {TUESDAY}


@pytest.mark.long
@pytest.mark.parametrize(("sunday", "night_hours"), [(CLOCKS_GO_BACK, 5), (CLOCKS_GO_FORWARD, 3)])
def test_clocks_change__each_slot_is_run_once_and_hours_are_kept(
    database: str, sunday: date, night_hours: int
) -> None:
    rows = people(3) + people(3, state="IL", first=10)
    monday = sunday + timedelta(days=1)
    with stand(database, rows, start=at(0, day=sunday) - timedelta(minutes=1)) as here:
        here.until(3, 59, day=sunday)
        for hour in (7, 16):
            here.skip_to(hour, 55, day=sunday)
            here.until(hour + 1, 5, day=sunday)
        for hour in (0, 8, 9):
            here.skip_to(hour, 0, day=monday)
            here.until(hour, 25, day=monday)
        runs = here.rows("select stage, slot, run_no from stage_runs")
        of_sunday = [run for run in runs if at(0, day=sunday) <= run["slot"] < at(0, day=monday)]
        ticks = [run for run in of_sunday if run["stage"] == "outreach_tick"]
        night = [run["slot"] for run in ticks if run["slot"] < at(4, day=sunday)]
        assert len({run["slot"] for run in ticks}) == len(ticks)
        assert len(night) == night_hours * 20
        for stage in ("daily_executor", "evening_report", "daily_metrics"):
            assert len([run for run in of_sunday if run["stage"] == stage]) == 1, stage
        _at_their_own_eight_o_clock(here, rows, monday)


def _at_their_own_eight_o_clock(here: Stand, rows: list[Row], day: date) -> None:
    """New York first, Chicago an hour later."""
    moments = _moments(here)
    assert len(moments) == len(rows)
    assert {moment.date() for moment in moments} == {day}
    assert {moment.hour for moment in moments} == {8, 9}
    _clean(here)


# What stops whom.


def _changed(here: Stand, change: Callable[[Person], Person]) -> None:
    """Change people's hidden traits before the first contact."""
    everybody: Any = here.world.people
    for name, somebody in list(everybody.items()):
        everybody[name] = change(somebody)


def test_reply__stops_the_colleague_too(database: str) -> None:
    rows = [person(1, company=1), person(2, company=1), person(3)]
    always = {"reply_per_person": 1.0, "reply_by_mail": [1.0] * 5, "reply_classes": {"other": 1.0}}
    truth = rates(emails=always | {"tail": 0.0})
    with stand(database, rows, truth=truth) as here:
        _changed(here, lambda p: dataclasses.replace(p, eagerness=9.0 if p.first_name == "Pat1" else 0.0))
        here.plan()
        here.tick()
        assert len(here.sent("email")) == 3
        here.skip_to(7, 55, day=TUESDAY)
        here.until(9, day=TUESDAY)  # the second mail is due on the fifth day
        assert here.sent("email")[3:] == [rows[2]["email"]]
        stops = {r["email"]: r["stop_reason"] for r in here.rows(
            "select l.email, e.stop_reason from enrolments e join leads l on l.id = e.lead_id"
        )}  # fmt: skip
        assert stops == {
            rows[0]["email"]: "replied",
            rows[1]["email"]: "colleague_replied",
            rows[2]["email"]: None,
        }


@pytest.mark.parametrize("own_words", [0.0, 1.0])
def test_stop_by_text__stops_the_email(database: str, own_words: float) -> None:
    """By Twilio's keyword as much as in the person's own words."""
    rows = people(2, phone="mobile phone")
    truth = rates(texts={"opt_out": 1.0, "own_words": own_words, "delay_h": [0.1, 0.5]})
    with stand(database, rows, [consent(row, "sms") for row in rows], truth=truth) as here:
        here.plan()
        here.skip_to(7, 55, day=FRIDAY)
        here.until(9, day=FRIDAY)  # the warm sequence texts on its second day
        assert len(set(here.sent("sms"))) == 2
        here.skip_to(7, 55, day=TUESDAY)
        assert len(here.days.wire.record.stops) == 2
        here.until(9, day=TUESDAY)
        assert len(here.sent("email")) == 0
        # Twilio confirms its own keyword; who stops in words of their own gets one confirmation from us.
        assert len(here.sent("sms")) == 2 + round(2 * own_words)
        assert {r["stop_reason"] for r in here.rows("select stop_reason from enrolments")} == {"opted_out"}
        _clean(here)


@pytest.mark.parametrize("by_page", [0.0, 1.0])
def test_unsubscribe_link__stops_the_calls(database: str, by_page: float) -> None:
    """One click in the mail program, or the page's button: on a landline that could be called, no call."""
    rows = people(2, phone="corporate phone")
    truth = rates(emails={"unsubscribe": 1.0, "unsubscribe_by_page": by_page, "tail": 0.0})
    with stand(database, rows, truth=truth) as here:
        here.until(9)
        assert len(here.sent("call")) == 2
        here.skip_to(7, 55, day=FRIDAY)
        here.until(9, day=FRIDAY)
        assert len(here.sent("email")) == 2
        here.skip_to(7, 55, day=TUESDAY)
        assert len(here.days.wire.record.stops) == 2
        here.until(9, day=TUESDAY)  # the second call was due on the fourth day
        assert len(here.sent("call")) == 2
        assert len(here.sent("email")) == 2
        _clean(here)


def test_mail_scanner__follows_the_link_and_unsubscribes_nobody(database: str) -> None:
    truth = rates(emails={"machine_click": 1.0})
    with stand(database, people(2), truth=truth) as here:
        here.until(9)
        assert here.rows("select from suppressions") == []
        here.skip_to(7, 55, day=TUESDAY)
        here.until(9, day=TUESDAY)
        assert len(here.sent("email")) == 4


# Twice.


def test_webhook__comes_when_it_is_due_also_between_two_sends_of_a_tick(database: str) -> None:
    with stand(database, people(6)) as here:
        here.until(8, 30)
        assert len(here.sent("email")) == 6
        facts = here.days.wire.record.facts
        assert len(facts) > 6
        assert [fact for fact in facts if fact.told_at != fact.happened_at] == []


def test_second_import__changes_nothing(database: str) -> None:
    texted = people(2, phone="mobile phone", first=40)
    rows, consents = people(5) + texted, [consent(row, "sms") for row in texted]
    with stand(database, rows, consents) as here:
        here.until(9)
        before = here.rows(EVERYTHING)
        take_in(here.days.loop, lists(rows, consents))
        take_in(here.days.loop, lists(list(reversed(rows)), consents))
        assert here.rows(EVERYTHING) == before
        here.until(9, 30)
        assert len(here.sent("email")) == 5


def _forced(here: Stand, name: str) -> Mapping[str, Any]:
    from functions.runner import run_stage

    report = run_stage(here.days.loop, name, by_hand=True, force=True, live=name != "daily_metrics")
    assert report.status == "ok", report
    return report.counts


def test_same_day_forced__no_touch_twice__the_owners_mail_once_more(database: str) -> None:
    rows = people(4) + people(2, phone="corporate phone", first=20)
    with stand(database, rows) as here:
        here.until(9)
        here.skip_to(16, 57)
        here.until(17, 10)
        contacts, touches = here.days.wire.record.contacts, here.touches()
        assert len(here.inbox.mails) == 1
        for _ in range(2):
            _forced(here, "daily_executor")
            _forced(here, "outreach_tick")
        assert here.days.wire.record.contacts == contacts
        now = here.touches()
        assert [each for each in now if each in touches] == touches, "a touch that was there has changed"
        assert {each["state"] for each in now if each not in touches} <= {"planned"}, "the next morning's"
        _forced(here, "evening_report")
        assert len(here.inbox.mails) == 2
        assert here.rows("select count(*) as n from deliveries where kind = 'owner_mail'")[0]["n"] == 2
        _forced(here, "daily_metrics")
        before = here.rows("select day, channel, metric, n from daily_metrics order by 1, 2, 3")
        _forced(here, "daily_metrics")
        assert here.rows("select day, channel, metric, n from daily_metrics order by 1, 2, 3") == before


def test_fired_again__within_a_slot_is_done_already(database: str) -> None:
    with stand(database, people(3)) as here:
        here.plan()
        here.tick()
        for name in ("daily_executor", "outreach_tick"):
            assert here.days.fire(name).status == "already_done"
        assert _sent(here) == 3
        assert here.days.clock.now < at(8, 10, day=THURSDAY)
