"""The watch in a world: what was missed is started, what is wrong is named once and closed when gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from functions.medic.outlook import STATUS_PAGES
from shared.outside import Answer, Outside
from tests.support.world import Faults, Stand, at, people, stand

FAILED = """
insert into stage_runs (stage, slot, state, worker, fence, lease_until, started_at, finished_at, error)
select 'evening_report', %s + n * interval '1 second', 'failed', 'w', n, %s, %s, %s, '{"code": "x"}'
from generate_series(1, %s) n returning id
"""
"""So many runs that failed at one moment."""


@pytest.fixture
def here(database: str) -> Iterator[Stand]:
    """A few people on the morning of a working day, live since long."""
    with stand(database, people(4)) as found:
        yield found


def test_a_missed_stage__is_started_within_minutes_and_its_day_is_planned(here: Stand) -> None:
    here.skip_to(8, 5)  # the executor's slot at 08:00 came and went
    watch = here.fire("watch")
    assert "start_stage on stage_missed of daily_executor: done" in watch.counts["repairs"]
    assert watch.counts["open"] == []
    assert len({touch["email"] for touch in here.touches()}) == 4
    ended = {row["target"]: row["closed_by"] for row in here.days.loop.state.incidents.since(at(0), 10)}
    assert ended["daily_executor"] == "playbook"


def test_a_stage_that_ran__is_not_started_again(here: Stand) -> None:
    here.plan()
    here.tick()
    watch = here.fire("watch")
    assert not any("daily_executor" in repair for repair in watch.counts["repairs"])
    assert here.rows("select count(*) as n from stage_runs where stage = 'daily_executor'")[0]["n"] == 1


class Asked(Outside):
    """An outside where no domain has a policy and every page is well; it notes what it was asked."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def page(self, url: str) -> Answer:
        self.asked.append(url)
        return Answer(200, '{"status": {"indicator": "none"}}')

    def txt(self, name: str) -> list[str]:
        self.asked.append(name)
        return []


def test_the_medic__asks_outside_once_however_often_it_looks_again(here: Stand) -> None:
    outside = Asked()
    here.days.loop = replace(here.days.loop, outside=outside)
    here.skip_to(8, 5)
    medic = here.fire("system_medic")
    assert "start_stage on stage_missed of daily_executor: done" in medic.counts["repairs"]
    assert "sending_domain:mail.example.com" in medic.counts["open"]
    assert [outside.asked.count(url) for url in STATUS_PAGES.values()] == [1, 1, 1]
    assert outside.asked.count("_dmarc.mail.example.com") == 1


def test_a_worker_that_died__is_followed_by_another(here: Stand) -> None:
    here.days.move_to(at(8))
    here.days.loop.state.stages.claim("daily_executor", at(8), lease_s=60, worker="gone")
    here.days.move_to(at(8, 4))
    assert "stage_missed:daily_executor" in here.fire("watch").counts["closed"]
    assert len({touch["email"] for touch in here.touches()}) == 4


def test_trouble_nobody_can_mend_from_here__stays_open_as_one_incident(here: Stand) -> None:
    here.configure(owner_email=None)
    here.days.move_to(at(17))
    assert here.days.fire("evening_report").status == "failed"
    looks = [here.fire("watch") for _ in range(3)]
    assert [look.counts["open"].count("stage_failing:evening_report") for look in looks] == [1, 1, 1]
    rows = here.days.loop.state.incidents.since(at(0), 10)
    assert len([row for row in rows if row["kind"] == "stage_failing"]) == 1


def test_a_preview__records_nothing_and_starts_nothing(database: str) -> None:
    with stand(database, people(2), live=False) as here:
        here.skip_to(8, 5)
        assert here.fire("watch").status == "preview"
        assert here.days.loop.state.incidents.since(at(0) - timedelta(days=1), 10) == []
        assert here.touches() == []


def test_the_owner__hears_of_critical_trouble_once(here: Stand) -> None:
    here.configure(twilio_auth_token=None)
    here.days.move_to(at(8))
    here.rows(FAILED, *[at(8)] * 4, 12)
    first, second = here.fire("watch"), here.fire("watch")
    assert first.counts["told"] == ["email error_rate: sent"]
    assert second.counts["told"] == []
    assert [mail.subject for mail in here.inbox.mails] == [
        "Too many failed runs in an hour: all [error_rate]"
    ]


def test_mail_that_is_down__is_followed_by_a_text(here: Stand) -> None:
    here.configure(owner_phone="+15555550177")
    here.fault = lambda point, _: "500" if point == "resend.send" else None
    here.days.move_to(at(17))
    here.rows(FAILED, *[at(17)] * 4, 1)
    here.fire("watch")
    here.days.move_to(at(17, 25))
    told = here.fire("watch").counts["told"]
    assert any(each.startswith("sms stage_failing: sent") for each in told)
    assert any(each.startswith("email stage_failing: failed") for each in told)


def test_a_watch_that_stays_away__is_started_by_the_tick(here: Stand) -> None:
    here.skip_to(8, 5)
    here.fire("watch")
    for _ in range(3):
        here.tick()
    watches = "select slot from stage_runs where stage = 'watch' order by slot"
    assert [row["slot"] for row in here.rows(watches)] == [at(8, 10)]
    here.skip_to(8, 24)
    tick = here.tick()
    assert [note for note in tick.notes if "started" in note] == [
        "The watch was last here at 12:10 UTC: started."
    ]
    assert [row["slot"] for row in here.rows(watches)] == [at(8, 10), at(8, 25)]


def test_an_answer_that_was_lost__is_on_record_at_once_and_closed_when_it_is_settled(here: Stand) -> None:
    here.plan()
    here.fault = Faults("resend.send", "drop")
    here.tick()
    lost = """select kind, target, severity, opened_at, closed_at, closed_by from incidents
              where target = 'resend' order by kind"""
    assert [(row["kind"], row["target"], row["severity"], row["closed_at"]) for row in here.rows(lost)] == [
        ("channel_failing", "resend", "notice", None),
        ("unknown_touches", "resend", "notice", None),
    ]
    here.tick()
    here.tick()
    assert {row["closed_by"] for row in here.rows(lost)} == {"itself"}
    assert all(row["closed_at"] - row["opened_at"] < timedelta(minutes=4) for row in here.rows(lost))
    assert len(here.sent("email")) == 4
