"""What last night's reading of the whole system found, for the evening report."""

from __future__ import annotations

from datetime import date

from shared.loop import Loop

MOST = 2


def read_last_night(loop: Loop, day: date) -> tuple[str, ...]:
    """The most important improvements that the analysis of that evening names; none where there was none."""
    review = loop.state.memory.review(day)
    if review is None or review.day != day:
        return ()
    return tuple(f"To improve: {each}" for each in review.improvements[:MOST])
