"""Experiments in the database: who is in which arm, what is counted, and what can happen only once."""

from __future__ import annotations

from datetime import timedelta
from typing import TypedDict

import pytest

from shared.directives import content_hash
from shared.experiments import arm_of
from tests.support.experiments import KEY, NEW, OLD, Lab, proposal
from tests.support.ledger import Ledger, about, answer

NEW_HASH = content_hash(NEW)


class _Ship(TypedDict):
    approver: str
    holdback_share: float
    holdback_days: int


SHIP = _Ship(approver="loop", holdback_share=0.2, holdback_days=14)


@pytest.fixture
def lab(ledger: Ledger) -> Lab:
    return Lab.running(ledger)


def head(ledger: Ledger, key: str = KEY) -> str:
    return next(str(row["text"]) for row in ledger.state.directives.heads().heads if row["key"] == key)


def decide(lab: Lab, action: str, reason: str = "win") -> list[int]:
    row = {"id": lab.experiment_id, "action": action, "reason": reason, "figures": {"z": 3}}
    return lab.ledger.state.experiments.decide([row])


# Assignment and exposure.


@pytest.mark.parametrize("share", [0.5, 0.8])
def test_assignment__the_database_tosses_the_same_coin(ledger: Ledger, share: float) -> None:
    rows = ledger.rows(
        "select u, arm_of('salt é', u, %s::numeric) from generate_series(1, 3000) g, concat('company:', g) u",
        share,
    )
    assert all(arm_of("salt é", unit, share) == arm for unit, arm in rows)
    assert abs(sum(arm == "treatment" for _, arm in rows) / 3000 - share) < 0.03


def test_assignment__in_one_test_says_nothing_about_the_next() -> None:
    arms = [(arm_of("one", f"lead:{n}", 0.5), arm_of("two", f"lead:{n}", 0.5)) for n in range(4000)]
    both = sum(a == b == "treatment" for a, b in arms)
    assert abs(both / 4000 - 0.25) < 0.03


def test_exposure__is_logged_with_the_intent_and_once_per_company(ledger: Ledger, lab: Lab) -> None:
    first, colleague = (ledger.lead(company=7) for _ in range(2))
    for lead in (first, colleague):
        claim = ledger.claimed(lead)
        ledger.state.outreach.begin_send(
            claim,
            payload={"text": "x"},
            provider="resend",
            terms=ledger.terms(claim),
            provenance={"script_hash": "s", "rules_hash": "r", "arms": {str(lab.experiment_id): "treatment"}},
        )
    company = ledger.value("select company_id from leads where id = %s", first)
    assert ledger.rows("select unit, arm, exposed_at from experiment_units") == [
        (f"company:{company}", "treatment", ledger.now)
    ]


def test_exposure__of_a_sequence_is_its_enrolment_and_never_of_the_held_out(ledger: Ledger) -> None:
    lab = Lab.running(
        ledger,
        directive_key="playbooks/cold",
        lever="step_order",
        counted_from="enrolment",
        kind="playbook",
        metric="booked",
        channel=None,
    )
    ledger.enrol(ledger.lead())
    ledger.enrol(ledger.lead(), held_out=True)
    ((unit, arm),) = ledger.rows("select unit, arm from experiment_units")
    assert arm == arm_of(lab.salt, unit, 0.5)


def test_outcome__of_any_touch_reaches_the_test_of_its_company(ledger: Ledger, lab: Lab) -> None:
    claim = ledger.accepted()
    ledger.run(
        "insert into experiment_units (unit, experiment_id, arm, source, exposed_at)"
        " select unit_of(company_id, lead_id), %s, 'control', 'csv', loop_now() from touches",
        lab.experiment_id,
    )
    ledger.hear(answer(claim, "a"), reply="positive")
    ledger.hear(answer(claim, "b"), reply="positive")
    ledger.hear(about(claim, "c", milestones=("opted_out",)))
    assert lab.totals()["control"]["succeeded"] == 1
    assert ledger.value("select opted_out from experiment_counts") == 1


# Counts.


def test_counts__mature_when_the_window_is_over_and_late_words_still_count(ledger: Ledger, lab: Lab) -> None:
    units = lab.expose({"control": 3, "treatment": 4})
    lab.hear(units[:1])
    assert lab.totals() == {
        "control": {"assigned": 3, "succeeded": 1, "matured": 0, "matured_succeeded": 0},
        "treatment": {"assigned": 4, "succeeded": 0, "matured": 0, "matured_succeeded": 0},
    }
    heard_at = ledger.now
    ledger.after(days=3, hours=3)
    assert lab.totals()["control"] == {"assigned": 3, "succeeded": 1, "matured": 3, "matured_succeeded": 1}
    ledger.at(heard_at)
    lab.hear(units[-1:])  # word of it comes late, but it happened in time
    ledger.after(days=4)
    assert lab.totals()["treatment"] == {"assigned": 4, "succeeded": 1, "matured": 4, "matured_succeeded": 1}


def test_counts__after_the_window_nothing_counts(ledger: Ledger, lab: Lab) -> None:
    units = lab.expose({"control": 1, "treatment": 1})
    ledger.after(days=3, hours=3)
    lab.hear(units)
    lab.hear(units, "opted_out")
    assert {arm["succeeded"] for arm in lab.totals().values()} == {0}
    assert ledger.value("select sum(opted_out) from experiment_counts") == 0


def test_counts__are_the_same_in_any_order_of_events_and_folds(ledger: Ledger) -> None:
    tallies = []
    for order, name in ((1, "one"), (-1, "two")):
        lab = Lab.running(
            ledger,
            name=name,
            salt="same",
            directive_key=f"scripts/{name}",
            metric="replied" if name == "one" else "positive",
            text=name,
            content_hash=content_hash(name),
        )
        units = lab.expose({"control": 20, "treatment": 20})
        event = "replied" if name == "one" else "positive"
        for unit in [*units[5:9], *units[30:37]][::order]:
            lab.hear([unit], event)
            if order < 0:
                ledger.state.experiments.fold()
            lab.hear([unit], event)
        tallies.append(lab.totals())
    assert tallies[0] == tallies[1]


def test_fold__takes_what_somebody_else_is_writing_the_next_time(ledger: Ledger, lab: Lab) -> None:
    lab.expose({"control": 2, "treatment": 2})
    with ledger.meanwhile(lambda state: state.experiments.fold()) as folding:
        folding.result(timeout=30)
    assert ledger.state.experiments.fold() == 0
    assert lab.totals()["control"]["assigned"] == 2


# What can happen only once.


def test_verdict__latches(ledger: Ledger, lab: Lab) -> None:
    assert decide(lab, "KILL", "futile") == [lab.experiment_id]
    assert decide(lab, "DEPLOY") == []
    assert lab.state == ("ended", "KILL")
    assert ledger.state.experiments.deploy(lab.experiment_id, **SHIP) == "done_before"
    with pytest.raises(Exception, match="a verdict stands"):
        ledger.run("update experiments set verdict = 'DEPLOY'")


def test_deploy__once_with_a_holdback_and_one_step_back(ledger: Ledger, lab: Lab) -> None:
    decide(lab, "DEPLOY")
    changes = ledger.together(
        4,
        lambda _, state: state.experiments.deploy(lab.experiment_id, **SHIP),
    )
    assert sorted(changes) == ["deployed", "done_before", "done_before", "done_before"]
    (change,) = (c.id for c in ledger.state.experiments.log() if c.change == "deployed")
    assert head(ledger) == NEW
    (in_force,) = ledger.state.experiments.in_force()
    assert (in_force.treatment_share, in_force.versions["control"].text) == (0.8, OLD)
    assert ledger.state.experiments.rollback(change, approver="owner")["status"] == "done"
    assert ledger.state.experiments.rollback(change, approver="owner")["status"] == "done_before"
    assert head(ledger) == OLD
    assert ledger.state.experiments.in_force() == []


def test_holdback__that_shows_harm_takes_the_change_back(ledger: Ledger, lab: Lab) -> None:
    decide(lab, "DEPLOY")
    ledger.state.experiments.deploy(lab.experiment_id, **SHIP)
    (holdback,) = (e for e in ledger.state.experiments.all() if e.kind == "holdback")
    ledger.state.experiments.decide(
        [{"id": holdback.id, "action": "ROLLBACK", "reason": "harm", "figures": {}}]
    )
    assert head(ledger) == OLD


def test_owners_revision__ends_the_test_and_is_never_overwritten(ledger: Ledger, lab: Lab) -> None:
    decide(lab, "DEPLOY")
    theirs = "by the owner\n"
    files = [{"key": KEY, "kind": "script", "hash": content_hash(theirs), "text": theirs}]
    ledger.state.directives.seed(files, release="next")
    assert lab.state == ("ended", "DEPLOY")
    assert ledger.state.experiments.deploy(lab.experiment_id, **SHIP) == "done_before"
    assert head(ledger) == theirs
    (ended,) = ledger.state.experiments.all()
    assert ended.shipped == "overtaken"


def test_deploy__of_a_text_that_was_changed_meanwhile_says_so(ledger: Ledger, lab: Lab) -> None:
    decide(lab, "DEPLOY")
    ledger.run("update directive_heads set content_hash = %s, set_by = 'loop' where key = %s", NEW_HASH, KEY)
    assert ledger.state.experiments.deploy(lab.experiment_id, **SHIP) == "overtaken"
    (ended,) = ledger.state.experiments.all()
    assert (ended.state, ended.shipped) == ("ended", "overtaken")
    assert [c.change for c in ledger.state.experiments.log()][-1].startswith("not deployed: the text")


def test_standing__finds_what_is_open_and_what_ended_lately(ledger: Ledger, lab: Lab) -> None:
    verbs = ledger.state.experiments
    decide(lab, "KILL", "futile")
    waiting = verbs.propose(proposal("scripts/other", "other", metric="booked"))
    assert [each.id for each in verbs.all(standing=True)] == [waiting]
    hour_ago = ledger.now - timedelta(hours=1)
    assert [each.id for each in verbs.all(standing=True, decided_since=hour_ago)] == [
        lab.experiment_id,
        waiting,
    ]
    ledger.after(days=2)
    assert [each.id for each in verbs.all(standing=True, decided_since=hour_ago + timedelta(days=1))] == [
        waiting
    ]


def test_second_test__of_the_metric_waits_and_a_fourth_has_no_place(ledger: Ledger, lab: Lab) -> None:
    def start(name: str, metric: str) -> bool:
        key = f"scripts/{name}"
        text = {"key": key, "kind": "script", "hash": content_hash(OLD), "text": OLD}
        ledger.state.directives.seed([text], release=name)
        number = ledger.state.experiments.propose(proposal(key, name, metric=metric))
        return ledger.state.experiments.start(number, base_rate=0.1, n_max=100, max_days=28, value=0)

    assert start("same", "replied") is False
    assert [start("b", "positive"), start("c", "booked"), start("d", "answered")] == [True, True, False]


# The owner's word.


def ask(ledger: Ledger, fingerprint: str = "f") -> int:
    return ledger.state.experiments.request_approval(
        subject="s", words="Ship it?", why="", change={}, fingerprint=fingerprint, days=14
    )


def test_approval__binds_to_what_was_shown_and_the_first_word_counts(ledger: Ledger) -> None:
    number, verbs = ask(ledger), ledger.state.experiments
    assert ask(ledger) == number
    said = [
        verbs.answer_approval(number, fingerprint, approve=approve, actor="owner")["status"]
        for fingerprint, approve in (("other", True), ("f", False), ("f", True))
    ]
    assert said == ["changed", "denied", "denied"]
    assert verbs.approvals() == []


def test_approval__silence_is_no(ledger: Ledger) -> None:
    number, verbs = ask(ledger), ledger.state.experiments
    ledger.after(days=15)
    assert verbs.approvals() == []
    assert verbs.approvals(pending=False)[0].state == "expired"
    assert verbs.answer_approval(number, "f", approve=True, actor="owner")["status"] == "expired"


# A day's calls while the hour is tested, the holdout, and what follows a deploy.


def test_hours__each_arm_gets_the_part_of_the_day_that_waits_in_it(ledger: Ledger) -> None:
    lab = Lab.running(ledger, lever="call_hour", counted_from="enrolment", channel="call", metric="answered")
    units = {"treatment": 0, "control": 0}
    while units["treatment"] < 3 or units["control"] < 9:
        lead = ledger.lead()
        (unit,) = ledger.rows("select unit_of(company_id, id) from leads where id = %s", lead)[0]
        arm = arm_of(lab.salt, unit, 0.5)
        if units[arm] < {"treatment": 3, "control": 9}[arm]:
            units[arm] += 1
            ledger.plan(lead, channel="call")
    verbs = ledger.state.experiments
    assert verbs.in_force()[0].share_of_calls == 0.5  # no day was planned yet
    day = ledger.now.date()
    assert [verbs.share_hours(day, ledger.now + timedelta(days=1)) for _ in range(2)] == [1, 0]
    assert verbs.in_force()[0].share_of_calls == 0.25


def test_holdout__counts_each_company_once_when_its_weeks_are_over(ledger: Ledger) -> None:
    verbs = ledger.state.experiments
    held, met, late = (ledger.lead(company=n) for n in (1, 2, 3))
    ledger.enrol(held, held_out=True)
    for lead in (met, late, ledger.lead(company=2)):
        ledger.enrol(lead)
    book = (
        "insert into meetings (lead_id, company_id, booked_at)"
        " select id, company_id, %s from leads where id = %s"
    )
    ledger.run(book, ledger.now + timedelta(days=1), met)
    assert (verbs.fold_holdout(28), verbs.holdout().contacted) == (0, 0)
    began = ledger.now
    ledger.after(days=28)
    assert [verbs.fold_holdout(28) for _ in range(2)] == [3, 0]
    assert verbs.holdout().model_dump() == {
        "held_out": 1, "held_out_meetings": 0, "contacted": 2, "contacted_meetings": 1
    }  # fmt: skip
    ledger.run(book, began + timedelta(days=20), late)  # entered afterwards
    ledger.run(book, ledger.now + timedelta(days=5), held)  # outside the time
    verbs.fold_holdout(28)
    assert (verbs.holdout().contacted_meetings, verbs.holdout().held_out_meetings) == (2, 0)
