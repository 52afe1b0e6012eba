"""`growthloop forget` as it is typed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from click.testing import CliRunner, Result

from functions.cli import cli
from shared.errors import GrowthLoopError
from shared.state.postgres import PostgresTransport
from tests.support.http_script import HttpScript, Reply, names
from tests.support.ledger import INSTALLATION, Ledger


@pytest.fixture
def vapi() -> Iterator[HttpScript]:
    with HttpScript() as server:
        yield server


@pytest.fixture
def ledger(
    database: str, transport: PostgresTransport, monkeypatch: pytest.MonkeyPatch, vapi: HttpScript
) -> Ledger:
    monkeypatch.setenv("GROWTHLOOP_DATABASE_URL", database)
    monkeypatch.setenv("GROWTHLOOP_INSTALLATION_ID", str(INSTALLATION))
    monkeypatch.setenv("VAPI_API_KEY", "k")
    monkeypatch.setenv("VAPI_BASE_URL", vapi.url)
    return Ledger.over(database, transport)


def typed(*arguments: str, answer: str = "") -> Result:
    return CliRunner().invoke(cli, ["forget", *arguments], input=answer)


def test_forget__asks_first(ledger: Ledger) -> None:
    lead = ledger.lead()
    assert typed(str(lead), answer="n\n").exit_code == 1
    assert ledger.value("select erased_at from leads") is None
    assert f"Lead {lead} is erased" in typed(str(lead), answer="y\n").output
    assert ledger.value("select email from leads") is None


def test_forget__erases_the_calls_at_vapi_and_names_those_it_could_not(
    ledger: Ledger, vapi: HttpScript
) -> None:
    claim = ledger.accepted(channel="call")
    vapi.steps.append(Reply(500))
    ended = json.loads(typed("lead0@example.com", "--yes", "--json").output)
    call = ledger.value("select provider_id from deliveries")
    assert ended == {"lead_id": claim.lead.lead_id, "status": "erased", "calls_left_at_vapi": [call]}
    assert names(vapi.seen) == [f"DELETE /call/{call}"]


def test_forgotten__is_nobody_any_more(ledger: Ledger) -> None:
    ledger.lead()
    typed("lead0@example.com", "--yes")
    assert isinstance(typed("lead0@example.com", "--yes").exception, GrowthLoopError)
