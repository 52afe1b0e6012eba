"""The ping to a dead man's switch outside."""

from __future__ import annotations

import logging

import pytest

from functions.medic.ping import ping
from shared.config import Settings
from shared.loop import Loop
from shared.outside import Answer, Nowhere, Outside
from shared.providers.registry import Providers
from shared.state import State
from tests.unit.medic.test_playbooks import Unused

SWITCH = "https://ping.example.com/key/"


class Switch(Outside):
    """A switch outside that answers this."""

    def __init__(self, status: int) -> None:
        self.status, self.heard = status, list[str]()

    def page(self, url: str) -> Answer:
        self.heard.append(url)
        return Answer(self.status)


def loop_with(outside: Outside, url: str | None = SWITCH) -> Loop:
    """A loop whose owner has a switch at that address."""
    settings = Settings(ping_url=url)
    return Loop(settings, State(Unused(), settings.installation_id), Providers(settings), outside=outside)


def test_each_word__has_its_path() -> None:
    switch = Switch(200)
    for word in ("start", "ok", "fail"):
        ping(loop_with(switch), word)
    assert [url.removeprefix(SWITCH.rstrip("/")) for url in switch.heard] == ["/start", "", "/fail"]


def test_without_an_address__nobody_is_asked() -> None:
    switch = Switch(200)
    ping(loop_with(switch, None), "ok")
    assert switch.heard == []


@pytest.mark.parametrize(
    ("outside", "url", "logged"),
    [
        (Switch(200), SWITCH, 0),
        (Switch(404), SWITCH, 1),
        (Switch(0), SWITCH, 1),
        (Outside(), "https://ping.example.com:port", 1),
        (Nowhere(), SWITCH, 0),
    ],
)
def test_a_ping_that_does_not_arrive__is_logged_and_no_more(
    outside: Outside, url: str, logged: int, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING, "growthloop"):
        ping(loop_with(outside, url), "ok")
    assert len(caplog.records) == logged
