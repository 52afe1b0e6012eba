"""What the loop says of a segment, in the words of the world."""

from __future__ import annotations

from typing import Any

import pytest

from shared.state.patterns import StandingPattern
from simulator.claimed_patterns import _where


def standing(dimension: str, level: str) -> StandingPattern:
    """A pattern of which only the segment matters."""
    return StandingPattern.model_validate(
        {
            **{"id": 1, "channel": "call", "metric": "dm_contact", "dimension": dimension, "level": level},
            **{"ratio": 1.5, "low": 1.1, "high": 2.0, "p_value": 0.01, "n": 100, "k": 20, "evidence": "x"},
            **{"since": "2026-09-01", "upto": "2026-09-28", "found_on": "2026-09-28"},
        }
    )


@pytest.mark.parametrize(
    ("dimension", "level", "where"),
    [
        ("industry", "plumbing", {"industry": "plumbing"}),
        ("region", "AZ", {"state": "AZ"}),
        ("size", "11-50", {"staff": "small"}),
        ("hour", "16", {"hours": "16-17"}),
        ("weekday", "1", {"weekdays": "mon"}),
        ("weekday", "7", {"weekdays": "sun"}),
        ("objection", "price", None),
    ],
)
def test_a_segment__is_where_the_world_has_it(dimension: str, level: str, where: Any) -> None:
    assert _where(standing(dimension, level)) == where
