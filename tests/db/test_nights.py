"""A night over a real database: alarms raised and answered once, skills and their tests, founding names."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

import pytest

from functions.learning.daily_metrics import run
from shared.config import Settings
from shared.directives import content_hash, read
from shared.loop import Loop
from shared.period import Period
from shared.providers.registry import Providers
from shared.report import StageReport
from shared.state import State
from tests.support.experiments import KEY, OLD, proposal
from tests.support.ledger import INSTALLATION, NOW, TODAY, Ledger, about

DAY = timedelta(days=1)
SKILL: dict[str, Any] = {
    "kind": "follow-up-sequencer",
    "problem": "slow",
    "metric": "days_to_qualified",
    "baseline_value": 6.5,
    "target_value": 5,
}


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    settings = Settings.from_env(
        {"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION), "GROWTHLOOP_RELEASE": "test"}
    )
    return Loop(settings, ledger.state, Providers(settings))


def night(loop: Loop, day: date = TODAY) -> StageReport:
    began = datetime.combine(day, time(), loop.zone)
    return run(loop, Period("day", day, began, began + DAY), preview=False, run_no=0)


def history(ledger: Ledger, answered: int, *, today: int, source: str = "csv") -> None:
    """A hundred calls on each of forty-one days, so many of them answered."""
    ledger.run(
        """
        insert into touch_rollups
            (day, channel, metric, hour, zone, region, industry, source, script_key, script_hash, n)
        select c.day, 'call', m.metric, 10, '', '', '', %s, 's', 'h', m.n
        from (select %s::date - d as day, case d when 0 then %s else %s end as k
              from generate_series(0, 40) d) c,
             lateral (values ('sent', 100), ('answered', c.k), ('dm_contact', c.k / 2)) m(metric, n)""",
        source,
        TODAY,
        today,
        answered,
    )


def test_a_fall__is_raised_once_and_answered_once(loop: Loop, ledger: Ledger) -> None:
    history(ledger, 30, today=4)
    report = night(loop)
    assert any("4.0% on Monday (4 of 100), usually 30.0%" in note for note in report.notes)
    assert report.counts["rates"]["call.answered"]["baseline"]["n"] == 2800
    night(loop)
    raised = ledger.state.alarms.between(TODAY, TODAY)
    assert {(each.metric, each.kind, each.cause) for each in raised} == {
        ("answered", "fewer", "rate"),
        ("dm_contact", "fewer", "rate"),
    }
    taken = ledger.state.alarms.answer("call", "dm_contact", actor="weekly_learning_agent")
    assert taken is not None
    assert taken.answered_by == "weekly_learning_agent"
    assert ledger.state.alarms.answer("call", "dm_contact", actor="weekly_learning_agent") is None


def test_other_people__are_told_from_other_reactions(loop: Loop, ledger: Ledger) -> None:
    history(ledger, 40, today=40, source="referral")
    history(ledger, 5, today=5, source="list")
    ledger.run("update touch_rollups set n = n * 6 where source = 'list' and day = %s", TODAY)
    night(loop)
    causes = {each.metric: each.cause for each in ledger.state.alarms.between(TODAY, TODAY)}
    assert causes["answered"] == "mix"


def test_another_prompt__is_another_instrument(loop: Loop, ledger: Ledger) -> None:
    history(ledger, 30, today=4)
    (prompt,) = (each for each in read() if each.key == "prompts/weekly_learning")
    for release, text in (("one", prompt.text), ("two", f"{prompt.text}\nBe brief.\n")):
        files = [{"key": prompt.key, "kind": "prompt", "hash": content_hash(text), "text": text}]
        ledger.state.directives.seed(files, release=release)
    night(loop)
    assert {each.cause for each in ledger.state.alarms.between(TODAY, TODAY)} == {"instrument"}


def test_silence__is_an_alarm(loop: Loop, ledger: Ledger) -> None:
    history(ledger, 30, today=30)
    ledger.run("delete from touch_rollups where day = %s", TODAY)
    night(loop)
    assert [each.kind for each in ledger.state.alarms.between(TODAY, TODAY)] == ["silent"]


def spawned(state: State, name: str, kind: str = "follow-up-sequencer") -> str | None:
    return state.skills.spawn(SKILL | {"kind": kind}, proposal(name=name, salt=name), rest_days=30)


def seed(ledger: Ledger) -> None:
    ledger.state.directives.seed([{"key": KEY, "kind": "script", "hash": "old", "text": OLD}], release="r")


def test_eight_at_once__spawn_one_skill_and_one_test(ledger: Ledger) -> None:
    seed(ledger)
    answers = ledger.together(8, lambda number, state: spawned(state, f"n{number}"))
    assert answers.count(None) == 1
    assert ledger.value("select count(*) from experiments") == 1


def test_a_test_that_cannot_be_made__leaves_no_skill(ledger: Ledger) -> None:
    seed(ledger)
    with pytest.raises(Exception, match="a_lever_is_a_known_word"):
        ledger.state.skills.spawn(SKILL, proposal(lever="magic"), rest_days=30)
    assert ledger.state.skills.all() == []


def test_a_refused_test__kills_its_skill_which_rests_thirty_days(ledger: Ledger) -> None:
    seed(ledger)
    assert spawned(ledger.state, "one") is None
    (skill,) = ledger.state.skills.all()
    ledger.state.experiments.refuse(skill.experiment_id, "too few companies")
    (skill,) = ledger.state.skills.all()
    assert (skill.state, skill.reason) == ("killed", "too few companies")
    assert spawned(ledger.state, "two") == "one was killed and rests"
    assert spawned(ledger.state, "two", "instant-responder") is None
    ledger.after(days=31)
    assert spawned(ledger.state, "one") == "the same change was proposed before"
    assert spawned(ledger.state, "three") is None


def test_a_shipped_test__makes_its_skill_active_until_it_is_taken_back(ledger: Ledger) -> None:
    seed(ledger)
    assert spawned(ledger.state, "one") is None
    (skill,) = ledger.state.skills.all()
    tests = ledger.state.experiments
    assert tests.start(skill.experiment_id, base_rate=0.1, n_max=900, max_days=28, value=0)
    tests.decide([{"id": skill.experiment_id, "action": "DEPLOY", "reason": "won", "figures": {}}])
    tests.deploy(skill.experiment_id, approver="loop", holdback_share=0.2, holdback_days=14)
    change = next(each.id for each in tests.log() if each.change == "deployed")
    assert [each.state for each in ledger.state.skills.all()] == ["active"]
    assert spawned(ledger.state, "two") == "one is testing or active"
    tests.rollback(change, approver="owner")
    assert [each.state for each in ledger.state.skills.all()] == ["killed"]


def test_flow__counts_what_came_in_and_what_became_of_it(ledger: Ledger) -> None:
    waits, answers = ledger.lead(), ledger.lead()
    ledger.after(hours=2)
    claim = ledger.accepted(answers)
    ledger.after(days=3)
    ledger.hear(about(claim, "e1", milestones=("replied", "positive"), at=ledger.now))
    flow = ledger.state.skills.flow(NOW - DAY, NOW + DAY, TODAY, TODAY)
    assert (flow.new, flow.contacted, flow.reached, flow.qualified) == (2, 1, 1, 1)
    assert flow.response_hours == pytest.approx(2, abs=0.01)
    assert flow.days_to_qualified == pytest.approx(3, abs=0.01)
    assert [(each.source, each.n, each.k) for each in flow.sources] == [("csv", 1, 1)]
    assert waits


def test_founding_names__can_be_read(ledger: Ledger) -> None:
    seed(ledger)
    claim = ledger.accepted()
    ledger.hear(about(claim, "e1", milestones=("replied", "positive"), at=NOW))
    assert spawned(ledger.state, "one") is None
    day = ledger.rows(
        "select metric_date, contacted_count, new_leads_count, qualified_count from lh_daily_metrics"
    )
    assert day == [(TODAY, 1, 1, 1)]
    tests = ledger.rows(
        "select test_name, metric_tracked, status, treatment_description, skill_id from lh_ab_tests"
    )
    assert tests == [("one", "replied", "queued", f"{KEY}: email_body", 1)]
    assert ledger.rows("select skill_type, status, actual_lift_pct from lh_spawned_skills") == [
        ("follow-up-sequencer", "testing", None)
    ]
    assert ledger.rows("select * from lh_pattern_performance") == []
    assert ledger.value("select lh_update_daily_metrics(%s)", TODAY) == 3
    assert ledger.value("select lh_update_daily_metrics()") == 0
