"""Whoever went through a sequence goes through another one by the owner's word only, and is counted anew."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner

from functions.cli import cli
from shared.state.outreach import Candidate
from shared.state.postgres import PostgresTransport
from tests.support.ledger import CONVERSATION_DAYS, INSTALLATION, TODAY, Ledger, answer, phone


def candidates(ledger: Ledger) -> list[Candidate]:
    return list(ledger.state.outreach.candidates(conversation_days=CONVERSATION_DAYS, today=TODAY))


def allow(ledger: Ledger, lead: int) -> str:
    return ledger.state.people.allow_again(lead, conversation_days=CONVERSATION_DAYS, actor="owner")


def over(ledger: Ledger, contacts: int) -> int:
    """A lead whose sequence is over after so many contacts, a week ago."""
    lead = ledger.lead()
    enrolment = ledger.enrol(lead)
    for step in range(contacts):
        ledger.submitted(lead, enrolment_id=enrolment, step=step, per_life=99)
        ledger.run("update deliveries set state = 'finished', lease_until = null where state = 'submitted'")
        ledger.after(days=8)
    ledger.state.outreach.finish_enrolments([enrolment])
    return lead


def test_once_more__enrols_anew_and_counts_from_there(ledger: Ledger) -> None:
    lead = over(ledger, 6)
    assert candidates(ledger) == []
    assert allow(ledger, lead) == "allowed"
    ledger.after(days=1)
    (found,) = candidates(ledger)
    assert (found.enrolment, found.touches_total) == (None, 0)
    first = ledger.enrol(lead)
    ledger.submitted(lead, enrolment_id=first, step=1, per_life=6)
    ledger.run("update deliveries set state = 'finished', lease_until = null where state = 'submitted'")
    (found,) = candidates(ledger)
    assert found.enrolment is not None
    assert (found.enrolment.id, found.touches_total) == (first, 1)
    assert [record.step for record in found.enrolment.steps] == [1]


def test_once_more__the_word_holds_for_one_sequence(ledger: Ledger) -> None:
    lead = over(ledger, 1)
    allow(ledger, lead)
    ledger.state.outreach.finish_enrolments([ledger.enrol(lead)])
    assert candidates(ledger) == []


def test_without_the_owner__six_contacts_are_six(ledger: Ledger) -> None:
    lead = over(ledger, 6)
    ledger.run("update enrolments set state = 'active'")
    claim = ledger.claimed(lead, enrolment_id=ledger.value("select id from enrolments"), step=7)
    assert ledger.begin(claim, per_life=6).code == "FREQ_CAP"


def test_once_more__is_refused_where_it_would_be_wrong(ledger: Ledger) -> None:
    assert allow(ledger, 999) == "unknown"
    stranger = ledger.lead()
    assert allow(ledger, stranger) == "new"
    ledger.enrol(stranger)
    assert allow(ledger, stranger) == "running"
    stopped = ledger.accepted(ledger.lead()).lead.lead_id
    ledger.state.people.suppress([[phone(1)]], reason="opt_out", source="test")
    assert allow(ledger, stopped) == "suppressed"


def test_once_more__closes_their_own_conversation_and_not_a_colleagues(ledger: Ledger) -> None:
    claim = ledger.accepted(ledger.lead(company=1))
    ledger.hear(answer(claim, "later"), reply="not_now")
    assert allow(ledger, claim.lead.lead_id) == "allowed"
    colleague = ledger.accepted(ledger.lead(company=1))
    ledger.after(days=1)
    ledger.hear(answer(colleague, "yes", at=ledger.now), reply="positive")
    assert allow(ledger, claim.lead.lead_id) == "in_conversation"


def test_command__says_what_happens(
    database: str, transport: PostgresTransport, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", database)
    monkeypatch.setenv("GROWTHLOOP_INSTALLATION_ID", str(INSTALLATION))
    ledger = Ledger.over(database, transport)
    lead = over(ledger, 1)
    ended = CliRunner().invoke(cli, ["again", str(lead), "--json"])
    assert json.loads(ended.output) == {"lead_id": lead, "status": "allowed"}
    ledger.enrol(lead)
    running = CliRunner().invoke(cli, ["again", str(lead)])
    assert (running.exit_code, running.output) == (1, "Their sequence still runs.\n")
