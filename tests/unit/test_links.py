"""Links in emails: whose they are, and that nobody else can make one."""

from __future__ import annotations

from contextlib import suppress
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from itsdangerous import URLSafeSerializer

from shared.config import Settings
from shared.errors import ConfigurationError, WebhookRefused
from shared.links import booking_url, public_url, touch_of, unsubscribe_url

TOUCH = UUID("2b0f2f38-6a3f-5d0e-8a51-3a0b3f6c9d10")


def settings(key: str = "our-key", url: str = "https://loop.example.com") -> Settings:
    return Settings.from_env({"GROWTHLOOP_SECRET_KEY": key, "GROWTHLOOP_PUBLIC_URL": url})


def token(url: str) -> str:
    return url.rpartition("/")[2]


@given(touch_id=st.uuids())
def test_a_link__leads_back_to_its_touch(touch_id: UUID) -> None:
    assert touch_of(settings(), token(unsubscribe_url(settings(), touch_id))) == touch_id


def test_a_link__is_the_same_each_time() -> None:
    assert unsubscribe_url(settings(), TOUCH) == unsubscribe_url(settings(), TOUCH)


def test_a_link__has_no_character_that_mail_programs_break() -> None:
    allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    assert set(token(unsubscribe_url(settings(), TOUCH))) <= set(allowed)


@given(text=st.text(max_size=120))
def test_any_other_text__is_refused(text: str) -> None:
    with pytest.raises(WebhookRefused) as caught:
        touch_of(settings(), text)
    assert caught.value.code == "webhook_refused.link"


@given(data=st.data())
def test_a_link_with_one_character_changed__leads_to_no_other_touch(data: st.DataObject) -> None:
    whole = token(unsubscribe_url(settings(), TOUCH))
    place = data.draw(st.integers(0, len(whole) - 1))
    changed = whole[:place] + data.draw(st.sampled_from("abcXYZ019-_.=")) + whole[place + 1 :]
    with suppress(WebhookRefused):
        assert touch_of(settings(), changed) == TOUCH


@given(keep=st.integers(0, 30))
def test_a_link_that_was_cut__is_refused(keep: int) -> None:
    with pytest.raises(WebhookRefused):
        touch_of(settings(), token(unsubscribe_url(settings(), TOUCH))[:keep])


def test_somebody_elses_link__is_refused() -> None:
    with pytest.raises(WebhookRefused):
        touch_of(settings(key="ours"), token(unsubscribe_url(settings(key="theirs"), TOUCH)))


def test_a_booking_link__unsubscribes_nobody() -> None:
    with pytest.raises(WebhookRefused):
        touch_of(settings(), token(booking_url(settings(), TOUCH)))


@pytest.mark.parametrize("content", ["", "not a touch", str(TOUCH)[:-1]])
def test_a_signed_text_that_is_no_touch__is_refused(content: str) -> None:
    forged = URLSafeSerializer("our-key", salt="unsubscribe").dumps(content)
    with pytest.raises(WebhookRefused):
        touch_of(settings(), forged)


@pytest.mark.parametrize("url", ["https://loop.example.com", "https://loop.example.com/"])
def test_the_public_address__may_end_with_a_slash(url: str) -> None:
    assert public_url(settings(url=url), "/hooks/vapi") == "https://loop.example.com/hooks/vapi"


def test_a_missing_setting__is_named() -> None:
    with pytest.raises(ConfigurationError, match="GROWTHLOOP_PUBLIC_URL"):
        unsubscribe_url(settings(url=""), TOUCH)
    with pytest.raises(ConfigurationError, match="GROWTHLOOP_SECRET_KEY"):
        unsubscribe_url(settings(key=""), TOUCH)
