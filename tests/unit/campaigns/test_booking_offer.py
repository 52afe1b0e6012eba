"""Which calendar a message offers."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from functions.campaigns.messages import merge_fields
from shared.config import Settings
from shared.links import booking_touch_of
from shared.state.outreach import LeadFacts

TOUCH = UUID("2b0f2f38-6a3f-5d0e-8a51-3a0b3f6c9d10")
ENVIRON = {"GROWTHLOOP_SECRET_KEY": "our-key", "GROWTHLOOP_PUBLIC_URL": "https://loop.example.com/"}
FACTS: dict[str, Any] = {"first_name": "Ada", "company": "Example Heating"}
LEAD = LeadFacts.model_construct(**FACTS, city=None, region=None, industry=None)


def test_no_calendar_of_their_own__our_page_for_this_touch() -> None:
    settings = Settings.from_env(ENVIRON)
    public, _, token = str(merge_fields(LEAD, settings, TOUCH)["booking_url"]).partition("/b/")
    assert public == "https://loop.example.com"
    assert booking_touch_of(settings, token) == TOUCH


def test_a_calendar_of_their_own__wins() -> None:
    own = "https://calendar.example.com/alex"
    settings = Settings.from_env(ENVIRON | {"GROWTHLOOP_BOOKING_URL": own})
    assert merge_fields(LEAD, settings, TOUCH)["booking_url"] == own


def test_what_is_not_known__is_left_out() -> None:
    assert merge_fields(LEAD, Settings.from_env(ENVIRON), TOUCH).keys() == {
        "first_name",
        "company",
        "booking_url",
    }
