"""Text from outside becomes one harmless line; only well-formed parts become links."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.mail.safe import mail_link, plain, quoted, shown_phone, tel_link, web_link


def test_plain__control_and_direction_characters_go_and_lines_join() -> None:
    assert plain("Dana\u202e\x00\x1b[31m\r\nBcc: all\u2028x") == "Dana[31m Bcc: all x"


def test_plain__cut_at_a_word() -> None:
    assert plain("one two three four", 12) == "one two…"
    assert plain("x" * 50, 12) == "x" * 12 + "…"


@given(st.text(max_size=200), st.integers(1, 80))
def test_plain__is_always_one_bounded_printable_line(text: str, limit: int) -> None:
    line = plain(text, limit)
    assert len(line) <= limit + 1
    assert not {unicodedata.category(mark) for mark in line} & {"Cc", "Cf", "Cs", "Zl", "Zp"}
    line.encode("utf-8")


@pytest.mark.parametrize(
    "bait",
    ["https://evil.example/x?y", "HTTP://evil.example", "www.evil.example", "javascript:alert(1)", "data:x"],
)
def test_quoted__links_of_others_are_taken_out(bait: str) -> None:
    assert quoted(f"see {bait} now") == "see [link] now"


def test_quoted__ordinary_words_stay() -> None:
    assert quoted("Yes: Thursday 10:30 works. Price/month?") == "Yes: Thursday 10:30 works. Price/month?"


@pytest.mark.parametrize("phone", [None, "", "6025550142", "+16025", "+1602555014a", "+16025550142;ext=1"])
def test_tel_link__only_for_whole_numbers(phone: str | None) -> None:
    assert tel_link(phone) == ""
    assert shown_phone(phone) == ""


def test_tel_link__number_is_shown_as_people_write_it() -> None:
    assert tel_link("+16025550142") == "tel:+16025550142"
    assert shown_phone("+16025550142") == "(602) 555-0142"
    assert shown_phone("+442079460000") == "+442079460000"


@pytest.mark.parametrize(
    "address", [None, "", "dana", "a@b", "a@b.example?bcc=x@y.example", "a b@c.example", 'a"@b.example']
)
def test_mail_link__nothing_rides_along(address: str | None) -> None:
    assert mail_link(address) == ""


def test_mail_link__plain_address() -> None:
    assert mail_link("dana+hvac@whitfield.example") == "mailto:dana+hvac@whitfield.example"


@pytest.mark.parametrize(
    "url",
    [
        None,
        "",
        "javascript:alert(1)",
        "data:text/html,x",
        "http://growth.example.com/",
        "https:///x",
        "https://[x",
        'https://growth.example.com/"onmouseover=x',
        "//growth.example.com",
    ],
)
def test_web_link__only_https_pages(url: str | None) -> None:
    assert web_link(url) == ""


@pytest.mark.parametrize("url", ["https://growth.example.com/approve/1?s=ab", "http://127.0.0.1:8765/"])
def test_web_link__own_pages_and_loopback(url: str) -> None:
    assert web_link(url) == url
