"""The weekly email: complete in both forms, and hostile words in it stay words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

from shared.mail.evening import ApprovalWaiting, ExperimentLine
from shared.mail.render import render_weekly
from shared.mail.weekly import ChannelWeek, WeeklyReport, calibration_words
from shared.state.hypotheses import Calibration, Hypothesis
from shared.state.patterns import Pattern
from tests.support.hostile import payloads

WEEK = date(2026, 11, 16)


def hypothesis(**changes: object) -> Hypothesis:
    """An idea that went on."""
    values = {
        "id": 1,
        "fingerprint": "f",
        "week": WEEK,
        "proposed_at": datetime(2026, 11, 22, 20, tzinfo=UTC),
        "proposed_by": "claude",
        "claim": "A short subject is answered more.",
        "why": "It reads like a person's mail.",
        "test_plan": "Half get it.",
        "lever": "email_subject",
        "directive_key": "scripts/email_first",
        "base_hash": "h",
        "metric": "replied",
        "channel": "email",
        "evidence": (),
        "probability": 0.25,
        "lift": 0.3,
        "lift_low": -0.1,
        "lift_high": 0.6,
        "due_on": date(2027, 2, 14),
        "approver": "loop",
        "state": "forward",
        "reason": None,
        "forward_week": WEEK,
        "experiment_id": 1,
        "came_true": None,
        "observed_lift": None,
        "test": "t",
        "test_state": "queued",
        "verdict": None,
        "test_lift": None,
        "test_reason": None,
        "approval": None,
    }
    return Hypothesis.model_validate(values | changes)


NOTHING = Calibration(scored=0, came_true=0, mean_probability=None, brier=None, with_lift=0, covered=0)
SAMPLE = WeeklyReport(
    week=WEEK,
    business="Example Answering",
    zone="America/New_York",
    channels=(ChannelWeek("Email", (("Sent", 412, 390), ("Replied", 18, 15))),),
    patterns=(
        Pattern(
            channel="call",
            metric="answered",
            dimension="region",
            level="AZ",
            ratio=1.42,
            low=1.2,
            high=1.7,
            p_value=0.0001,
            n=1400,
            k=90,
            evidence="e",
            since=WEEK,
            upto=WEEK,
        ),
    ),
    hypotheses=(
        hypothesis(),
        hypothesis(id=2, state="asked", claim="Half the jobs are missed, a subject that says so works."),
        hypothesis(id=3, state="kept", claim="A later first call is answered more."),
        hypothesis(id=4, state="rejected", claim="Nobody sees this.", reason="cites no figure"),
        hypothesis(id=5, state="refuted", claim="A longer mail is better.", reason="no gain"),
    ),
    tests=(ExperimentLine("email_first email_subject", "B got a reply from 31 of 412 companies."),),
    approvals=(ApprovalWaiting("Test a new promise", "It says half.", "https://loop.example.com/a/1"),),
    changes=("scripts/email_first: deployed",),
    calibration=NOTHING,
)


def test_weekly_mail__says_the_same_in_both_forms() -> None:
    mail = render_weekly(SAMPLE)
    shown = ("1 pattern found", "region AZ", "1.4", "A short subject", "Test a new promise", "A longer mail")
    for words in shown:
        assert words in " ".join(mail.html.split()), words
        assert words in " ".join(mail.text.split()), words
    assert "Nobody sees this" not in mail.html
    assert mail.subject.startswith("Week of November 16: ")


def test_nothing_found__is_said() -> None:
    empty = replace(SAMPLE, patterns=(), hypotheses=(), approvals=(), tests=(), changes=(), why="no_key")
    mail = render_weekly(empty)
    assert "Nothing differs by more than chance" in mail.text
    assert "built-in analyst (no_key)" in mail.text


def test_hostile_claims__are_only_words() -> None:
    known = render_weekly(replace(SAMPLE, hypotheses=(hypothesis(claim="x", why="x"),))).html
    for words in payloads(100):
        bad = replace(SAMPLE, hypotheses=(hypothesis(claim=words, why=words),))
        assert render_weekly(bad).html.count("<") == known.count("<")


def test_calibration__is_told_with_how_few_it_rests_on() -> None:
    found = Calibration(scored=3, came_true=1, mean_probability=0.3, brier=0.21, with_lift=3, covered=2)
    words = calibration_words(found)
    assert "1 of 3 predictions came true; 30% was expected (Brier 0.21)" in words
    assert "Too few" in words
