"""When somebody who is out of office is back."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.away import LONGEST, returns_on

TODAY = date(2026, 11, 18)  # a Wednesday


@pytest.mark.parametrize(
    ("text", "day"),
    [
        ("I am out of the office and will be back on Monday, November 30.", date(2026, 11, 30)),
        ("I'll be back Nov 30th", date(2026, 11, 30)),
        ("Back on 30 November 2026.", date(2026, 11, 30)),
        ("I return on the 30th of November", date(2026, 11, 30)),
        ("Returning 11/30. For urgent matters call the office.", date(2026, 11, 30)),
        ("returning to the office on 11/30/2026", date(2026, 11, 30)),
        ("back in the office 2026-11-30", date(2026, 11, 30)),
        ("I am back on 30/11", date(2026, 11, 30)),
        ("Out of office until 12/1", date(2026, 12, 1)),
        ("I am on vacation till December 1st.", date(2026, 12, 1)),
        ("I am away through December 4", date(2026, 12, 5)),
        ("On leave from November 19 to December 4.", date(2026, 12, 5)),
        ("PTO 11/19 - 12/4", date(2026, 12, 5)),
        ("I'm out from Nov 20 until Nov 24, back on Nov 25", date(2026, 11, 25)),
        ("Returning Monday", date(2026, 11, 23)),
        ("I will return next Monday.", date(2026, 11, 23)),
        ("back on Wednesday", date(2026, 11, 25)),
        ("I will be available again on Thursday", date(2026, 11, 19)),
        ("I am out today and will be back tomorrow", date(2026, 11, 19)),
        ("Back next week!", date(2026, 11, 23)),
        ("I will be back on January 4", date(2027, 1, 4)),
        ("I will be back on Jan. 4, 2027", date(2027, 1, 4)),
        ("We are closed for the holidays. We return Tuesday, January 5, 2027.", date(2027, 1, 5)),
    ],
)
def test_return__as_people_write_it(text: str, day: date) -> None:
    assert returns_on(text, TODAY) == day


@pytest.mark.parametrize(
    "text",
    [
        "",
        "I am out of the office.",
        "Limited access to email. Call 212-555-0101.",
        "I was back on November 10, 2026.",  # it has passed
        "I will be back on November 10, 2029",  # nobody waits for that
        "back on November 31",
        "back on 13/13",
        "Our office is at 12/4 Main Street, opened May 4.",
        "I may be back late",
        "The march sale ends soon",
    ],
)
def test_return__not_said(text: str) -> None:
    assert returns_on(text, TODAY) is None


@given(st.text(max_size=300) | st.from_regex(r"(back|until|through) (on )?[\w/ ,.-]{0,30}", fullmatch=True))
def test_return__any_text_gives_a_day_ahead_or_none(text: str) -> None:
    day = returns_on(text, TODAY)
    assert day is None or TODAY < day <= TODAY + LONGEST
