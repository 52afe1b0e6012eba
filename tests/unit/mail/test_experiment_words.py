"""Tests in words: what was seen, what is to be expected, and when it will be known."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.mail.experiments import does_harm, holdout_words, ranking_words, sentence
from shared.state.comparisons import HoldoutCounts, RankingCounts
from shared.state.experiments import Experiment

NOW = datetime(2026, 11, 25, 22, tzinfo=UTC)


def experiment(**changes: Any) -> Experiment:
    row: dict[str, Any] = {
        "id": 1,
        "kind": "test",
        "name": "n",
        "claim": "A shorter opener reaches more owners",
        "lever": "opener",
        "directive_key": "scripts/call_sarah",
        "metric": "dm_contact",
        "channel": "call",
        "population": "everyone",
        "state": "running",
        "verdict": None,
        "reason": None,
        "figures": None,
        "window_days": 3,
        "base_rate": 0.06,
        "n_max": 2500,
        "max_days": 28,
        "treatment_share": 0.5,
        "expected_lift": 0.5,
        "value": 1,
        "proposed_by": "owner",
        "proposed_at": NOW,
        "started_at": NOW - timedelta(days=16),
        "suspended_at": None,
        "decided_at": None,
        "ended_at": None,
        "follows": None,
        "treatment_hash": "h",
        "shipped": None,
        "alerted_at": None,
        "arms": {
            "treatment": {"assigned": 412, "succeeded": 31, "matured": 380, "matured_succeeded": 29},
            "control": {"assigned": 405, "succeeded": 22, "matured": 372, "matured_succeeded": 20},
        },
    }
    return Experiment.model_validate(row | changes)


def test_running__says_both_arms_both_lifts_and_how_long() -> None:
    assert sentence(experiment(), NOW) == (
        "B reached the decision maker at 31 of 412 companies, A at 22 of 405 "
        "(seen +42%, to be expected +12%); too early to say, about 12 more days at your volume."
    )


@pytest.mark.parametrize(
    ("changes", "end"),
    [
        ({"state": "suspended"}, "B looks worse and is off until its last answers are in."),
        ({"state": "review"}, "B is better and waits for your yes."),
        ({"state": "decided", "verdict": "DEPLOY"}, "B won and is about to be put in force."),
        ({"state": "ended", "verdict": "DEPLOY", "shipped": "deployed"}, "B won and is in force."),
        (
            {"state": "ended", "verdict": "DEPLOY", "shipped": "overtaken"},
            "B won, but the text was changed meanwhile, so it was not put in force.",
        ),
        ({"state": "ended", "verdict": "REVIEW", "shipped": "deployed"}, "B won and is in force."),
        (
            {"state": "ended", "verdict": "REVIEW", "shipped": "declined"},
            "B won a little and was not put in force, since you did not say yes.",
        ),
        (
            {"state": "ended", "verdict": "REVIEW"},
            "promising but unproven, so A stays; a larger run could tell.",
        ),
        (
            {"kind": "holdback", "alerted_at": NOW},
            "look at the leads, or take it back; about 12 more days at your volume.",
        ),
        ({"state": "ended", "verdict": "KILL"}, "no gain worth having, so A stays."),
        ({"state": "ended", "verdict": "ROLLBACK"}, "B did harm and was taken back."),
        ({"state": "ended", "reason": "the owner revised the text"}, "the owner revised the text."),
        ({"kind": "holdback"}, "A is kept for one in five, to be sure; about 12 more days at your volume."),
    ],
)
def test_standing(changes: dict[str, Any], end: str) -> None:
    assert sentence(experiment(**changes), NOW).endswith(end)


@pytest.mark.parametrize(
    ("changes", "first"),
    [
        ({"decided_at": NOW, "figures": {"alert": True}}, True),
        ({"decided_at": NOW, "figures": {"alert": False}}, False),
        ({"decided_at": NOW - timedelta(days=2), "figures": {"alert": True}}, False),
        ({"alerted_at": NOW}, True),
        ({}, False),
    ],
)
def test_harm__stands_first_for_a_day(changes: dict[str, Any], first: bool) -> None:
    assert does_harm(experiment(**changes), NOW - timedelta(days=1)) == first


def test_queued_and_refused__speak_of_the_claim() -> None:
    assert sentence(experiment(state="queued", arms={}), NOW).endswith("waits for its turn.")
    assert sentence(experiment(state="refused", reason="too rare", arms={}), NOW).endswith(
        "not started, too rare."
    )


@pytest.mark.parametrize("metric", ["answered", "conversation", "replied", "positive", "booked"])
def test_every_metric__has_its_words_and_few_say_no_lift(metric: str) -> None:
    said = sentence(experiment(metric=metric, arms={}), NOW)
    assert "0 of 0 companies" in said
    assert "seen" not in said


def holdout(held: int, held_meetings: int, contacted: int, meetings: int) -> str:
    counts = {"held_out": held, "held_out_meetings": held_meetings}
    return holdout_words(
        HoldoutCounts.model_validate(counts | {"contacted": contacted, "contacted_meetings": meetings})
    )


def test_holdout__says_what_contacting_brings_or_that_it_is_not_yet_known() -> None:
    assert holdout(0, 0, 500, 9) == ""
    assert "not yet known: 20 companies held out" in holdout(20, 0, 500, 9)
    assert holdout(100, 1, 900, 12).startswith("What contacting is worth is not yet known: -")
    assert holdout(400, 1, 3600, 90) == "Contacting brings +2.3 meetings per 100 companies (+1.0 to +2.8)."


@pytest.mark.parametrize(
    ("counts", "words"),
    [
        ((500, 20, 0, 0), ""),
        (
            (500, 20, 40, 1),
            "What the ranking is worth is not yet known: 500 companies by rank, 40 at random.",
        ),
        ((900, 40, 100, 4), "What the ranking is worth is not yet known: -5.5 to +3.3 interested"),
        ((4000, 400, 800, 24), "The ranking brings +7.0 interested per 100 companies"),
    ],
)
def test_ranking__is_beside_chance(counts: tuple[int, int, int, int], words: str) -> None:
    names = ("ranked", "ranked_won", "at_random", "at_random_won")
    assert ranking_words(RankingCounts(**dict(zip(names, counts, strict=True)))).startswith(words)
