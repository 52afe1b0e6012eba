"""Visits to the owner's site: always 200, kept in one of two places, and a sign of intent at most."""

from __future__ import annotations

import json
import logging
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from functions.campaigns.visits import take_visits
from functions.web.app import build
from shared.config import Settings
from shared.directives import read, release_of
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.spool import Spool
from shared.state import State
from shared.state.postgres import PostgresTransport
from tests.support.ledger import CONVERSATION_DAYS, INSTALLATION, TODAY, Ledger

TOKEN = "example-token"
PATH = f"/hooks/rb2b/{TOKEN}"


def visitor(number: int = 0, /, **changes: Any) -> dict[str, Any]:
    """Lead `number` of the ledger on a page of the owner's."""
    return {
        "LinkedIn URL": f"https://www.linkedin.com/in/example{number}",
        "First Name": "Ada",
        "Last Name": f"Example{number}",
        "Company Name": f"Firm {number}",
        "Business Email": f"lead{number}@example.com",
        "City": "Albany",
        "State": "New York",
        "Zipcode": "12207",
        "Seen At": "2026-11-22 21:04:43 +0000",
        "Captured URL": "https://www.example.org/pricing?x=1",
    } | changes


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    """A web container and a morning's plan over one database."""
    values = {"RB2B_TOKEN": TOKEN, "GROWTHLOOP_RELEASE": release_of(read())}
    settings = Settings.model_validate(values)
    return Loop(settings, ledger.state, Providers(settings))


def post(loop: Loop, body: object, path: str = PATH) -> int:
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return TestClient(build(loop)).post(path, content=raw).status_code


def leads(ledger: Ledger) -> list[tuple[Any, ...]]:
    return ledger.rows("select email, signals, score, at_rest_since is not null from leads order by id")


def outcomes(ledger: Ledger) -> list[str]:
    return [outcome for (outcome,) in ledger.rows("select outcome from visits order by id")]


def test_a_known_lead__gains_the_sign_once(loop: Loop, ledger: Ledger) -> None:
    ledger.lead()
    assert [post(loop, visitor()), post(loop, visitor()), post(loop, visitor(Title="CEO"))] == [200] * 3
    assert take_visits(loop) == ["Visits to your site: 1 of people we know."]
    points = loop.book.outreach.scoring.points.site_activity
    assert leads(ledger) == [("lead0@example.com", ["site_activity"], points, False)]
    assert ledger.rows("select body, page from visits") == [(None, "https://www.example.org/pricing")]
    post(loop, visitor(**{"Seen At": "2026-11-23 10:00:00 +0000"}))
    take_visits(loop)
    assert leads(ledger)[0][1] == ["site_activity"]
    assert ledger.rows("select from consents") == [], "a visit permits nothing"


def test_somebody_new__rests_until_a_list_names_them(loop: Loop, ledger: Ledger) -> None:
    post(loop, visitor(7))
    take_visits(loop)
    ((email, signals, _, at_rest),) = leads(ledger)
    assert (email, signals, at_rest) == ("lead7@example.com", ["site_activity"], True)

    def candidates() -> list[int]:
        found = ledger.state.outreach.candidates(conversation_days=CONVERSATION_DAYS, today=TODAY)
        return [each.lead_id for each in found]

    assert candidates() == []
    row = {"line": 2, "email": email, "phones": [], "zones": [], "signals": [], "score_reasons": []}
    (answer,) = ledger.state.people.import_leads([row], source="csv")
    assert (answer["status"], answer["note"]) == ("known", "was at rest, and no longer is")
    assert candidates() == [answer["lead_id"]]


def test_whoever_asked_not_to_be_contacted__is_not_kept(loop: Loop, ledger: Ledger) -> None:
    ledger.state.people.suppress([["lead7@example.com"]], reason="opt_out", source="test")
    post(loop, visitor(7))
    take_visits(loop)
    assert (leads(ledger), outcomes(ledger)) == ([], ["closed"])
    assert ledger.rows("select body, page, lead_id from visits") == [(None, None, None)]


def test_without_an_address__only_somebody_known_is_found(loop: Loop, ledger: Ledger) -> None:
    ledger.lead(company_key="firm0.example")
    nameless: dict[str, Any] = {"Business Email": None, "Website": "https://www.firm0.example"}
    post(loop, visitor(0, **nameless))
    post(loop, visitor(5, **nameless))
    take_visits(loop)
    assert outcomes(ledger) == ["sign", "nobody"]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"\x00\xff", b"[" * 9000, b'{"First Name": {"a": 1}}', b"a" * 2_000_000]
)
def test_any_body__is_answered_200(loop: Loop, ledger: Ledger, body: bytes) -> None:
    ledger.lead()
    assert post(loop, body) == 200
    post(loop, visitor())
    take_visits(loop)
    assert outcomes(ledger)[-1] == "sign", "the rest goes on"


@pytest.mark.parametrize("path", ["/hooks/rb2b/guessed", "/hooks/rb2b/%ff", "/hooks/rb2b/" + "a" * 5000])
def test_another_token__is_answered_200_and_dropped(
    loop: Loop, ledger: Ledger, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "growthloop")
    assert post(loop, visitor(), path) == 200
    assert outcomes(ledger) == []
    assert TOKEN not in caplog.text


def test_without_a_database__it_is_spooled_and_brought_over(loop: Loop, ledger: Ledger) -> None:
    ledger.lead()
    kept: dict[str, Any] = {}
    nowhere = State(PostgresTransport("postgresql://postgres@127.0.0.1:1/x?connect_timeout=1"), INSTALLATION)
    away = Loop(loop.settings, nowhere, loop.providers, spool=Spool(kept))
    assert [post(away, visitor()), post(away, visitor()), post(away, visitor(3))] == [200] * 3
    assert len(kept) == 2
    back = Loop(loop.settings, ledger.state, loop.providers, spool=Spool(kept))
    take_visits(back)
    assert (sorted(outcomes(ledger)), kept) == (["at_rest", "sign"], {})
    assert len(leads(ledger)) == 2


def test_a_spool_that_is_away__is_still_200_and_costs_the_plan_nothing(
    loop: Loop, ledger: Ledger, caplog: pytest.LogCaptureFixture
) -> None:
    class Away(dict[str, Any]):
        def __setitem__(self, key: str, value: Any) -> None:
            raise ConnectionError("lead0@example.com")

        def items(self) -> Any:
            raise ConnectionError

    nowhere = State(PostgresTransport("postgresql://postgres@127.0.0.1:1/x?connect_timeout=1"), INSTALLATION)
    assert post(Loop(loop.settings, nowhere, loop.providers, spool=Spool(Away())), visitor()) == 200
    assert "visit lost" in caplog.text
    assert "example.com" not in caplog.text
    (note,) = take_visits(Loop(loop.settings, ledger.state, loop.providers, spool=Spool(Away())))
    assert "ConnectionError" in note


def test_forgotten__with_their_visits(loop: Loop, ledger: Ledger, tmp_path: Path) -> None:
    lead = ledger.lead()
    post(loop, visitor())
    take_visits(loop)
    ledger.state.privacy.forget(lead)
    assert ledger.rows("select from visits") == []
