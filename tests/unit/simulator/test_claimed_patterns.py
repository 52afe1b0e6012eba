"""What the loop says of a segment, in the words of the world."""

from __future__ import annotations

from typing import Any

import pytest

from shared.state.patterns import StandingPattern
from simulator.claimed_patterns import _where


def standing(dimension: str, level: str) -> StandingPattern:
    """A pattern of which only the segment matters."""
    return StandingPattern.model_construct(dimension=dimension, level=level)


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
