"""When a mailbox or a number rests."""

from __future__ import annotations

import itertools
from dataclasses import replace
from math import comb, isclose

import pytest

from shared.gate import SenderRecord, judge
from shared.gate.health import chance_of_so_few
from tests.unit.gate.passing import RULES

HEALTH = RULES.pace.health


def mailbox(mails: int, bounced: int = 0, complained: int = 0) -> SenderRecord:
    return SenderRecord(
        "email:a",
        "email",
        mails=mails,
        bounced=bounced,
        mails_for_complaints=mails,
        complained=complained,
    )


def number(name: str, calls: int, answered: int) -> SenderRecord:
    return SenderRecord(f"call:{name}", "call", calls=calls, answered=answered)


@pytest.mark.parametrize(
    ("mails", "bounced", "complained", "health"),
    [
        (0, 0, 0, "healthy"),
        (30, 1, 0, "healthy"),  # one dead address says nothing about a mailbox
        (100, 2, 0, "watched"),
        (101, 2, 0, "healthy"),
        (100, 3, 0, "quarantined"),
        (101, 3, 0, "watched"),
        (20, 2, 0, "watched"),
        (150, 0, 1, "watched"),  # at this volume the first complaint warns and the second stops
        (150, 0, 2, "quarantined"),
        (5_000, 0, 2, "watched"),
        (5_001, 0, 2, "healthy"),
        (3_333, 0, 2, "quarantined"),
        (150, 2, 2, "quarantined"),
    ],
)
def test_mailbox__bounces_and_complaints(mails: int, bounced: int, complained: int, health: str) -> None:
    (verdict,) = judge([mailbox(mails, bounced, complained)], HEALTH)
    assert verdict.health == health
    assert bool(verdict.why) == (health != "healthy")


def test_mailbox__the_reason_names_the_figures() -> None:
    (verdict,) = judge([mailbox(100, 3)], HEALTH)
    assert verdict.why == "3 of 100 emails in 7 days bounced"


def test_number__significantly_below_its_pool() -> None:
    pool = [number("a", 200, 60), number("b", 200, 58)]
    verdicts = judge([*pool, number("c", 100, 12)], HEALTH)
    assert [each.health for each in verdicts] == ["healthy", "healthy", "quarantined"]
    assert verdicts[2].why == ("12 of 100 calls in 14 days were answered, 118 of 400 from the other numbers")


@pytest.mark.parametrize(
    "records",
    [
        [number("a", 400, 120)],  # nobody to compare with
        [number("a", 400, 120), number("b", 39, 0)],  # too few calls to tell
        [number("a", 39, 30), number("b", 400, 10)],
        [number("a", 400, 120), number("b", 100, 24)],  # 24 of 100 happens by chance
        [number("a", 400, 0), number("b", 100, 0)],
        [number("a", 400, 400), number("b", 100, 100)],
    ],
)
def test_number__no_verdict_without_evidence(records: list[SenderRecord]) -> None:
    assert {each.health for each in judge(records, HEALTH)} == {"healthy"}


def test_number__one_at_rest_does_not_lower_the_bar() -> None:
    resting = replace(number("a", 400, 20), health="quarantined")
    low = number("b", 200, 20)
    verdicts = judge([resting, low, number("c", 200, 70)], HEALTH)
    assert [each.health for each in verdicts] == ["quarantined", "quarantined", "healthy"]


@pytest.mark.parametrize(("calls", "share"), [*itertools.product((1, 7, 40), (0.01, 0.3, 0.99))])
def test_chance__is_the_binomial_tail(calls: int, share: float) -> None:
    for answered in range(calls + 1):
        exact = sum(comb(calls, k) * share**k * (1 - share) ** (calls - k) for k in range(answered + 1))
        assert isclose(chance_of_so_few(answered, calls, share), exact, rel_tol=1e-9)
