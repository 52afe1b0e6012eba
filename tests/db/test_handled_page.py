"""The page behind a hot lead's mail: looking changes nothing, the button closes, an old link does nothing."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from datetime import timedelta

import pytest
from httpx import ASGITransport, AsyncClient, Response

from functions.web.app import build
from shared.config import Settings
from shared.links import handled_url, unsubscribe_url
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.state import State
from shared.state.postgres import PostgresTransport
from tests.support.ledger import INSTALLATION, NOW, Ledger, answer

PUBLIC = "https://loop.example.com"


@pytest.fixture
def loop(ledger: Ledger) -> Iterator[Loop]:
    settings = Settings.from_env(
        {"GROWTHLOOP_SECRET_KEY": "our-key", "GROWTHLOOP_PUBLIC_URL": PUBLIC,
         "GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION)}
    )  # fmt: skip
    opened = Loop(settings, State(PostgresTransport(ledger.dsn), INSTALLATION), Providers(settings))
    yield opened
    opened.close()


def ask(loop: Loop, method: str, path: str) -> Response:
    async def asked() -> Response:
        async with AsyncClient(transport=ASGITransport(app=build(loop)), base_url=PUBLIC) as client:
            return await client.request(method, path)

    return asyncio.run(asked())


def link(loop: Loop, lead_id: int, *, days: int = 30) -> str:
    return handled_url(loop.settings, lead_id, until=NOW + timedelta(days=days)).removeprefix(PUBLIC)


def waits(ledger: Ledger) -> int:
    return len(ledger.state.measures.hot_leads(NOW - timedelta(days=1), 9))


def test_page__shows_who_and_changes_nothing_until_the_button(ledger: Ledger, loop: Loop) -> None:
    claim = ledger.accepted()
    ledger.hear(answer(claim, "a"), reply="positive")
    path = link(loop, claim.lead.lead_id)
    shown = ask(loop, "GET", path)
    assert (shown.status_code, waits(ledger)) == (200, 1)
    assert "Have you dealt with Ada Example0 of Firm 0?" in shown.text
    assert shown.headers["cache-control"] == "no-store"
    for _ in range(2):
        assert "<h1>Done</h1>" in ask(loop, "POST", path).text
    assert waits(ledger) == 0


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_link__of_another_kind_too_old_or_of_nobody_does_nothing(
    ledger: Ledger, loop: Loop, method: str
) -> None:
    claim = ledger.accepted()
    ledger.hear(answer(claim, "a"), reply="positive")
    other = unsubscribe_url(loop.settings, claim.id).removeprefix(PUBLIC).replace("/u/", "/h/")
    good = link(loop, claim.lead.lead_id)
    for path in (
        other,
        good[:-1],
        good + "x",
        "/h/x",
        link(loop, claim.lead.lead_id, days=-1),
        link(loop, 999),
    ):
        assert ask(loop, method, path).status_code == 404, path
    assert waits(ledger) == 1


def test_hostile_name__is_escaped(ledger: Ledger, loop: Loop) -> None:
    lead = ledger.lead(first_name="<script>alert(1)</script>")
    assert "<script>alert" not in ask(loop, "GET", link(loop, lead)).text
