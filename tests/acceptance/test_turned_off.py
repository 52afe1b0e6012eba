"""After `growthloop live off` the loop plans, listens and reports, and contacts nobody."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.acceptance.test_hot_leads import EAGER, Desk
from tests.support.world import THURSDAY, people, rates, stand

FRIDAY = date(2026, 10, 9)


def test_turned_off__plans_and_reports_and_names_the_reason(database: str) -> None:
    with stand(database, people(3)) as here:
        here.skip_to(8, 1)
        here.days.fire("daily_executor")
        here.days.loop.state.live.turn_off(app="growthloop", actor="owner")
        here.skip_to(11)
        assert here.tick().counts["refused"] == {"NOT_LIVE": 3}
        assert here.states("email") == {("planned", "NOT_LIVE"): 3}
        here.skip_to(16, 58)
        assert here.fire("evening_report").status == "ok"
        (mail,) = here.inbox.mails
        assert "Sending is off: " in " ".join(mail.text.split())
        assert here.sent("email") == []


def test_turned_off__nobody_new_enters_a_sequence(database: str) -> None:
    with stand(database, people(3)) as here:
        here.days.loop.state.live.turn_off(app="growthloop", actor="owner")
        report = here.plan()
        assert report.status == "ok"
        assert "Sending is off: 3 new leads wait, and enter no sequence." in report.notes
        assert here.rows("select from enrolments") == []


def test_turned_off_for_weeks__the_step_that_waited_is_planned_again(database: str) -> None:
    with stand(database, people(2)) as here:
        here.plan()
        here.days.loop.state.live.turn_off(app="growthloop", actor="owner")
        here.tick()
        here.skip_to(12, day=THURSDAY + timedelta(days=8))
        here.tick()
        assert here.states("email") == {("expired", "NOT_LIVE"): 2}
        here.days.loop.state.live.turn_on(app="growthloop", actor="owner")
        here.skip_to(7, 55, day=THURSDAY + timedelta(days=11))
        here.plan()
        here.skip_to(10, 0, day=THURSDAY + timedelta(days=11))
        here.tick()
        assert sorted(here.sent("email")) == ["pat0@heating0.example", "pat1@heating1.example"]
        mails = [t for t in here.touches() if t["channel"] == "email"]
        assert (
            sorted((t["attempt"], t["state"]) for t in mails) == [(1, "expired")] * 2 + [(2, "accepted")] * 2
        )
        assert len({t["step"] for t in mails}) == 1


@pytest.mark.long
def test_turned_off__the_owner_still_hears_of_answers(database: str) -> None:
    with stand(database, people(2), truth=rates(emails=EAGER["emails"])) as here:
        here.fault = desk = Desk(here)
        here.plan()
        here.tick()
        assert len(here.sent("email")) == 2
        here.days.loop.state.live.turn_off(app="growthloop", actor="owner")
        here.until(17, 30, day=FRIDAY)
        assert desk.heard()
        for _, who in desk.heard():
            assert any(who in text for text in desk.told), "told in the mail of a hot lead"
        assert len(here.sent("email")) == 2
