"""What the owner's stored settings permit: by state, by channel, until a day."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from functions.campaigns.contact import OwnerTerms, owner_terms

TODAY = date(2026, 10, 8)
HELD = {
    "FL": {"call": {"number": "TC-1", "valid_until": "2026-10-08"}},
    "TX": {"sms": {"number": "T-2", "valid_until": "2027-01-01"}},
    "MS": {"call": {"number": "M-3", "valid_until": "2026-10-07"}},
}


def _terms(settings: dict[str, Any]) -> OwnerTerms:
    return owner_terms(
        settings,
        today=TODAY,
        live=True,
        kill_switch=False,
        postal_address=True,
        can_unsubscribe=True,
        line_type_valid_days=180,
    )


@pytest.mark.parametrize(
    ("state", "channel", "counts"),
    [
        ("FL", "call", True),  # on its last day
        ("FL", "sms", False),  # held for the other channel
        ("TX", "sms", True),
        ("TX", "call", False),
        ("MS", "call", False),  # ended yesterday
        ("GA", "call", False),
    ],
)
def test_registration__counts_for_its_channel_until_its_day(state: str, channel: str, counts: bool) -> None:
    assert ((state, channel) in _terms({"registrations": HELD}).registered) == counts


def test_nothing_set__permits_nothing() -> None:
    terms = _terms({})
    assert terms.registered == frozenset()
    assert terms.line_opt_in == frozenset()
