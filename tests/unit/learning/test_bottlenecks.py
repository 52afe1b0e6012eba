"""The five bottlenecks by their edges, and remedies that really change a directive through a lever."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.learning.bottlenecks import REMEDIES, bottlenecks
from functions.learning.levers import proposal
from shared.directives import Book, read
from shared.directives.book import Version
from shared.directives.files import content_hash
from shared.state.patterns import StandingPattern
from shared.state.skills import Flow, SourceYield


@pytest.fixture(scope="module")
def book() -> Book:
    return Book.from_versions(
        Version(file.key, file.kind, content_hash(file.text), file.text, 1, "owner") for file in read()
    )


def flow(**changes: Any) -> Flow:
    """A week in which nothing holds anything up."""
    sources = (SourceYield(source="a", n=100, k=35), SourceYield(source="b", n=100, k=30))
    well = {
        "new": 100,
        "contacted": 80,
        "response_hours": 2.0,
        "reached": 200,
        "qualified": 80,
        "days_to_qualified": 3.0,
        "sources": sources,
    }
    return Flow.model_validate(well | changes)


def two_sources(better: int, n: int, worse: int) -> list[dict[str, Any]]:
    """A hundred of the one, `n` of the other."""
    return [{"source": "a", "n": 100, "k": better}, {"source": "b", "n": n, "k": worse}]


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({}, None),
        ({"response_hours": 4.0}, None),
        ({"response_hours": 4.1}, "instant-responder"),
        ({"contacted": 60}, None),
        ({"contacted": 59}, "instant-responder"),
        ({"new": 20, "contacted": 0}, None),
        ({"new": 0, "contacted": 0, "response_hours": None}, None),
        ({"qualified": 60}, None),
        ({"qualified": 59}, "lead-scorer"),
        ({"reached": 0, "qualified": 0}, None),
        ({"days_to_qualified": 5.0}, None),
        ({"days_to_qualified": 5.1}, "follow-up-sequencer"),
        (
            {"sources": two_sources(31, 100, 9)},
            "source-optimizer",
        ),
        ({"sources": two_sources(30, 100, 9)}, None),
        ({"sources": two_sources(31, 29, 0)}, None),
    ],
)
def test_bottleneck__is_found_beyond_its_edge(book: Book, changes: dict[str, Any], found: str | None) -> None:
    seen = bottlenecks(flow(**changes), book.outreach.bottlenecks)
    assert [each.kind for each in seen if each.found] == ([found] if found else [])


@pytest.mark.parametrize("kind", REMEDIES)
def test_a_remedy__is_a_change_that_a_test_takes(book: Book, kind: Any) -> None:
    change = REMEDIES[kind](book, (hour("15"), hour("11", ratio=0.7)))
    assert change is not None
    asked = proposal(
        book,
        lever=change.lever,
        key=change.key,
        text=change.text,
        metric=change.metric,
        claim=change.claim,
        expected_lift=0.25,
        proposed_by="loop",
    )
    assert asked["content_hash"] != book.version(change.key).content_hash
    after = book.replaced(change.key, asked["text"], author="loop")
    again = REMEDIES[kind](after, (hour("15"),))
    assert again is None or again.text != change.text or kind == "pattern-optimizer"


def test_no_hour_stands_out__no_hour_is_tested(book: Book) -> None:
    assert REMEDIES["pattern-optimizer"](book, (hour("11", ratio=0.7),)) is None


def hour(level: str, ratio: float = 1.6) -> StandingPattern:
    """At this hour calls are answered so many times as often."""
    return StandingPattern(
        id=1,
        channel="call",
        metric="answered",
        dimension="hour",
        level=level,
        ratio=ratio,
        low=ratio * 0.9,
        high=ratio * 1.1,
        p_value=1e-6,
        n=500,
        k=150,
        evidence="rate:answered/sent:by=hour:2026-10-01..2026-11-20",
        since=date(2026, 10, 1),
        upto=date(2026, 11, 20),
        found_on=date(2026, 11, 20),
    )
