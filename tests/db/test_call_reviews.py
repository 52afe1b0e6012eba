"""Reviews over a real database: kept once with the report, remembered without the person, gone in time."""

from __future__ import annotations

import dataclasses
from datetime import timedelta
from uuid import UUID

import pytest

from functions.learning.missed_reviews import review_missed
from shared.call_review import CallReview, Raised
from shared.config import Settings
from shared.hearing import hear
from shared.loop import Loop
from shared.providers.event import ProviderEvent
from shared.providers.registry import Providers
from tests.support.ledger import INSTALLATION, NOW, Ledger, about

TALK = [
    {"role": "bot", "message": "Hi, I am an AI assistant of Example. This call may be recorded."},
    {"role": "user", "message": "Too expensive for us at Firm 0."},
    {"role": "bot", "message": "Ada, a visit at Firm 0 is free, call +1 212 555 0100. Is Tuesday good?"},
    {"role": "user", "message": "Well, if it is free, then come round on Tuesday, at three, to the yard."},
]
SAID = "{first name}, a visit at {company} is free, call {number}. Is Tuesday good?"


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    settings = Settings.from_env(
        {"GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION), "GROWTHLOOP_RELEASE": "test"}
    )
    return Loop(settings, ledger.state, Providers(settings))


def report(ledger: Ledger, *, disposition: str = "meeting") -> tuple[UUID, int, ProviderEvent]:
    """A call to a new lead, and the report of its end."""
    lead = ledger.lead()
    claim = ledger.accepted(lead, channel="call")
    event = about(claim, f"end-{lead}", disposition=disposition, milestones=("answered",))
    body = {"message": {"artifact": {"messages": TALK}}}
    return claim.id, lead, dataclasses.replace(event, kind="end-of-call-report", body=body, duration_s=40.0)


def test_a_report__brings_its_review_and_a_copy_brings_no_second(ledger: Ledger) -> None:
    _, lead, event = report(ledger)
    for _ in range(2):
        hear(ledger.state, event, channel="call")
    (kept,) = ledger.state.calls.of_lead(lead)
    assert (kept.quality, kept.disclosed, kept.objections) == (100, True, 1)
    assert kept.raised[0].words == "Too expensive for us at Firm 0."
    (response,) = ledger.state.calls.responses()
    assert (response.kind, response.response, response.heard, response.booked) == ("price", SAID, 1, 1)
    talks = ledger.state.calls.talks(NOW - timedelta(days=1), NOW + timedelta(days=1))
    assert (talks.talks, talks.quality, talks.undisclosed, talks.objections) == (1, 100, 0, {"price": 1})


def test_a_report_stored_without_its_review__is_reviewed_in_the_night(loop: Loop, ledger: Ledger) -> None:
    _, lead, event = report(ledger)
    ledger.hear(event, channel="call")
    assert ledger.state.calls.of_lead(lead) == []
    assert review_missed(loop) == 1
    assert review_missed(loop) == 0
    assert ledger.state.calls.of_lead(lead)[0].quality == 100


def test_an_answer_that_led_nowhere__is_counted_but_no_winner(ledger: Ledger) -> None:
    for disposition in ("not_interested", "meeting"):
        hear(ledger.state, report(ledger, disposition=disposition)[2], channel="call")
    found = {each.response: (each.heard, each.led_on) for each in ledger.state.calls.responses()}
    assert list(found.values()) == [(1, 1)]
    assert ledger.value("select sum(heard) from objection_responses") == 2


def test_the_erased__take_their_words_and_what_only_they_were_told(ledger: Ledger) -> None:
    touch, lead, event = report(ledger)
    hear(ledger.state, event, channel="call")
    other, _ = report(ledger)[:2]
    raised = Raised("price", "Too much.", "Ada, a visit at {company} is free.", "conversation")
    ledger.state.calls.keep_review(other, CallReview(0.5, True, False, 1, (raised,), 90, ()))
    ledger.state.privacy.forget(lead)
    assert ledger.value("select count(*) from call_objections where lead_id = %s", lead) == 0
    assert ledger.value("select array_agg(response) from objection_responses") != [SAID]
    assert ledger.value("select count(*) from objection_responses") == 1
    assert ledger.value("select quality from call_reviews where touch_id = %s", touch) == 100


def test_a_report_of_somebody_erased__keeps_figures_alone(ledger: Ledger) -> None:
    touch, lead, _ = report(ledger)
    ledger.state.privacy.forget(lead)
    raised = Raised("price", "Too much.", "It is free.", None)
    assert ledger.state.calls.keep_review(touch, CallReview(0.5, True, False, 1, (raised,), 90, ()))
    assert ledger.value("select count(*) from call_objections") == 0


def test_peoples_words__go_after_their_time_and_what_was_learned_stays(ledger: Ledger) -> None:
    _, lead, event = report(ledger)
    hear(ledger.state, event, channel="call")
    assert ledger.state.calls.expire_words(NOW) == 0
    assert ledger.state.calls.expire_words(NOW + timedelta(days=1)) == 1
    (kept,) = ledger.state.calls.of_lead(lead)
    assert (kept.raised[0].words, kept.raised[0].led_to) == (None, "booking")
    assert len(ledger.state.calls.responses()) == 1
