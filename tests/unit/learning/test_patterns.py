"""Patterns: what is planted is found, what is not there is not, and a good week is nobody's merit."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

import pytest

from functions.learning.patterns import DAYS, Candidate, material
from tests.support.segments import FIRST, candidates, companies

Key = tuple[str, str, str, str]


def keys(found: list[Candidate]) -> set[Key]:
    """What is claimed, by name."""
    return {(*_question(each), each.level) for each in found}


def _question(each: Candidate) -> tuple[str, str, str]:
    return each.question.channel, each.question.numerator, each.question.dimension


def phoenix(channel: str, metric: str, levels: Mapping[str, str]) -> float:
    """Calls to Arizona are answered twice as often, and nothing else differs."""
    return 2.0 if channel == "call" and metric == "answered" and levels["region"] == "AZ" else 1.0


def test_phoenix_twice_los_angeles__is_said_because_it_is_so() -> None:
    found = material(candidates(companies(3, days=DAYS, a_day=40, lift=phoenix)))
    strongest = found[0]
    assert (*_question(strongest), strongest.level) == ("call", "answered", "region", "AZ")
    assert 1.3 < strongest.pooled.low < 2 < strongest.pooled.high < 2.6


def test_a_season__lifts_everybody_and_is_no_pattern() -> None:
    assert material(candidates(companies(1, days=DAYS, a_day=20))) == []


@pytest.mark.long
def test_where_nothing_differs__at_most_one_claim_in_four_weeks() -> None:
    """Ten quiet quarters of 200 companies a week, asked every week; the same claim again is one claim."""
    claims = weeks = 0
    for seed in range(10):
        everybody = companies(seed, days=DAYS + 5 * 7, a_day=40)
        standing: set[Key] = set()
        for week in range(6):
            upto = FIRST + timedelta(days=DAYS + 7 * week - 1)
            window = [each for each in everybody if upto - timedelta(days=DAYS) < each.day <= upto]
            now = keys(material(candidates(window)))
            claims += len(now - standing)
            standing, weeks = now, weeks + 1
    assert claims / weeks * 4 <= 1


@pytest.mark.long
def test_what_is_planted__is_found_and_nine_in_ten_claims_are_true() -> None:
    """A region and an hour at 1.6 x; where one level is higher the others are truly lower than elsewhere."""

    def lift(channel: str, metric: str, levels: Mapping[str, str]) -> float:
        called = channel == "call" and metric in ("answered", "dm_contact")
        return 1.6 ** ((levels["region"] == "AZ") + (levels["hour"] == "10")) if called else 1.0

    true = wrong = missed = 0
    for seed in range(8):
        found = keys(material(candidates(companies(seed, days=DAYS, a_day=100, lift=lift))))
        right = {
            key for key in found if key[0] == "call" and key[2] in ("region", "hour") and key[1] != "booked"
        }
        true, wrong = true + len(right), wrong + len(found - right)
        missed += len({("call", "answered", "region", "AZ"), ("call", "answered", "hour", "10")} - found)
    assert true / (true + wrong) >= 0.9
    assert missed <= 1
