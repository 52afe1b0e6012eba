"""Senders: what came back of their sends is counted, judged, and keeps them from sending."""

from __future__ import annotations

from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from functions.campaigns import senders
from functions.campaigns.day_figures import sender_words
from shared.config import Settings
from shared.errors import Unreachable
from shared.gate import Rules, SenderRecord, Verdict
from shared.loop import Loop
from tests.support.ledger import TODAY, Ledger, about, sender

DAYS = {"bounce_days": 7, "complaint_days": 7, "answer_days": 14}


def mails(ledger: Ledger, count: int, fate: str | None = None) -> None:
    """So many emails of today, each with this fate."""
    milestones: Any = {"bounced": ("bounced",), "complained": ("complained",)}.get(fate or "", ())
    for claim in [ledger.accepted() for _ in range(count)]:
        if fate:
            ledger.hear(about(claim, f"{fate}-{claim.id}", disposition=fate, milestones=milestones))


def record(ledger: Ledger, sender_id: str) -> SenderRecord:
    found = ledger.state.senders.records(ledger.now.date(), **DAYS)
    return next(each for each in found if each.sender_id == sender_id)


def loop_over(ledger: Ledger, verified: Any = frozenset(), *, campaign: bool = True) -> Loop:
    """A loop as far as the senders need it: the services are played by what they answer."""
    settings = Settings.model_validate(
        {
            "GROWTHLOOP_EMAIL_SENDERS": "mary@mail.example.com@2026-08-01,john@out.example.com",
            "GROWTHLOOP_SMS_SENDERS": "+12125550177,MG1=+12125550178",
        }
    )

    def verified_domains() -> frozenset[str]:
        if isinstance(verified, Exception):
            raise verified
        return frozenset(verified)

    texts = SimpleNamespace(campaign_verified=lambda: campaign)
    providers = SimpleNamespace(email=SimpleNamespace(verified_domains=verified_domains), sms=texts)
    loop = Loop(settings, ledger.state, cast("Any", providers))
    loop.__dict__["book"] = SimpleNamespace(rules=Rules.load())
    return loop


def set_up(ledger: Ledger) -> dict[str, bool]:
    return dict(cast("Any", ledger.rows("select id, set_up from senders where active order by id")))


def test_records__count_what_came_back_within_the_days_of_each_rule(ledger: Ledger) -> None:
    mails(ledger, 3)
    mails(ledger, 2, "bounced")
    mails(ledger, 1, "complained")
    assert record(ledger, "email") == SenderRecord(
        "email", "email", mails=6, bounced=2, mails_for_complaints=6, complained=1
    )
    ledger.run("update touches set day = day - 7 where bounced_at is not null")
    assert record(ledger, "email").bounced == 0
    assert record(ledger, "email").mails == 4


def test_records__calls_whose_outcome_is_known(ledger: Ledger) -> None:
    outcomes: list[tuple[str | None, tuple[Any, ...]]] = [
        ("conversation", ("answered",)),
        ("no_answer", ()),
        ("voicemail", ()),
        ("invalid_number", ()),
        ("call_failed", ()),
        (None, ()),
    ]
    for disposition, milestones in outcomes:
        claim = ledger.accepted(channel="call", script_key="scripts/call_sarah")
        if disposition:
            heard = about(claim, disposition, disposition=disposition, milestones=milestones)
            ledger.hear(heard, channel="call")
    found = record(ledger, "call")
    assert (found.calls, found.answered) == (3, 1)


def test_health__two_complaints_stop_the_mailbox_until_the_window_has_passed(ledger: Ledger) -> None:
    loop = loop_over(ledger)
    mails(ledger, 8)
    mails(ledger, 1, "complained")
    (first,) = senders.check_health(loop, TODAY)
    assert (first.health, first.why) == ("watched", "1 of 9 emails in 7 days were marked as spam")
    mails(ledger, 1, "complained")
    (second,) = senders.check_health(loop, TODAY)
    assert second.health == "quarantined"
    assert senders.check_health(loop, TODAY) == [], "said once"
    (resting,) = ledger.state.senders.at_rest()
    assert sender_words(resting | {"sender_id": "email:sarah@mail.example.com"}) == (
        "sarah@mail.example.com rests: 2 of 10 emails in 7 days were marked as spam."
    )
    assert ledger.begin(ledger.claimed()).code == "SENDER_HEALTH"
    (third,) = senders.check_health(loop, TODAY + timedelta(days=7))
    assert third == Verdict("email", "healthy", "")
    assert ledger.state.senders.at_rest() == []
    changes = ledger.rows(
        "select subject, change from evolution_log where subject like 'sender %' order by id"
    )
    assert changes == [("sender email", word) for word in ("watched", "quarantined", "healthy")]


def test_health__in_words_for_the_owner() -> None:
    said = senders.in_words(
        [Verdict("email:a", "quarantined", "3 of 90 bounced"), Verdict("b", "healthy", "")]
    )
    assert said == ["email:a rests: 3 of 90 bounced.", "b sends again."]


def test_set_up__a_mailbox_needs_a_verified_domain_and_a_number_its_reference(ledger: Ledger) -> None:
    notes = senders.seed(loop_over(ledger, ["mail.example.com"]))
    assert set_up(ledger) == {
        "email:john@out.example.com": False,
        "email:mary@mail.example.com": True,
        "sms:+12125550177": False,
        "sms:+12125550178": True,
    }
    assert notes == [
        "Nothing goes out from out.example.com: it is not set up.",
        "Nothing goes out from +12125550177: it is not set up.",
    ]


def test_set_up__no_number_texts_before_the_carriers_took_its_campaign(ledger: Ledger) -> None:
    senders.seed(loop_over(ledger, ["mail.example.com"], campaign=False))
    assert set_up(ledger)["sms:+12125550178"] is False


def test_set_up__what_cannot_be_asked_stays_as_it_was_and_starts_as_no(ledger: Ledger) -> None:
    down = Unreachable("resend: nothing was sent.", code="resend.unreachable")
    notes = senders.seed(loop_over(ledger, down))
    assert "could not be checked (resend.unreachable)" in notes[0]
    assert set_up(ledger)["email:mary@mail.example.com"] is False
    senders.seed(loop_over(ledger, ["mail.example.com"]))
    senders.seed(loop_over(ledger, down))
    assert set_up(ledger)["email:mary@mail.example.com"] is True


@pytest.mark.parametrize(("age", "again"), [(179, False), (181, True)])
def test_line_type__is_asked_again_when_the_answer_is_old(ledger: Ledger, age: int, again: bool) -> None:
    ledger.lead()
    (number,) = ledger.state.people.numbers_to_look_up(5)
    ledger.state.people.record_line_type(number, "landline", None, 0.008)
    assert ledger.state.people.numbers_to_look_up(5) == []
    ledger.run("update phones set looked_up_at = looked_up_at - make_interval(days => %s)", age)
    assert ledger.state.people.numbers_to_look_up_again(5, valid_days=180) == [number] * again


def test_set_up__a_no_is_asked_again_in_an_hour_and_no_answer_in_ten_minutes(ledger: Ledger) -> None:
    down = Unreachable("resend: nothing was sent.", code="resend.unreachable")
    senders.seed(loop_over(ledger, down, campaign=False))
    asked = {
        each.id: each.set_up_ask_at and each.set_up_ask_at - ledger.now
        for each in ledger.state.outreach.open_tick(TODAY).senders
    }
    assert asked["email:mary@mail.example.com"] == timedelta(minutes=10)
    assert asked["sms:+12125550178"] == timedelta(hours=1)
    senders.seed(loop_over(ledger, ["mail.example.com"]))
    assert set_up(ledger)["email:mary@mail.example.com"]
    assert [each.set_up_ask_at for each in ledger.state.outreach.open_tick(TODAY).senders if each.set_up] == [
        None,
        None,
    ]


def test_set_up__what_waited_for_it_is_due_at_once(ledger: Ledger) -> None:
    ledger.state.outreach.seed_senders([sender("email", set_up=False)])
    claim = ledger.claimed()
    ledger.state.outreach.refuse(claim, "SENDER_SETUP", ledger.now + timedelta(hours=1))
    ledger.state.outreach.seed_senders([sender("email", set_up=False)])
    assert ledger.state.outreach.open_tick(TODAY).due == {}
    ledger.state.outreach.seed_senders([sender("email")])
    assert ledger.state.outreach.open_tick(TODAY).due == {"email": 1}


def test_seeding__keeps_who_was_there(ledger: Ledger) -> None:
    ledger.state.outreach.seed_senders([sender("email", set_up=None)])
    assert set_up(ledger) == {"email": True}
