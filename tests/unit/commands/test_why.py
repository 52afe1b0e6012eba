"""`growthloop why` as it is typed: the whole record of one person."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta

import pytest
from click.testing import CliRunner, Result

from functions.cli import cli
from shared.errors import GrowthLoopError
from shared.providers.event import Reply
from shared.state.postgres import PostgresTransport
from tests.support.ledger import INSTALLATION, NOW, Ledger, about, answer, phone

DAY = timedelta(days=1)


@pytest.fixture
def ledger(database: str, transport: PostgresTransport, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", database)
    monkeypatch.setenv("GROWTHLOOP_INSTALLATION_ID", str(INSTALLATION))
    return Ledger.over(database, transport)


def typed(who: object, *options: str) -> Result:
    return CliRunner().invoke(cli, ["why", str(who), *options])


def lived(ledger: Ledger) -> int:
    """Somebody who was refused, called, and answered."""
    lead = ledger.lead(score=65, priority="High", score_reasons=["funding in the last 90 days"])
    said = {"scope": "marketing", "given_on": "2026-10-01", "wording": "Call me.", "source": "form 12"}
    consent = {"line": 2, "channel": "call", "address": phone(0), "person": None, "consent_type": "written"}
    ledger.state.people.import_consents([consent | said])
    ledger.state.people.record_line_type(phone(0), "mobile", None, 0.008)
    first = ledger.claimed(lead)
    ledger.state.outreach.refuse(first, "OUTSIDE_WINDOW", NOW + DAY)
    call = ledger.claimed(lead, enrolment_id=ledger.enrol(lead), step=2, channel="call")
    ledger.begin(call)
    ledger.state.outreach.record_receipt(call.id, call.fence, "call-1", 0.1)
    ledger.hear(about(call, "r", kind="end-of-call-report", disposition="conversation"), channel="call")
    words = replace(answer(call, "a"), reply=Reply("What does it cost?"))
    ledger.hear(words, reply="question", channel="call")
    ledger.state.hot_leads.add_outcome(lead, "sale", amount_usd=1200)
    return lead


def test_why__says_what_every_decision_rested_on(ledger: Ledger) -> None:
    ended = typed(lived(ledger))
    assert ended.exit_code == 0
    for line in (
        "Ada Example0 of Firm 0",
        "score   65 (High): funding in the last 90 days",
        f"{phone(0)} (direct): mobile, looked up 2026-11-23 10:00:00; never scrubbed",
        f"CONSENT 1: written to call at {phone(0)}, given 2026-10-01",
        "proof: form 12: Call me.",
        "ENTERED playbooks/cold (p1) 2026-11-23 10:00:00: stopped, replied",
        "TOUCH   email, step 1 attempt 1 (prospect): cancelled",
        "2026-11-23 10:00:00  planned: OUTSIDE_WINDOW, it was outside the lawful hours where they are",
        "TOUCH   call, step 2 attempt 1 (prospect): finished",
        "scripts/email_first (s1), arm none, rules r1",
        "vapi reports end-of-call-report: conversation",
        "they by call, question: What does it cost?",
        "SALE    2026-11-23 10:00:00: $1,200.00",
        "TALK    open",
        "NOW     a step of the sequence, by the rules in force",
        "email  IN_CONVERSATION",
    ):
        assert line in ended.output, line


def test_why_json__is_the_record_itself(ledger: Ledger) -> None:
    lead = lived(ledger)
    found = json.loads(typed(phone(0), "--json").output)
    assert found["lead"]["id"] == lead
    assert found["consents"][0]["wording"] == "Call me."
    mail, call = found["touches"] if found["touches"][0]["channel"] == "email" else found["touches"][::-1]
    assert [step["to"] for step in call["decisions"]] == [
        "planned",
        "leased",
        "submitted",
        "accepted",
        "finished",
    ]
    assert [step["code"] for step in mail["decisions"] if step["code"]] == ["OUTSIDE_WINDOW", "replied"]
    assert call["provider_id"] == "call-1"
    assert set(found["now"]) == {"call", "sms", "email"}


def test_why__of_somebody_who_said_stop_says_when_and_how(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.state.events.unsubscribe(claim.id, source="link")
    ended = typed("lead0@example.com")
    assert "CLOSED  lead0@example.com since 2026-11-23 10:00:00, for good" in ended.output
    assert "unsubscribed, from link; it reaches everything of theirs" in ended.output
    assert "email  SUPPRESSED" in ended.output


def test_why__of_somebody_never_planned_says_what_the_gate_says_now(ledger: Ledger) -> None:
    ended = typed(ledger.lead(country="DE", region=None))
    assert "ENTERED no sequence yet" in ended.output
    assert "email  COUNTRY" in ended.output


def test_why__before_going_live_says_so_and_still_what_stands_in_the_way(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.state.live.turn_off(app="growthloop", actor="owner")
    ended = typed(lead)
    assert "NOW     sending is not turned on" in ended.output
    assert "call   LINE_TYPE" in ended.output


def test_why__writes_nothing(ledger: Ledger) -> None:
    lead = ledger.lead()
    heads = ledger.value("select count(*) from directive_heads")
    typed(lead)
    assert ledger.value("select count(*) from directive_heads") == heads


def test_why__of_an_erased_person_names_nobody(ledger: Ledger) -> None:
    lead = lived(ledger)
    ledger.state.privacy.forget(lead)
    ended = typed(lead)
    assert ended.output.startswith(f"Lead {lead}: erased 2026-11-23 10:00:00; facts without words stay.")
    assert phone(0) not in ended.output
    assert "Example" not in ended.output
    assert "What does it cost" not in ended.output


def test_hostile_words__do_not_reach_the_terminal(ledger: Ledger) -> None:
    lead = ledger.lead(first_name="\x1b[31mAda\r\n", last_name="A\x07B")
    ended = typed(lead)
    assert not {"\x1b", "\r", "\x07"} & set(ended.output)


def test_nobody__is_an_error(ledger: Ledger) -> None:
    assert isinstance(typed("nobody@example.com").exception, GrowthLoopError)
