"""The weekly run over a real database: ideas that hold go on, at most three, and come back as learnings."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from functions.learning.follow_up import follow_up
from functions.learning.weekly_learning_agent import learn, out_of_turn, run
from shared.evidence import Evidence
from shared.period import Period
from shared.state.alarms import Alarm
from shared.state.hypotheses import Hypothesis
from simulator.credentials import Credentials
from simulator.wire import model
from tests.support.ledger import Ledger, about, answer
from tests.support.model import wired

WEEK = date(2026, 11, 23)
SUBJECT = "{{ company }}: missed calls"


def traffic(ledger: Ledger) -> None:
    """Emails that went out, and some replies."""
    for n in range(12):
        claim = ledger.accepted()
        ledger.hear(about(claim, f"d{n}", disposition="delivered", milestones=("delivered",)))
        if n % 4 == 0:
            ledger.hear(answer(claim, f"a{n}"))


def cited(ledger: Ledger, metric: str = "replied") -> dict[str, Any]:
    """The figure of all emails as the loop itself would cite it."""
    day = ledger.now.date()
    asked = Evidence(metric, "sent", day - timedelta(days=27), day, (), (("channel", "email"),))  # type: ignore[arg-type]
    found = ledger.state.measures.figures(
        "touches",
        metric,
        "sent",
        dimensions=(),
        filters={"channel": "email"},
        since=asked.since,
        upto=asked.upto,
    )
    (figure,) = list(found)
    return {"id": asked.id, "level": [], "n": figure.n, "k": figure.k}


def idea(ledger: Ledger, **changes: Any) -> dict[str, Any]:
    """A sound proposal."""
    return {
        "claim": "A subject that names the company is answered more.",
        "why": "It reads like a person's mail.",
        "test_plan": "Half get it.",
        "lever": "email_subject",
        "directive": "scripts/email_first",
        "text": SUBJECT,
        "steps": [],
        "metric": "replied",
        "evidence": [cited(ledger)],
        "probability": 0.3,
        "lift": 0.3,
        "lift_low": -0.1,
        "lift_high": 0.6,
        "new_claim": False,
    } | changes


def says(*proposals: dict[str, Any]) -> model.Behaviour:
    return model.says({"proposals": list(proposals), "learnings": []})


def hypotheses(ledger: Ledger) -> list[Hypothesis]:
    return list(ledger.state.hypotheses.all())


@pytest.fixture
def busy(ledger: Ledger) -> Ledger:
    traffic(ledger)
    return ledger


def test_sound_idea__goes_into_the_queue_with_its_prediction(busy: Ledger) -> None:
    with wired(busy, says(idea(busy))) as at:
        learn(at.loop, WEEK)
        (queued,) = at.loop.state.experiments.queue(volume_days=28, history_days=90, rest_days=30)
    (found,) = hypotheses(busy)
    assert (found.state, found.approver, found.proposed_by) == ("forward", "loop", "claude")
    assert (queued.id, queued.lever) == (found.experiment_id, "email_subject")


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"evidence": []}, "cites no figure"),
        ({"evidence": [{"id": "rate:replied/sent:lies", "level": [], "n": 9, "k": 9}]}, "cites no figure"),
        ({"text": "Call us at 212 555 0100 now"}, "names an address"),
        ({"text": "See evil.com, {{ company }}"}, "names an address"),
        ({"text": "Re: your call"}, "pretends to be an answer"),
        ({"text": "{{ owner_password }}"}, "unknown merge field"),
        ({"lever": "opener"}, "is nothing that"),
        ({"directive": "compliance"}, "is nothing that"),
        ({"directive": "rules/pace"}, "is nothing that"),
        ({"lift": 0.9}, "its own interval"),
    ],
)
def test_unsound_idea__is_rejected_with_its_reason(busy: Ledger, changes: dict[str, Any], why: str) -> None:
    with wired(busy, says(idea(busy, **changes))) as at:
        learn(at.loop, WEEK)
    (found,) = hypotheses(busy)
    assert found.state == "rejected"
    assert why in (found.reason or "")
    assert list(busy.state.experiments.all()) == []


def test_figure_that_does_not_match__is_rejected_and_says_what_the_figures_give(busy: Ledger) -> None:
    true = cited(busy)
    with wired(busy, says(idea(busy, evidence=[true | {"k": true["k"] + 1}]))) as at:
        learn(at.loop, WEEK)
    (found,) = hypotheses(busy)
    assert found.reason == (
        f"cites {true['k'] + 1} of {true['n']} where {true['id']} gives {true['k']} of {true['n']}"
    )


def test_directive_that_does_not_exist__leaves_nothing(busy: Ledger) -> None:
    with wired(busy, says(idea(busy, directive="scripts/../../secrets"))) as at:
        learn(at.loop, WEEK)
    assert hypotheses(busy) == []


def test_new_promise__waits_for_the_owner_and_is_queued_by_a_yes(busy: Ledger) -> None:
    with wired(busy, says(idea(busy, text="{{ company }}: 50% more booked jobs"))) as at:
        learn(at.loop, WEEK)
        (approval,) = at.loop.state.experiments.approvals()
        assert [each.state for each in hypotheses(busy)] == ["asked"]
        at.loop.state.experiments.answer_approval(
            approval.id, approval.fingerprint, approve=True, actor="owner"
        )
        assert follow_up(at.loop) == {"accepted": 1}
    assert [each.state for each in hypotheses(busy)] == ["forward"]


def test_no_from_the_owner__drops_it_and_it_rests(busy: Ledger) -> None:
    promise = idea(busy, text="{{ company }}: 50% more booked jobs")
    with wired(busy, says(promise)) as at:
        learn(at.loop, WEEK)
        (approval,) = at.loop.state.experiments.approvals()
        at.loop.state.experiments.answer_approval(
            approval.id, approval.fingerprint, approve=False, actor="owner"
        )
        follow_up(at.loop)
        busy.after(days=7)
        promise["evidence"] = [cited(busy)]
        learn(at.loop, WEEK + timedelta(days=7))
    first, again = hypotheses(busy)
    assert (first.state, again.state) == ("dropped", "rejected")
    assert "rests until" in (again.reason or "")


def test_many_ideas__three_go_on_and_the_rest_is_kept(busy: Ledger) -> None:
    ideas = [idea(busy, text=f"{{{{ company }}}}: missed calls {word}") for word in ("a", "b", "c", "d", "e")]
    with wired(busy, says(*ideas)) as at:
        learn(at.loop, WEEK)
        learn(at.loop, WEEK)
    states = [each.state for each in hypotheses(busy)]
    assert (states.count("forward"), states.count("kept")) == (3, 2)


def test_same_words_spelled_otherwise__are_the_same_idea(busy: Ledger) -> None:
    with wired(busy, says(idea(busy), idea(busy, text="{{company}} - Missed CALLS!"))) as at:
        learn(at.loop, WEEK)
    assert len(hypotheses(busy)) == 1


def finish(ledger: Ledger, verdict: str, reason: str, lift: float) -> None:
    """The test of the only hypothesis ends."""
    number = hypotheses(ledger)[0].experiment_id
    assert number is not None
    assert ledger.state.experiments.start(number, base_rate=0.1, n_max=2800, max_days=28, value=1)
    ledger.state.experiments.decide(
        [{"id": number, "action": verdict, "reason": reason, "figures": {"lift": lift}}]
    )


@pytest.mark.parametrize(
    ("verdict", "lift", "state", "kind", "brier"),
    [("DEPLOY", 0.4, "supported", "winning_play", 0.49), ("KILL", -0.2, "refuted", "failure_mode", 0.09)],
)
def test_verdict__scores_the_prediction_and_stays_known(
    busy: Ledger, verdict: str, lift: float, state: str, kind: str, brier: float
) -> None:
    with wired(busy, says(idea(busy))) as at:
        learn(at.loop, WEEK)
        finish(busy, verdict, "win" if verdict == "DEPLOY" else "no gain", lift)
        assert follow_up(at.loop) == {state: 1}
        assert follow_up(at.loop) == {}
    scored = busy.state.hypotheses.calibration()
    assert (scored.scored, scored.brier, scored.covered) == (1, brier, int(state == "supported"))
    (found,) = busy.state.memory.search("subject company")
    assert found.kind == kind


def test_run__mails_once_opens_an_issue_once_and_repeats_nothing(busy: Ledger) -> None:
    keys = Credentials()
    settings = {
        "GROWTHLOOP_GITHUB_TOKEN": keys.github_token,
        "GROWTHLOOP_GITHUB_REPOSITORY": keys.github_repository,
    }
    with wired(busy, says(idea(busy)), **settings) as at:
        for _ in range(2):
            done = run(at.loop, period(busy), preview=False, run_no=0)
            assert done.status == "ok", done.error
        assert done.counts["mail"].startswith("already")
        (issue,) = at.github.issues
        assert "A subject that names the company" in issue.body
        assert len(at.asked) == 1


def test_no_key__the_built_in_analyst_proposes_the_owners_ideas(busy: Ledger) -> None:
    with wired(busy, ANTHROPIC_API_KEY="") as at:
        learned = learn(at.loop, WEEK)
    assert (learned.written.author, learned.written.why) == ("analyst", "no_key")
    assert {each.state for each in hypotheses(busy)} == {"forward"}
    assert {each.approver for each in hypotheses(busy)} == {"loop"}


def test_fall_of_contact__is_learned_from_out_of_turn_once(busy: Ledger) -> None:
    alarm = Alarm(
        day=WEEK,
        kind="fewer",
        channel="call",
        metric="dm_contact",
        cause="rate",
        words="w",
        figures={},
        evidence="e",
    )
    busy.state.alarms.sound([alarm], quiet_days=7)
    with wired(busy, ANTHROPIC_API_KEY="") as at:
        assert out_of_turn(at.loop, WEEK) is not None
        assert out_of_turn(at.loop, WEEK) is None


def test_preview__writes_nothing_and_asks_nobody(busy: Ledger) -> None:
    with wired(busy) as at:
        assert run(at.loop, period(busy), preview=True, run_no=0).status == "ok"
        assert at.asked == []
    assert hypotheses(busy) == []


def period(ledger: Ledger) -> Period:
    return Period("week", WEEK, ledger.now, ledger.now + timedelta(days=7))
