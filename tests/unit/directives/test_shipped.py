"""The directives that ship: they load, hold the specified numbers, and keep what they promise on paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from shared.directives import (
    LEVERS,
    MERGE_FIELDS,
    Book,
    CallScript,
    EmailScript,
    SmsScript,
    read,
    render_call,
    render_sms,
)
from shared.directives.fields import SAMPLE
from shared.directives.files import ROOT
from shared.gate import Rules

FILES = read()
BOOK = Book.from_files(FILES)
# What the database plans by itself, in answer to something: see `plan_answer` in the migrations.
MEETING = {f"scripts/{channel}_{what}" for channel in ("email", "sms") for what in ("meeting", "reminder")}
ANSWERS = {"scripts/call_promised", "scripts/email_missed_call", "scripts/sms_missed_call"} | MEETING
OWN = {"business_name": "Example Answering", "opt_out_number": "800-555-0100"}


def test_outreach__pace() -> None:
    assert (BOOK.outreach.call.concurrent, BOOK.outreach.call.max_duration_s) == (10, 600)
    assert BOOK.outreach.daily_usd.call == 60
    assert BOOK.outreach.steps.latest_days == 7
    assert BOOK.outreach.conversation_days == 14
    assert (BOOK.outreach.holdout.share, BOOK.outreach.holdout.minimum_companies_per_week) == (0.10, 100)


def test_rules__the_gate_reads_the_same_files() -> None:
    assert Rules.load() == BOOK.rules


def test_outreach__holds_no_limit_that_the_rules_hold() -> None:
    """Two places for one limit drift apart, and only one of them is obeyed."""
    rules = set(re.findall(r"(\w+):", next(each.text for each in FILES if each.key == "rules/pace")))
    limits = {name for name in rules if name.startswith("per_") or name.endswith("_minutes")}
    limits |= {"ramp", "total", "opens", "closes", "hours", "person", "per_day", "per_week"}
    assert limits.isdisjoint(_names(BOOK.outreach.model_dump()))


def _names(values: dict[str, Any]) -> Iterator[str]:
    for name, value in values.items():
        yield name
        if isinstance(value, dict):
            yield from _names(value)


def test_outreach__scores_reach_from_0_to_100() -> None:
    points = BOOK.outreach.scoring.points
    assert sum(points.model_dump().values()) == 100
    assert points.funding == 30


def test_outreach__a_day_of_calls_is_affordable_only_when_settled() -> None:
    """Ten calls at once may be reserved at their longest without closing the channel for the day."""
    call = BOOK.outreach.call
    assert call.worst_usd * call.concurrent <= BOOK.outreach.daily_usd.call


def test_cold__founding_order() -> None:
    cold = BOOK.playbook(BOOK.outreach.default_playbook)
    channels = [step.channel for step in cold.steps]
    assert channels[:3] == ["call", "email", "sms"]
    assert len(channels) <= BOOK.rules.pace.frequency.total
    emails = [step.day for step in cold.steps if step.channel == "email"]
    assert all(later - earlier >= 3 for earlier, later in pairwise(emails))


def test_scripts__both_personas_call_and_none_is_unused() -> None:
    assert {each.persona for each in BOOK.scripts.values() if isinstance(each, CallScript)} == {
        "Sarah",
        "John",
    }
    used = {step.script for playbook in BOOK.playbooks.values() for step in playbook.steps}
    assert used | ANSWERS == set(BOOK.scripts)


@pytest.mark.parametrize("key", [key for key, each in BOOK.scripts.items() if isinstance(each, CallScript)])
def test_call__handles_what_a_caller_must(key: str) -> None:
    script = BOOK.script(key)
    assert isinstance(script, CallScript)
    spoken = render_call(script, SAMPLE, compliance=BOOK.compliance, **OWN)
    assert "AI assistant" in spoken.first_message.split(".")[0]
    assert "recorded" in spoken.first_message
    assert "?" in script.opener
    for must in ("do_not_call", "at once", "Yes, I am an AI", "15-minute", "book", "call_back"):
        assert must in spoken.system_prompt
    assert "## Someone else answers" in spoken.system_prompt
    assert spoken.voicemail.count(OWN["opt_out_number"]) == 2
    assert '"there"' not in render_call(script, {}, compliance=BOOK.compliance, **OWN).system_prompt


def test_written__short_and_signed_as_an_ai() -> None:
    for script in BOOK.scripts.values():
        if isinstance(script, EmailScript):
            assert len(script.body.split()) <= 120
            assert "AI assistant at {{ business_name }}" in script.body
        elif isinstance(script, SmsScript):
            assert "AI assistant at {{ business_name }}" in script.body


def test_outreach__times_for_meetings() -> None:
    meetings = BOOK.outreach.meetings
    assert (meetings.minutes, meetings.days_ahead, meetings.notice_hours) == (15, 7, 3)
    assert meetings.start_hours == (10, 11, 14, 15, 16)


@pytest.mark.parametrize(
    "key", [k for k, each in BOOK.scripts.items() if isinstance(each, EmailScript) and k not in MEETING]
)
def test_emails__offer_the_booking_page(key: str) -> None:
    script = BOOK.script(key)
    assert isinstance(script, EmailScript)
    assert "{{ booking_url }}" in script.body


@pytest.mark.parametrize(
    "key", [k for k, each in BOOK.scripts.items() if isinstance(each, SmsScript) and k not in MEETING]
)
@pytest.mark.parametrize("company", ["", "Example Heating, Cooling & Refrigeration of Greater Springfield"])
def test_texts__offer_the_booking_page_or_ask_without_it(key: str, company: str) -> None:
    script = BOOK.script(key)
    assert isinstance(script, SmsScript)
    for host, offered in (
        ("https://loop.example.com", True),
        ("https://" + 50 * "a" + ".example.com", False),
    ):
        url = f"{host}/b/{32 * 'x'}"
        text = render_sms(
            script,
            {"booking_url": url, "company": company},
            compliance=BOOK.compliance,
            business_name="Example Answering",
            dispensable=("booking_url",),
        ).text
        assert (url in text) is offered
        assert ("?" in text) or offered
        assert "AI assistant at Example Answering" in text
        assert text.endswith("Reply STOP to opt out")


@pytest.mark.parametrize("key", sorted(MEETING))
def test_meetings__are_named_by_day_hour_and_zone(key: str) -> None:
    script = BOOK.script(key)
    fields = {"meeting_time": SAMPLE["meeting_time"]}
    if isinstance(script, SmsScript):
        text = render_sms(script, fields, compliance=BOOK.compliance, business_name="Example Answering").text
    else:
        assert isinstance(script, EmailScript)
        text = script.subject + script.body.replace("{{ meeting_time }}", fields["meeting_time"])
    assert SAMPLE["meeting_time"] in text
    assert "answer" in text, "there is a way to move it"


def test_levers__neither_law_nor_limits() -> None:
    assert {"playbook", "script"} == LEVERS


def test_readme__names_every_merge_field() -> None:
    listed = set(re.findall(r"`([a-z_]+)`", (ROOT / "README.md").read_text().partition("## Merge fields")[2]))
    assert set(MERGE_FIELDS) <= listed


def test_reports__two_mails() -> None:
    assert BOOK.report("reports/evening").at.isoformat() == "17:00:00"
    assert BOOK.report("reports/weekly").weekday == "sunday"
    assert BOOK.report("reports/evening").lines.answer_rate == 0.20
    assert BOOK.report("reports/evening").lines.dm_contact_rate == 0.10
