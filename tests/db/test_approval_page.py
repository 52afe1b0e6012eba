"""The owner's yes or no by link: GET shows, POST acts, and only on exactly what was shown."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from httpx import ASGITransport, AsyncClient, Response

from functions.web.app import build
from shared.config import Settings
from shared.links import approval_url
from shared.loop import Loop
from shared.providers.registry import Providers
from tests.support.ledger import INSTALLATION, Ledger

PUBLIC = "https://loop.example.com"


@pytest.fixture
def loop(ledger: Ledger) -> Loop:
    settings = Settings.from_env(
        {
            "GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION),
            "GROWTHLOOP_SECRET_KEY": "our-key",
            "GROWTHLOOP_PUBLIC_URL": PUBLIC,
        }
    )
    return Loop(settings, ledger.state, Providers(settings))


def asked(loop: Loop, fingerprint: str = "f") -> str:
    number = loop.state.experiments.request_approval(
        subject="experiment:1",
        words="Use <b>it</b> for everybody?",
        why="win",
        change={"deploy": 1},
        fingerprint=fingerprint,
        days=14,
    )
    return approval_url(loop.settings, number, fingerprint).removeprefix(PUBLIC)


def visit(loop: Loop, method: str, path: str, **form: Any) -> Response:
    async def go() -> Response:
        async with AsyncClient(transport=ASGITransport(build(loop)), base_url=PUBLIC) as client:
            return await client.request(method, path, **form)

    return asyncio.run(go())


def states(loop: Loop) -> list[str]:
    return [each.state for each in loop.state.experiments.approvals(pending=False)]


def test_a_scanner_that_follows_the_link__decides_nothing(loop: Loop) -> None:
    path = asked(loop)
    shown = [visit(loop, "GET", path) for _ in range(3)][-1]
    assert shown.status_code == 200
    assert "Use &lt;b&gt;it&lt;/b&gt; for everybody?" in shown.text
    assert states(loop) == ["pending"]


@pytest.mark.parametrize(("answer", "state"), [("approve", "approved"), ("deny", "denied")])
def test_the_first_answer__counts_and_is_shown_from_then_on(loop: Loop, answer: str, state: str) -> None:
    path = asked(loop)
    said = [visit(loop, "POST", path, data={"answer": each}) for each in (answer, "approve", "deny")]
    assert states(loop) == [state]
    assert len({page.text for page in said}) == 1
    assert "<button" not in visit(loop, "GET", path).text


@pytest.mark.parametrize("form", [{}, {"answer": "maybe"}])
def test_a_post_without_an_answer__asks_again(loop: Loop, form: dict[str, str]) -> None:
    path = asked(loop)
    assert "<button" in visit(loop, "POST", path, data=form).text
    assert states(loop) == ["pending"]


def test_a_link_to_another_fingerprint__changes_nothing(loop: Loop) -> None:
    asked(loop)
    other = approval_url(loop.settings, 1, "other").removeprefix(PUBLIC)
    assert "It has changed" in visit(loop, "POST", other, data={"answer": "approve"}).text
    assert states(loop) == ["pending"]


def test_a_link_that_is_not_ours_or_too_late__changes_nothing(loop: Loop, ledger: Ledger) -> None:
    path = asked(loop)
    assert visit(loop, "POST", path[:-1] + "~", data={"answer": "approve"}).status_code == 404
    ledger.after(days=15)
    assert "expired" in visit(loop, "POST", path, data={"answer": "approve"}).text
    assert states(loop) == ["expired"]
