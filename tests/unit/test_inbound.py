"""What replies mean."""

from __future__ import annotations

import pytest

from shared.inbound import classify_reply, is_opt_out, own_words, text_of_html
from shared.providers.event import ReplyClass

STOPS = [
    "STOP", "stop", "Stop.", "STOP!!", "stopall", "Quit", "END", "end.", "REVOKE", "OPT OUT",
    "opt-out", "optout", "Cancel", "UNSUBSCRIBE", "Unsubscribe me please", "remove", "Remove me",
    "please remove me from your list", "Take me off this list", "take us off your mailing list",
    "stop texting me", "Please stop calling", "stop sending me these emails",
    "Don't contact me again", "don’t call me", "dont text me", "do not email us",
    "Never call here again", "No more emails", "I don't want to receive these messages",
    "do not want any calls", "I no longer wish to be contacted", "leave me alone", "Lose my number",
    "delete my number", "opt me out", "I revoke my consent", "put me on your do not call list",
    "I'd like to unsubscribe", "quit emailing me",
    "Sounds great, but please stop emailing this address",
    "Yes interested. Just kidding, remove me", "STOP\n\nSent from my iPhone",
    "no thanks. do not contact", "Cease and desist.", "stop it", "stop, please",
    "Do not send me any more of this", "can you take my number off your list?",
    "keep me off the list",
]  # fmt: skip

NO_STOPS = [
    "Sure, what times work?", "Why don't you call me tomorrow?", "Stop by the shop on Tuesday",
    "I'm not interested", "The end of the week works",
    "We had to cancel our old vendor, tell me more", "Can't stop thinking about it",
    "Not now, try me next quarter", "Please send me more information", "Call me at 3", "", "👍",
    "Who is this?", "We remove snow, so winter is busy", "Let's end the day with a call",
    "I don't use email, call me",
]  # fmt: skip


@pytest.mark.parametrize("text", STOPS)
def test_stop__in_any_words(text: str) -> None:
    assert is_opt_out(text)
    assert classify_reply(text) == "opt_out"


@pytest.mark.parametrize("text", NO_STOPS)
def test_ordinary_words__are_no_stop(text: str) -> None:
    assert not is_opt_out(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Sure, what times work?", "positive"),
        ("Interested. Send me more info", "positive"),
        ("Let's set up a call", "positive"),
        ("yes", "positive"),
        ("How much does it cost?", "question"),
        ("who is this", "question"),
        ("Call me back tomorrow at 9", "callback"),
        ("Why don't you call me tomorrow?", "callback"),
        ("Not interested, thanks", "not_now"),
        ("No thanks", "not_now"),
        ("no", "not_now"),
        ("We're too busy this season", "not_now"),
        ("Maybe later", "not_now"),
        ("Check back with me in March", "not_now"),
        ("This is spam and I will report you", "complaint"),
        ("How did you get my number?", "complaint"),
        ("Who gave you my address?", "complaint"),
        ("I am out of office until Monday", "out_of_office"),
        ("I'm currently on annual leave", "out_of_office"),
        ("Hm.", "other"),
        ("", "other"),
        ("Wrong person", "other"),
    ],
)
def test_replies__are_sorted(text: str, expected: ReplyClass) -> None:
    assert classify_reply(text) == expected


@pytest.mark.parametrize(
    ("subject", "headers"),
    [
        ("Automatic reply: Quick question", {}),
        ("Out of Office: Re: Hello", {}),
        ("Re: Hello", {"Auto-Submitted": "auto-replied"}),
        ("Re: Hello", {"AUTO-SUBMITTED": "auto-generated; owner=x"}),
        ("Re: Hello", {"X-Autoreply": "yes"}),
        ("Re: Hello", {"Precedence": "auto_reply"}),
    ],
)
def test_machines__are_out_of_office(subject: str, headers: dict[str, str]) -> None:
    footer = "Thanks for writing!\nTo unsubscribe from our newsletter click here."
    assert classify_reply(footer, subject, headers) == "out_of_office"
    assert classify_reply("Please remove us from your list", subject, headers) == "opt_out"


def test_person_s_mail__is_not_taken_for_a_machine_s() -> None:
    assert classify_reply("Sounds good", "Re: Hello", {"Auto-Submitted": "no"}) == "positive"


def test_new_subject__can_say_stop_and_ours_cannot() -> None:
    assert classify_reply("", "unsubscribe") == "opt_out"
    assert classify_reply("Sounds good", "Re: How to stop calling at night") == "positive"


OURS = "Reply STOP to opt out, or unsubscribe here."


@pytest.mark.parametrize(
    "text",
    [
        f"Sounds good.\n\nOn Mon, Nov 20, 2026 at 3:00 PM Sarah <hello@mail.example.com> wrote:\n> {OURS}",
        f"Sounds good.\n\nOn Mon, Nov 20, 2026 at 3:00 PM Sarah\n<hello@mail.example.com> wrote:\n\n{OURS}",
        f"> {OURS}\n\nSounds good.",
        f"On Monday Sarah wrote:\n> {OURS}\n\nSounds good.",
        f"Sounds good.\n-----Original Message-----\nFrom: Sarah\n{OURS}",
        f"Sounds good.\n\nFrom: Sarah <hello@mail.example.com>\nSent: Monday\nTo: Ada\n{OURS}",
        f"Sounds good.\r\n\r\n________________________________\r\nFrom: Sarah\r\n{OURS}",
        f"Sounds good.\n-- \nAda\n{OURS}",
    ],
)
def test_quoted_history__says_nothing(text: str) -> None:
    assert own_words(text) == "Sounds good."
    assert classify_reply(text) == "positive"


def test_own_words_above_history__still_stop() -> None:
    text = "Remove me.\n\nOn Mon, Nov 20, 2026 Sarah <hello@mail.example.com> wrote:\n> Sounds good?"
    assert is_opt_out(text)


def test_html__gives_its_words_without_quotations() -> None:
    html = (
        "<html><head><style>p{}</style></head><body><p>Please</p>remove me<br>thanks &amp; bye"
        f"<blockquote><p>{OURS}</p></blockquote></body></html>"
    )
    assert text_of_html(html).split() == ["Please", "remove", "me", "thanks", "&", "bye"]
