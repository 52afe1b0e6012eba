"""What RB2B says of a visitor, read without ever failing."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.providers.rb2b import webhook

NOW = datetime(2026, 11, 23, 15, 0, tzinfo=UTC)
VISITOR = {
    "LinkedIn URL": "https://www.linkedin.com/in/ada-example",
    "First Name": "Ada",
    "Last Name": "Example",
    "Business Email": "ada@example.com",
    "Seen At": "2026-11-20T12:34:56:00.00+00.00",
    "Captured URL": "https://www.example.org/pricing?email=ada@example.com#top",
}


def raw(**changes: object) -> bytes:
    return json.dumps(VISITOR | changes).encode()


@pytest.mark.parametrize(
    "seen", ["2026-11-20T12:34:56:00.00+00.00", "2026-11-20 12:34:56 +0000", "2026-11-20T12:34:56Z"]
)
def test_a_visit__in_each_form_of_its_time(seen: str) -> None:
    visit = webhook.parse(raw(**{"Seen At": seen}), NOW)
    assert visit is not None
    assert visit.seen_at == datetime(2026, 11, 20, 12, 34, 56, tzinfo=UTC)
    assert visit.page == "https://www.example.org/pricing", "a query may name a person"
    assert visit.cells["email"] == "ada@example.com"


@pytest.mark.parametrize("seen", ["soon", None, "2999-01-01 00:00:00 +0000", "2026-13-45 99:99:99"])
def test_a_time_that_cannot_be__is_when_it_came(seen: object) -> None:
    visit = webhook.parse(raw(**{"Seen At": seen}), NOW)
    assert visit is not None
    assert visit.seen_at == NOW


JSON = st.recursive(st.none() | st.text(), st.lists).map(lambda found: json.dumps(found).encode())


@given(st.binary(max_size=200) | JSON)
def test_any_body__is_a_visit_of_nobody(body: bytes) -> None:
    assert webhook.parse(body, NOW) is None
    assert len(webhook.event_key(body)) == 64


def test_copies_share_a_key__and_another_page_or_time_does_not() -> None:
    first = webhook.event_key(raw())
    assert first == webhook.event_key(raw(Title="Owner", is_repeat_visit=True))
    assert first != webhook.event_key(raw(**{"Captured URL": "https://www.example.org/"}))
    assert first != webhook.event_key(raw(**{"Seen At": "2026-11-21 12:00:00 +0000"}))


def test_deep_json__is_no_error() -> None:
    assert webhook.parse(b"[" * 5000, NOW) is None
