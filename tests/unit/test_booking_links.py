"""Booking links: short enough for a text, and nobody else can make one."""

from __future__ import annotations

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config import Settings
from shared.directives import gsm
from shared.errors import ConfigurationError, WebhookRefused
from shared.links import booking_touch_of, booking_url, unsubscribe_url

TOUCH = UUID("2b0f2f38-6a3f-5d0e-8a51-3a0b3f6c9d10")


def settings(key: str = "our-key", url: str = "https://loop.example.com") -> Settings:
    return Settings.from_env({"GROWTHLOOP_SECRET_KEY": key, "GROWTHLOOP_PUBLIC_URL": url})


def token(url: str) -> str:
    return url.rpartition("/b/")[2]


WHOLE = token(booking_url(settings(), TOUCH))


@given(st.uuids())
def test_a_link__leads_back_to_its_touch_in_places_of_a_text(touch_id: UUID) -> None:
    url = booking_url(settings(), touch_id)
    assert booking_touch_of(settings(), token(url)) == touch_id
    assert gsm.septets(url) == len("https://loop.example.com") + 35


@given(st.text(max_size=60))
def test_any_other_text__is_refused(text: str) -> None:
    with pytest.raises(WebhookRefused) as caught:
        booking_touch_of(settings(), text)
    assert caught.value.code == "webhook_refused.link"


@given(st.integers(0, len(WHOLE) - 1), st.sampled_from("abcXYZ019-_+/=."))
def test_a_link_with_one_character_changed__is_refused(place: int, character: str) -> None:
    changed = WHOLE[:place] + character + WHOLE[place + 1 :]
    if changed != WHOLE:
        with pytest.raises(WebhookRefused):
            booking_touch_of(settings(), changed)


@pytest.mark.parametrize(
    "other", [WHOLE[:-1], WHOLE[:-4], WHOLE[:22], WHOLE + "A", WHOLE + "AAAA", WHOLE + "="]
)
def test_a_link_cut_or_continued__is_refused(other: str) -> None:
    with pytest.raises(WebhookRefused):
        booking_touch_of(settings(), other)


def test_somebody_elses_link__is_refused() -> None:
    with pytest.raises(WebhookRefused):
        booking_touch_of(settings(key="theirs"), WHOLE)


def test_an_unsubscribe_link__books_nothing() -> None:
    with pytest.raises(WebhookRefused):
        booking_touch_of(settings(), unsubscribe_url(settings(), TOUCH).rpartition("/u/")[2])


def test_a_missing_setting__is_named() -> None:
    with pytest.raises(ConfigurationError, match="GROWTHLOOP_PUBLIC_URL"):
        booking_url(settings(url=""), TOUCH)
    with pytest.raises(ConfigurationError, match="GROWTHLOOP_SECRET_KEY"):
        booking_url(settings(key=""), TOUCH)
