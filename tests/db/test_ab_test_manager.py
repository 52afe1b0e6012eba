"""The A/B manager over a real database: what it decides, ships, takes back, asks and starts."""

from __future__ import annotations

import pytest

from functions.learning.ab_test_manager import run
from functions.runner import run_stage
from shared.config import Settings
from shared.loop import Loop
from shared.period import Period
from shared.providers.registry import Providers
from shared.report import StageReport
from tests.support.experiments import KEY, NEW, OLD, Lab, proposal
from tests.support.ledger import INSTALLATION, Ledger


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    settings = Settings.from_env(
        {"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION), "GROWTHLOOP_RELEASE": "test"}
    )
    return Loop(settings, ledger.state, Providers(settings))


@pytest.fixture
def lab(loop: Loop, ledger: Ledger) -> Lab:
    assert loop.book.versions[KEY].text == OLD
    return Lab.running(ledger)


def check(loop: Loop, *, preview: bool = False) -> StageReport:
    now = loop.clock.now()
    return run(loop, Period("slot", None, now, now), preview=preview, run_no=0)


def head(lab: Lab) -> str:
    rows = lab.ledger.state.directives.heads().heads
    return next(str(row["text"]) for row in rows if row["key"] == KEY)


def history(lab: Lab) -> list[str]:
    changes = lab.ledger.state.experiments.log()
    return [each.change for each in changes if each.subject == KEY and each.experiment_id]


WIN = ((500, 50), (500, 100))


def test_win__ships_once_and_keeps_one_in_five_back(loop: Loop, lab: Lab) -> None:
    lab.feed(*WIN)
    assert check(loop).counts["shipped"] == 1
    assert check(loop).counts["shipped"] == 0
    assert head(lab) == NEW
    assert history(lab) == ["test started", "deploy: win", "deployed"]
    (holdback,) = lab.ledger.state.experiments.in_force()
    assert holdback.treatment_share == 0.8


def test_nothing_new__the_same_check_again_changes_nothing(loop: Loop, lab: Lab) -> None:
    lab.feed((200, 20), (200, 24))
    before = lab.totals()
    for _ in range(3):
        assert check(loop).counts["decided"] == 0
    assert lab.totals() == before
    assert lab.state == ("running", None)


def test_preview__says_what_would_be_decided_and_writes_nothing(loop: Loop, lab: Lab) -> None:
    lab.feed(*WIN)
    lab.ledger.state.experiments.fold()
    assert check(loop, preview=True).counts["decided"] == 1
    assert lab.state == ("running", None)


def test_order_and_replays__change_no_verdict_and_no_figure(loop: Loop, ledger: Ledger) -> None:
    assert loop.book.versions[KEY].text == OLD
    at_once = Lab.running(ledger, name="at once", population="source:a")
    in_bits = Lab.running(ledger, name="in bits", population="source:b")
    in_bits.skip(10_000)  # companies of their own
    units = at_once.expose({"control": 500, "treatment": 500})
    at_once.hear([*units[:50], *units[500:600]])
    control, treatment = [], []
    for _ in range(5):
        units = in_bits.expose({"control": 100, "treatment": 100})
        control += units[:100]
        treatment += units[100:]
        check(loop)
    heard = [*control[:50], *treatment[:100]][::-1]
    for first in range(0, len(heard), 50):
        for _ in range(2):
            in_bits.hear(heard[first : first + 50])
            check(loop)
    ledger.after(days=8)
    assert [check(loop).counts["decided"] for _ in range(3)] == [2, 0, 0]
    ours, theirs = ledger.rows(
        "select verdict, reason, figures - 'counts' from experiments where kind = 'test' order by id"
    )
    assert ours == theirs
    assert ours[0] == "DEPLOY"


def test_small_win__waits_for_a_yes_and_silence_changes_nothing(loop: Loop, lab: Lab) -> None:
    lab.feed((1500, 300), (1500, 350))
    check(loop)
    assert lab.state == ("review", "REVIEW")
    check(loop)
    (asked,) = lab.ledger.state.experiments.approvals()
    assert "+" not in asked.words
    assert "better by 17%" in asked.words
    lab.ledger.after(days=15)
    check(loop)
    assert lab.state == ("ended", "REVIEW")
    assert head(lab) == OLD
    assert history(lab)[-1] == "not deployed"


def test_small_win__ships_with_the_owners_yes(loop: Loop, lab: Lab) -> None:
    lab.feed((1500, 300), (1500, 350))
    check(loop)
    verbs = lab.ledger.state.experiments
    (asked,) = verbs.approvals()
    verbs.answer_approval(asked.id, asked.fingerprint, approve=True, actor="owner")
    assert [check(loop).counts["shipped"] for _ in range(2)] == [1, 0]
    assert head(lab) == NEW
    assert [each.approver for each in verbs.log() if each.change == "deployed"] == ["owner"]


def test_harm__switches_off_at_once_and_resumes_when_late_answers_make_up(loop: Loop, lab: Lab) -> None:
    units = lab.expose({"control": 150, "treatment": 150})
    lab.hear([*units[:30], *units[150:152]])
    check(loop)
    assert lab.state == ("suspended", None)
    assert lab.ledger.state.experiments.in_force() == []
    lab.hear(units[152:182])  # a slower change, not a worse one
    lab.ledger.after(days=3, hours=3)
    check(loop)
    assert lab.state == ("running", None)


def test_harm__that_stays_is_taken_back_for_good(loop: Loop, lab: Lab) -> None:
    units = lab.expose({"control": 150, "treatment": 150})
    lab.hear([*units[:30], *units[150:152]])
    check(loop)
    check(loop)
    lab.ledger.after(days=3, hours=3)
    check(loop)
    assert lab.state == ("ended", "ROLLBACK")


def test_opt_outs__stop_a_change_that_wins(loop: Loop, lab: Lab) -> None:
    units = lab.expose({"control": 300, "treatment": 300})
    lab.hear([*units[:3], *units[300:335]], "opted_out")
    lab.hear(units[300:400])
    check(loop)
    assert lab.state == ("ended", "ROLLBACK")


def test_holdback__keeps_what_does_no_harm_and_takes_back_what_does(loop: Loop, lab: Lab) -> None:
    lab.feed(*WIN)
    check(loop)
    (holdback,) = (e for e in lab.ledger.state.experiments.all() if e.kind == "holdback")
    after = Lab(lab.ledger, holdback.id, "kept")
    units = after.expose({"control": 100, "treatment": 400})
    after.hear([*units[:30], *units[100:110]])
    check(loop)
    assert head(lab) == OLD
    assert history(lab)[-1] == "rolled back"


def test_holdback__that_falls_with_its_control_alerts_once_and_takes_nothing_back(
    loop: Loop, lab: Lab
) -> None:
    lab.feed(*WIN)
    check(loop)
    (holdback,) = (e for e in lab.ledger.state.experiments.all() if e.kind == "holdback")
    after = Lab(lab.ledger, holdback.id, "kept")
    after.expose({"control": 100, "treatment": 400})  # nobody answers, in either arm: a bad list
    lab.ledger.after(days=4)
    assert [check(loop).counts["alerted"] for _ in range(2)] == [1, 0]
    assert head(lab) == NEW
    assert history(lab)[-1].startswith("alert: far fewer successes")


def test_holdback__ends_after_its_days(loop: Loop, lab: Lab) -> None:
    lab.feed(*WIN)
    check(loop)
    lab.ledger.after(days=14)
    check(loop)
    assert [e.verdict for e in lab.ledger.state.experiments.all() if e.kind == "holdback"] == ["KEPT"]
    assert head(lab) == NEW


def test_queue__without_traffic_waits_and_says_why(loop: Loop, ledger: Ledger) -> None:
    assert loop.book.outreach
    ledger.state.experiments.propose(proposal(name="bold"))
    report = check(loop)
    assert report.counts["started"] == 0
    assert report.notes == ("bold: not started, the base rate is not known: 0 companies so far.",)


def test_fired_by_the_schedule__its_run_is_in_the_ledger(loop: Loop, lab: Lab) -> None:
    report = run_stage(loop, "ab_test_manager")
    assert (report.status, report.counts["running"]) == ("ok", 1)
    assert lab.ledger.value("select state from stage_runs where stage = 'ab_test_manager'") == "ok"
