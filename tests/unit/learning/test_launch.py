"""Which tests may start at today's volume, in which order, and the reasons of the others."""

from __future__ import annotations

from typing import Any

import pytest

from functions.learning.launch import Launch, Refusal, judge
from shared.directives import Book, read
from shared.state.experiments import Queued

POLICY = Book.from_files(read()).outreach.tests


def queued(number: int = 1, **changes: Any) -> Queued:
    row: dict[str, Any] = {
        "id": number,
        "name": f"test {number}",
        "claim": "c",
        "lever": "email_subject",
        "directive_key": "scripts/email_first",
        "metric": "replied",
        "channel": "email",
        "population": "everyone",
        "expected_lift": 0.5,
        "window_days": 7,
        "weekly_units": 700,
        "base_n": 1000,
        "base_successes": 100,
        "head_hash": "a",
        "treatment_hash": "b",
        "busy": False,
        "resting_until": None,
    }
    return Queued.model_validate(row | changes)


def only(**changes: Any) -> Launch | Refusal:
    launches, refusals = judge([queued(**changes)], POLICY)
    found: list[Launch | Refusal] = [*launches, *refusals]
    assert len(found) == 1
    return found[0]


def test_enough_traffic__starts_with_the_shortest_run_that_suffices() -> None:
    found = only()
    assert isinstance(found, Launch)
    assert (found.base_rate, found.max_days, found.n_max) == (0.1, 28, 1890)


def test_too_little_traffic__is_refused_with_what_would_do() -> None:
    found = only(metric="booked", base_successes=10, weekly_units=150, window_days=14)
    assert isinstance(found, Refusal)
    assert not found.waits
    assert found.reason == (
        "a lift of 50% on 1.0% needs 14,199 companies, but 84 days bring 1,350, "
        "where only a lift of 205% or more would be found; judge it by replied instead"
    )


@pytest.mark.parametrize(
    ("changes", "reason", "waits"),
    [
        ({"base_n": 40}, "the base rate is not known: 40 companies so far", True),
        ({"busy": True}, "another test of this metric or text runs", True),
        ({"resting_until": "2026-12-24T00:00:00Z"}, "it was refuted and rests until December 24", True),
        ({"treatment_hash": "a"}, "this text is in force already", False),
        ({"head_hash": None}, "scripts/email_first does not exist", False),
        (
            {"lever": "enrichment"},
            "there is no step of enrichment that could be turned on or off in this release",
            False,
        ),
    ],
)
def test_other_reasons(changes: dict[str, Any], reason: str, waits: bool) -> None:
    found = only(**changes)
    assert isinstance(found, Refusal)
    assert (found.reason, found.waits) == (reason, waits)


def test_order__is_by_what_a_test_should_bring() -> None:
    frequent = queued(1, base_successes=300)
    rare = queued(2, base_successes=60, expected_lift=0.8)
    bold = queued(3, base_successes=300, expected_lift=0.9)
    assert [each.experiment.id for each in judge([rare, frequent, bold], POLICY)[0]] == [3, 1, 2]
