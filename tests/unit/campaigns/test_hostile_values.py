"""Five hundred hostile values in every field of a lead, in every shipped script: each a harmless message."""

from __future__ import annotations

import json
import random
import re
import unicodedata
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from functions.campaigns.messages import Envelope, payload
from shared.directives import Book, read
from shared.directives.models import CallScript, EmailScript
from shared.state.outreach import Claim, LeadFacts, PhoneFacts, SenderFacts
from simulator.demo import demo_settings
from simulator.wire import Urls
from tests.support.ledger import NOW

BOOK = Book.from_files(read())
SETTINGS = demo_settings(Urls("http://127.0.0.1:9", "http://127.0.0.1:9", "http://127.0.0.1:9"), 1)
TOUCH = UUID("7f0d6c1e-0000-5000-8000-000000000001")
PRODUCT = "62773913"  # 7919 times 7927: what an evaluated value would show
PARTS = (
    *("\r\nBcc: all@example.org", "\n\n", "\x00", "\x07", "\ud800", "\udfff", "\u202egnp.exe", "\u200b"),
    *("{{7919*7927}}", "{% raw %}", "{{ first_name }}", "${7919*7927}", "#{7919*7927}", "<%= 7919*7927 %>"),
    *("%s", "%(a)s", "{0}", "{a.__class__}", "=cmd|' /C calc'!A0", "+1+1", "@SUM(1)", "-2+3", "\ufeff"),
    *("<script>alert(1)</script>", "<img src=x onerror=1>", '"><b>', "</body>", "&lt;", "javascript:x()"),
    *(
        "'; drop table leads;--",
        "\\",
        "e\u0301" * 30,
        "\N{PILE OF POO}" * 9,
        "مرحبا",
        "שלום",
        "xn--80ak6aa92e",
    ),
    *("https://evil.example/a", '{"a":' * 20, "[" * 40, "x" * 10_000, "  ", "\t", "O'Brien", "Zoë", "李"),
)
NOT_PRINTED = {"Cc", "Cf", "Cs", "Zl", "Zp"}


def values(count: int) -> Iterator[str]:
    """So many, the same each time: each part alone, then mixed."""
    chance = random.Random(17)  # noqa: S311 - seeded
    yield from PARTS
    for _ in range(count - len(PARTS)):
        yield "".join(chance.choices(PARTS, k=chance.randint(2, 4)))


def claim(value: str | None, script: str, channel: Any) -> Claim:
    """A claimed touch of somebody whose every word is this value."""
    lead = LeadFacts(
        lead_id=1, company_id=1, first_name=value, last_name=value, title=value, email="ada@example.com",
        email_invalid=False, country="US", region="NY", city=value, zones=("America/New_York",), source="csv",
        score=50, priority="Medium", company=value, industry=value, consents=(), suppressed=False,
        email_suppressed=False, in_conversation=False, touches_24h=0, touches_7d=0, touches_total=0,
        last_touch_at=None, meeting_at=NOW + timedelta(days=1), phones=(
            PhoneFacts(number="+12125550101", label="direct", line_type="mobile", invalid=False,
                       dnc_scrubbed_on=None, dnc_listed=False, suppressed=False),
        ),
    )  # fmt: skip
    return Claim(
        id=TOUCH, fence=1, latest_at=NOW + timedelta(days=1), try_no=0, code=None, channel=channel,
        purpose="prospect", step=1, attempt=1, script_key=script, enrolment_id=1, held_out=False,
        day=NOW.date(),
        lead=lead,
    )  # fmt: skip


def channel_of(key: str) -> Any:
    """The channel of a script."""
    script = BOOK.script(key)
    return {EmailScript: "email", CallScript: "call"}.get(type(script), "sms")


def message(value: str | None, key: str) -> dict[str, Any]:
    """What the provider would be sent."""
    channel = channel_of(key)
    address = "hello@mail.example.com" if channel == "email" else "+12125550100"
    sender = SenderFacts(
        id="s", channel=channel, address=address, provider_ref="ref", set_up=True, health="healthy",
        warmup_started_on=NOW.date(), last_submitted_at=None, used_today=0, used_last_hour=0,
    )  # fmt: skip
    to = "ada@example.com" if channel == "email" else "+12125550101"
    envelope = Envelope(claim(value, key, channel), sender, to, NOW, NOW + timedelta(hours=4))
    return payload(envelope, BOOK, BOOK.rules, SETTINGS)


def texts(part: Any) -> Iterator[str]:
    """Every string in a message."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, dict):
        for each in part.values():
            yield from texts(each)
    elif isinstance(part, list | tuple):
        for each in part:
            yield from texts(each)


def one_line(sent: dict[str, Any]) -> list[str]:
    """What becomes a header or an address."""
    to = sent.get("to", [])
    return [sent.get("from", ""), sent.get("subject", ""), *([to] if isinstance(to, str) else to),
            *sent.get("headers", {}).values()]  # fmt: skip


def troubles(sent: dict[str, Any]) -> set[str]:
    """What is wrong with a message."""
    json.dumps(sent, ensure_ascii=False).encode("utf-8")
    said = list(texts(sent))
    marks = {unicodedata.category(mark) for text in said for mark in text if mark != "\n"}
    wrong = {
        "a header is added": any("\r" in each or "\n" in each for each in one_line(sent)),
        "evaluated": any(PRODUCT in each for each in said),
        "left to be evaluated": any("{{" in each or "{%" in each for each in said),
        "markup": bool(re.search(r"<(script|img src=x|b>)", sent.get("html", ""))),
        "a mark that is not printed": bool(marks & NOT_PRINTED),
        "nothing as a word": any(re.search(r"\b(None|nan|undefined)\b", each) for each in said),
        "endless": any(len(each) > 20_000 for each in said),
    }
    return {name for name, found in wrong.items() if found}


@pytest.mark.parametrize("key", sorted(BOOK.scripts))
def test_hostile_values__each_becomes_a_harmless_message(key: str) -> None:
    usual = troubles(message("Ada", key))
    assert troubles(message(None, key)) <= usual
    wrong = {value[:60]: found for value in values(500) if (found := troubles(message(value, key)) - usual)}
    assert wrong == {}
    assert usual <= {"left to be evaluated"}, "a call's own words leave Vapi its fields"
