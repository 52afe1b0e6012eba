"""Telephone numbers as lists hold them."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.phones import PhoneFinding, line_type, normalize


@pytest.mark.parametrize(
    "raw",
    [
        "(212) 555-0123",
        "212.555.0123",
        "1-212-555-0123",
        "+1 212 555 0123",
        "tel:+1-212-555-0123",
        " 2125550123\n",
        "2125550123.0",
        "12125550123.0",
        "'+12125550123",
        "\u202a+1 212\u00a0555\u20110123\u202c",
    ],
)
def test_normalize__one_number_however_it_is_written(raw: str) -> None:
    assert normalize(raw) == PhoneFinding("+12125550123", country="US")


@pytest.mark.parametrize("raw", ["2125550123 x42", "212-555-0123 ext. 42", "2125550123;ext=42"])
def test_normalize__extension_is_kept_apart(raw: str) -> None:
    assert normalize(raw) == PhoneFinding("+12125550123", extension="42", country="US")


@pytest.mark.parametrize("area", ["212", "808", "555"])
@pytest.mark.parametrize("line", ["0100", "0199"])
def test_normalize__fictitious_numbers_are_accepted(area: str, line: str) -> None:
    assert normalize(f"{area}-555-{line}").e164 == f"+1{area}555{line}"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (None, "empty"),
        ("  ", "empty"),
        ("n/a", "not_a_number"),
        ("555-0123", "no_area_code"),
        ("911", "too_short"),
        ("1", "not_a_number"),
        ("12345678901234567890", "too_long"),
        ("212-555-0123 / 212-555-0124", "too_long"),
        ("000-555-0123", "invalid"),
        ("212-055-0123", "invalid"),
        ("112-555-0123", "invalid"),
        ("900-555-0123", "premium"),
        ("1" * 5000, "too_long"),
    ],
)
def test_normalize__says_why_not(raw: str | None, reason: str) -> None:
    assert normalize(raw) == PhoneFinding(None, reason)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("raw", "country", "e164", "plan"),
    [
        ("416-555-0123", "US", "+14165550123", "CA"),
        ("020 7946 0958", "GB", "+442079460958", "GB"),
        ("+44 20 7946 0958", "US", "+442079460958", "GB"),
        ("555-555-0123", "US", "+15555550123", None),
    ],
)
def test_normalize__country_of_the_numbering_plan(
    raw: str, country: str, e164: str, plan: str | None
) -> None:
    assert normalize(raw, country) == PhoneFinding(e164, country=plan)


@given(st.text(max_size=60))
@settings(max_examples=300, deadline=None, derandomize=True)
def test_normalize__never_raises_and_either_finds_or_explains(raw: str) -> None:
    found = normalize(raw)
    assert (found.e164 is None) != (found.reason is None)
    if found.e164:
        assert normalize(found.e164).e164 == found.e164


@pytest.mark.parametrize(
    ("twilio", "expected"),
    [
        ("landline", "landline"),
        ("nonFixedVoip", "nonfixed_voip"),
        ("tollFree", "toll_free"),
        ("satellite", "unknown"),
        (None, "unknown"),
    ],
)
def test_line_type__twilio_words(twilio: str | None, expected: str) -> None:
    assert line_type(twilio) == expected
