"""Points for signs of intent, and where a list shows them."""

from __future__ import annotations

import pytest

from functions.campaigns.leads.scoring import ScoringRules, score, scoring_rules
from shared.directives import Book, read
from shared.lead_model.traits import SIGNALS
from tests.unit.leads.lists import RULES, row


def test_score__adds_up_and_says_why_strongest_first() -> None:
    found = score({"hiring", "funding"}, RULES)
    assert (found.points, found.priority) == (55, "High")
    assert found.reasons == ("raised money lately (+30)", "is hiring (+25)")


def test_score__all_signals_make_100() -> None:
    assert score(list(SIGNALS), RULES).points == 100


@pytest.mark.parametrize(
    ("signals", "priority"),
    [((), "Low"), (("hiring",), "Medium"), (("funding", "leadership_change"), "High")],
)
def test_priority__begins_at_its_threshold(signals: tuple[str, ...], priority: str) -> None:
    assert score(signals, RULES).priority == priority


def test_score__never_exceeds_100_and_ignores_what_has_no_points() -> None:
    found = score({"funding", "hiring", "horoscope"}, ScoringRules({"funding": 130, "hiring": 0}, 50, 25))
    assert (found.points, found.reasons) == (100, ("raised money lately (+130)",))


def test_score__nothing_known_says_so() -> None:
    assert score((), RULES).reasons == ("no sign of intent known",)


def test_rules__come_from_the_directive() -> None:
    assert scoring_rules(Book.from_files(read()).outreach) == RULES


@pytest.mark.parametrize(
    ("cells", "signals"),
    [
        ({"hiring": "2 open roles"}, ["hiring"]),
        ({"hiring": "0 open roles"}, []),
        ({"hiring": "no", "site_activity": "3"}, ["site_activity"]),
        ({"product_launch": "N/A", "leadership_change": "new owner"}, ["leadership_change"]),
        ({"tags": "VIP; now hiring, Product-Launch"}, ["hiring", "product_launch"]),
        ({"signals": "funding|hiring"}, ["funding", "hiring"]),
        ({"latest_funding": "Seed", "last_raised_at": "2026-08-01"}, ["funding"]),
        ({"latest_funding": "Seed", "last_raised_at": "2014-08-01"}, []),
        ({"latest_funding": "Seed"}, []),
        ({"recently_funded": "true"}, ["funding"]),
    ],
)
def test_signals__are_read_from_columns_and_tags(cells: dict[str, str], signals: list[str]) -> None:
    assert row(**cells)["signals"] == signals


def test_signals__score_the_lead() -> None:
    found = row(hiring="yes", tags="product launch")
    assert (found["score"], found["priority"]) == (40, "Medium")
    assert found["score_reasons"] == ["is hiring (+25)", "launched a product (+15)"]
