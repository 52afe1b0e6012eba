"""`growthloop outcome` as it is typed."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from functions.cli import cli
from shared.errors import ConfigurationError, GrowthLoopError
from shared.state.postgres import PostgresTransport
from tests.support.ledger import INSTALLATION, Ledger


@pytest.fixture
def ledger(database: str, transport: PostgresTransport, monkeypatch: pytest.MonkeyPatch) -> Ledger:
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", database)
    monkeypatch.setenv("GROWTHLOOP_INSTALLATION_ID", str(INSTALLATION))
    return Ledger.over(database, transport)


def typed(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["outcome", *arguments])


@pytest.mark.parametrize("who", ["{id}", "Lead0@example.com", "+12125550142", "(212) 555-0142"])
def test_meeting__is_entered_for_whoever_is_meant(ledger: Ledger, who: str) -> None:
    lead = ledger.lead(phones=[{"number": "+12125550142", "label": "direct", "extension": None}])
    ended = typed("add", who.format(id=lead), "meeting", "--at", "2026-11-30 10:00", "--json")
    assert json.loads(ended.output) == {"lead_id": lead, "outcome": "meeting", "status": "added"}
    assert (
        ledger.value("select starts_at at time zone 'utc' from meetings").isoformat() == "2026-11-30T15:00:00"
    )


def test_sale__is_entered_once(ledger: Ledger) -> None:
    lead = str(ledger.lead())
    day = ("--at", "2026-11-20", "--usd", "1200")
    assert typed("add", lead, "sale", *day).output == "Entered.\n"
    assert typed("add", lead, "sale", *day).output == "That was entered before; nothing changed.\n"
    assert ledger.value("select sum(amount_usd)::int from sales") == 1200


def test_no_show__needs_a_meeting(ledger: Ledger) -> None:
    lead = str(ledger.lead())
    missing = typed("add", lead, "no-show")
    assert (missing.exit_code, "enter it first" in missing.output) == (1, True)
    typed("add", lead, "meeting")
    assert typed("add", lead, "no-show").output == "Entered.\n"


@pytest.mark.parametrize("arguments", [("meeting", "--usd", "5"), ("held", "--at", "2026-11-20")])
def test_option_of_another_outcome__is_a_usage_mistake(ledger: Ledger, arguments: tuple[str, ...]) -> None:
    assert isinstance(typed("add", str(ledger.lead()), *arguments).exception, ConfigurationError)


@pytest.mark.parametrize("wrong", [("won",), ("sale", "--usd", "-1"), ("meeting", "--at", "soon")])
def test_what_is_no_outcome__is_a_usage_mistake(wrong: tuple[str, ...]) -> None:
    assert typed("add", "1", *wrong).exit_code == 2


@pytest.mark.parametrize("command", [("add", "nobody@example.com", "sale"), ("close", "999")])
def test_nobody__is_an_error_that_repeats_nothing(ledger: Ledger, command: tuple[str, ...]) -> None:
    error = typed(*command).exception
    assert isinstance(error, GrowthLoopError)
    assert str(error) == "No lead has this id, email or number."


def test_close__says_so(ledger: Ledger) -> None:
    assert typed("close", str(ledger.lead())).output.startswith("Closed.")
    assert ledger.value("select handled_at is not null from conversations")
