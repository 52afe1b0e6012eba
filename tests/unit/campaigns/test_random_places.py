"""A tenth of companies stands in the queue where chance puts them."""

from __future__ import annotations

from collections import Counter

from functions.campaigns.planning import drawn, in_share


def test_share__is_a_tenth_of_companies_and_says_nothing_about_the_holdout() -> None:
    by_chance = {n for n in range(8000) if in_share("random place", n, 1, 0.1, "salt")}
    held_out = {n for n in range(8000) if in_share("holdout", n, 1, 0.1, "salt")}
    assert 700 <= len(by_chance) <= 900
    assert 50 <= len(by_chance & held_out) <= 115
    assert in_share("random place", 7, 1, 0.1, "salt") == in_share("random place", 7, 2, 0.1, "salt")


def test_place__is_any_score_of_the_day_as_often_as_it_occurs() -> None:
    places = Counter(drawn([10, 10, 10, 90], f"salt|2026-10-05|{lead}") for lead in range(4000))
    assert places.keys() == {10, 90}
    assert 900 <= places[90] <= 1100
