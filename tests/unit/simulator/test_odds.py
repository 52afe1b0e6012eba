"""The chances that the judge is told are those that the dice are rolled against."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from math import sqrt

import pytest

from simulator.record import Record, Words
from simulator.score.milestones import Heard
from simulator.truth import Planted
from simulator.world import World
from simulator.world.odds import WorldOdds
from tests.support.traffic import called, mailed
from tests.unit.simulator.worlds import MONDAY, crowd

YEARS_LATER = datetime(2030, 1, 1, tzinfo=UTC)
LINK = Words("Here is the calendar: https://loop.example.com/book/1", "One short question for you all")
WIDE = 4.5
"""Standard errors: beyond chance for a fixed seed."""


def _agree(world: World, record: Record, metrics: tuple[str, ...]) -> None:
    odds, heard = WorldOdds(world), Heard.happened(record.facts, YEARS_LATER)
    for metric in metrics:
        chances = [odds.chance(each, metric, {}) for each in record.contacts]
        came = sum(metric in heard.milestones(each) for each in record.contacts)
        error = sqrt(sum(p * (1 - p) for p in chances))
        assert abs(came - sum(chances)) < WIDE * error, (metric, came, sum(chances))


@pytest.mark.parametrize(
    ("column", "metrics"),
    [
        # A menu that says "press one" is told as a gatekeeper too, so answers of main lines are no measure.
        ("corporate phone", ("dm_contact", "booked", "opted_out")),
        ("work direct phone", ("answered", "dm_contact", "booked", "opted_out")),
    ],
)
def test_chance_of_a_call__is_what_comes_of_many(column: str, metrics: tuple[str, ...]) -> None:
    world = crowd(column, 1500)
    _agree(world, called(world, world.people.values(), MONDAY), metrics)


def test_chance_of_a_mail__is_what_comes_of_many() -> None:
    world = crowd("work direct phone", 2500)
    record = mailed(world, world.people.values(), lambda *_: LINK, MONDAY)
    _agree(world, record, ("replied", "positive", "opted_out"))


def test_best_hour__is_never_worse_than_the_contacts_own() -> None:
    world = crowd("work direct phone", 20)
    odds = WorldOdds(world)
    early = called(world, world.people.values(), MONDAY - timedelta(hours=2))  # eight in the morning there
    worth = [odds.chance(each, "booked", {}) for each in early.contacts]
    best = [odds.chance(each, "booked", {}, best_hour=True) for each in early.contacts]
    assert all(b >= w for b, w in zip(best, worth, strict=True))
    assert sum(best) > sum(worth) > 0


def test_effect__is_carried_by_words_and_times_and_concerns_people_and_seasons() -> None:
    world = crowd("work direct phone", 1)
    odds, contact = (
        WorldOdds(world),
        mailed(world, world.people.values(), lambda *_: LINK, MONDAY).contacts[0],
    )
    short = Planted("a", "subject", "short_subject", {"state": "IL"}, "replied", 0.5)
    morning = Planted("b", "hour", "", {"hours": "9-11", "region": "eastern"}, "replied", 0.5)
    season = Planted("c", "season", "", {"months": "7"}, "booked", -0.2)
    assert not odds.carries(short, contact)
    assert odds.concerns(short, contact) == 1
    assert odds.carries(morning, contact)  # ten in Chicago
    assert odds.concerns(morning, contact) == 0
    assert [odds.chosen(each) for each in (short, morning, season)] == [True, True, False]
