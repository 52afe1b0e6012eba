"""Yesterday's figures in the evening email."""

from __future__ import annotations

from functions.campaigns.day_figures import final_figures
from shared.mail.evening import FinalFigure


def test_yesterday__what_can_still_grow_is_counted_now_and_what_is_final_stays() -> None:
    closed = [
        {"metric": "answered", "n": 3, "final": True},
        {"metric": "replied", "n": 1, "final": False},
        {"metric": "delivered", "n": 5, "final": True},
        {"metric": "delivered", "n": 2, "final": False},
    ]
    counted = [
        {"metric": "answered", "n": 4},
        {"metric": "replied", "n": 2},
        {"metric": "delivered", "n": 6},
        {"metric": "delivered", "n": 2},
        {"metric": "booked", "n": 1},
    ]
    assert final_figures(closed, counted) == (
        FinalFigure("Delivered", 8, final=False),
        FinalFigure("Calls answered", 3, final=True),
        FinalFigure("Replies", 2, final=False),
        FinalFigure("Meetings booked", 1, final=False),
    )
