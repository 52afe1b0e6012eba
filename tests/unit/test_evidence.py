"""Evidence ids: one spelling for each question, and everything else refused."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.errors import EvidenceError
from shared.evidence import DIMENSIONS, METRICS, Dimension, Evidence

EVERYWHERE = tuple(each for each in DIMENSIONS if each != "objection")
DAYS = st.dates(date(2020, 1, 1), date(2035, 1, 1))
QUESTIONS = st.builds(
    lambda k, n, since, days, by, where, counts: Evidence(
        k, n, since, since + timedelta(days), tuple(by), tuple(where.items()), counts
    ),
    st.sampled_from(METRICS),
    st.sampled_from(METRICS),
    DAYS,
    st.integers(0, 400),
    st.lists(st.sampled_from(EVERYWHERE), unique=True, max_size=3),
    st.dictionaries(st.sampled_from(EVERYWHERE), st.text(max_size=20), max_size=3),
    st.sampled_from(("touches", "companies", "first_touches", "talks")),
)


@given(QUESTIONS)
def test_id__is_read_back_as_the_same_question(question: Evidence) -> None:
    assert Evidence.parse(question.id) == question


def test_id__says_what_was_asked() -> None:
    since, upto = date(2026, 10, 1), date(2026, 10, 28)
    where: tuple[tuple[Dimension, str], ...] = (("source", "list: May"), ("channel", "call"))
    asked = Evidence("dm_contact", "sent", since, upto, ("industry", "size"), where)
    same = Evidence("dm_contact", "sent", since, upto, ("industry", "size"), where[::-1])
    assert (
        asked.id
        == "rate:dm_contact/sent:by=industry,size:channel=call:source=list%3A%20May:2026-10-01..2026-10-28"
    )
    assert asked == same
    alone = asked.at(("roofing", "1-10"))
    assert alone.id == (
        "rate:dm_contact/sent:channel=call:industry=roofing:size=1-10:source=list%3A%20May:2026-10-01..2026-10-28"
    )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "answered",
        "count:answered/sent:2026-10-01..2026-10-28",
        "rate:answered:2026-10-01..2026-10-28",
        "rate:answered/sent",
        "rate:answered/sent:2026-10-01",
        "rate:answered/sent:2026-02-30..2026-10-28",
        "rate:answered/sent:2026-10-28..2026-10-01",
        "rate:answered/dreams:2026-10-01..2026-10-28",
        "rate:booked/answered:by=objection:2026-10-01..2026-10-28",
        "rate:answered/sent:by=mood:2026-10-01..2026-10-28",
        "rate:answered/sent:by=hour,hour:2026-10-01..2026-10-28",
        "rate:answered/sent:channel=call:channel=call:2026-10-01..2026-10-28",
        "rate:answered/sent:source=a:channel=call:2026-10-01..2026-10-28",
        "rate:answered/sent:channel:2026-10-01..2026-10-28",
        "rate:answered/sent:people:2026-10-01..2026-10-28",
        " rate:answered/sent:2026-10-01..2026-10-28",
    ],
)
def test_anything_else__is_refused(text: str) -> None:
    with pytest.raises(EvidenceError):
        Evidence.parse(text)
