"""The mail and the text that tell the owner of a hot lead."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest

from shared.directives import gsm
from shared.mail.hot_lead import LONGEST_MAILTO, WISHES, Desk, hot_lead_text, hot_lead_view, meeting_words
from shared.mail.render import render_hot_lead
from shared.state.hot_leads import Alert, Said

AT = datetime(2026, 11, 23, 15, tzinfo=UTC)
DESK = Desk(
    "Example Answering",
    "Alex Example",
    "America/New_York",
    15,
    "https://loop.example.com/b/abc",
    "https://loop.example.com/h/xyz",
)
EVIL = (
    '"><script>alert(1)</script> javascript:alert(2) https://evil.example/x?a=1&body=Buy'
    "\r\nBcc: somebody@else.example"
)
THREAD = (
    Said(
        at=AT, direction="out", channel="email", subject="Missed calls", words="Hi Ada. https://x.example/u/1"
    ),
    Said(at=AT, direction="in", channel="email", subject="Re: Missed calls", words="What does it cost?"),
)


def alert(**changes: Any) -> Alert:
    usual: dict[str, Any] = {
        "lead_id": 7,
        "name": "Ada Example",
        "first_name": "Ada",
        "company": "Example Heating",
        "email": "ada@heating.example",
        "phone": "+12125550123",
        "zones": ("America/Denver",),
        "meeting_at": None,
        "meeting_clashes": False,
        "thread": THREAD,
        "key": "message:1",
        "medium": "email",
        "touch_id": UUID(int=5),
        "channel": "email",
        "wish": "question",
        "words": "What does it cost?",
        "at": AT,
    }
    return Alert.model_validate(usual | changes)


@pytest.mark.parametrize("wish", sorted(WISHES))
def test_mail__says_who_wants_what_and_what_to_answer(wish: str) -> None:
    mail = render_hot_lead(alert(wish=wish), DESK)
    for part in (mail.html, mail.text):
        for needed in (
            "Ada Example of Example Heating",
            WISHES[wish],
            "What does it cost?",
            "Hi Ada,",
            "Alex Example",
        ):
            assert needed in part
        assert "https://loop.example.com/h/xyz" in part
    assert 'href="tel:+12125550123"' in mail.html
    assert mail.subject == f"Ada Example of Example Heating {WISHES[wish]}: by email"


def test_one_tap__answers_under_the_subject_with_the_suggestion() -> None:
    link = hot_lead_view(alert(), DESK)["mailto"]
    parts = urlsplit(link)
    asked = parse_qs(parts.query)
    assert (parts.scheme, parts.path) == ("mailto", "ada@heating.example")
    assert asked["subject"] == ["Re: Missed calls"]
    assert asked["body"][0].startswith("Hi Ada,\r\n\r\nThank you for asking.")
    assert "https://loop.example.com/b/abc" in asked["body"][0]


def test_one_tap__to_text_back_is_there_for_a_text_alone() -> None:
    assert hot_lead_view(alert(), DESK)["sms"] == ""
    link = hot_lead_view(alert(channel="sms"), DESK)["sms"]
    assert link.startswith("sms:+12125550123?body=Hi%20Ada")


def test_meeting__is_named_on_each_ones_own_clock() -> None:
    when = datetime(2026, 11, 24, 15, tzinfo=UTC)
    view = hot_lead_view(alert(wish="meeting", meeting_at=when), DESK)
    assert view["next"] == "You meet on Tuesday, November 24 at 10:00 AM."
    assert "Tuesday, November 24 at 8:00 AM" in " ".join(view["suggestion"])
    clash = hot_lead_view(alert(wish="meeting", meeting_at=when, meeting_clashes=True), DESK)
    assert "already taken" in clash["next"]
    assert "8:00 AM" not in " ".join(clash["suggestion"])


@pytest.mark.parametrize("wish", sorted(WISHES))
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"name": "", "first_name": None, "company": None},
        {"name": "Ж" * 300, "company": "Ω🙂" * 200},
        {"name": "A\nB\x00", "company": "[]{}~^|€" * 20},
        {"phone": None, "meeting_at": AT},
    ],
)
def test_text__is_one_segment_and_names_the_number(wish: str, changes: dict[str, Any]) -> None:
    one = alert(wish=wish, medium="sms", **changes)
    text = hot_lead_text(one, DESK)
    assert gsm.septets(text) <= gsm.ONE_SEGMENT
    assert ("+12125550123" in text) == (one.phone is not None)
    assert "\n" not in text


@pytest.mark.parametrize("field", ["name", "first_name", "company", "email", "words", "phone"])
def test_hostile_field__stays_text(field: str) -> None:
    evil = EVIL
    mail = render_hot_lead(
        alert(**{field: evil}, thread=(THREAD[1].model_copy(update={"words": evil, "subject": evil}),)), DESK
    )
    assert "<script" not in mail.html
    assert 'href="https://evil' not in mail.html
    assert "\r" not in mail.subject + mail.text
    assert "\n" not in mail.subject
    hrefs = [part.split('"')[0] for part in mail.html.split('href="')[1:]]
    assert {urlsplit(each).scheme for each in hrefs} <= {"tel", "mailto", "https"}
    assert all(urlsplit(each).hostname == "loop.example.com" for each in hrefs if each.startswith("https"))


def test_what_they_wrote__never_gets_into_the_suggestion() -> None:
    view = hot_lead_view(
        alert(words="Zebra zebra.", thread=(THREAD[1].model_copy(update={"words": "Zebra"}),)), DESK
    )
    assert "Zebra" not in " ".join(view["suggestion"]) + unquote(view["mailto"])


def test_links_of_ours_in_the_thread__are_taken_out() -> None:
    """The unsubscribe link of the lead's mail would unsubscribe the lead when the owner follows it."""
    mail = render_hot_lead(alert(), DESK)
    assert "https://x.example/u/1" not in mail.html + mail.text


def test_mailto__too_long_for_mail_programs_comes_without_the_suggestion() -> None:
    long = Desk(**{**DESK.__dict__, "booking_url": "https://loop.example.com/" + "b" * 2000})
    link = hot_lead_view(alert(), long)["mailto"]
    assert len(link) <= LONGEST_MAILTO
    assert link == "mailto:ada@heating.example"


def test_without_address_and_number__there_is_no_tap_and_still_a_mail() -> None:
    mail = render_hot_lead(alert(email=None, phone=None), DESK)
    assert "mailto:" not in mail.html
    assert "tel:" not in mail.html
    assert "What does it cost?" in mail.text


def test_a_meeting_that_is_over__asks_what_became_of_it() -> None:
    when, zone = datetime(2026, 11, 24, 15, tzinfo=UTC), ZoneInfo("America/New_York")
    before, after = (
        meeting_words("meeting", when, False, zone, when + hours * timedelta(hours=1)) for hours in (-1, 1)
    )
    assert before == "You meet on Tuesday, November 24 at 10:00 AM."
    assert after.startswith("You met on Tuesday, November 24 at 10:00 AM: say how it went")
