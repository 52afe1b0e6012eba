"""The check-up of an installation: what can be wrong, each with its fix, and the rest is still looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pydantic import SecretStr
from starlette.testclient import TestClient

from functions.medic.checkup import Check, check_up
from functions.web.app import build
from shared.outside import Answer, Outside
from shared.state.migrate import migrations
from tests.support.world import Stand, at, people, stand

HEALTHY = Answer(200, '{"ok": true, "live": true}')


class Seen(Outside):
    """An outside in which every page answers this, and every name has these TXT records."""

    def __init__(self, answer: Answer, records: tuple[str, ...]) -> None:
        self._answer, self._records = answer, records

    def page(self, url: str) -> Answer | None:
        return self._answer

    def txt(self, name: str) -> list[str] | None:
        return [*self._records]


VERSIONS = [each.version for each in migrations()]


def looked(
    here: Stand,
    *,
    answer: Answer = HEALTHY,
    records: tuple[str, ...] = ("v=DMARC1; p=none",),
    versions: list[str] = VERSIONS,
) -> list[Check]:
    """All checks of the world's loop, with this page and these TXT records outside."""
    return check_up(replace(here.days.loop, outside=Seen(answer, records)), versions)


def wrong(checks: list[Check]) -> dict[str, str]:
    """What is wrong, in its words."""
    return {check.name: check.words for check in checks if check.state == "wrong"}


@pytest.fixture
def here(database: str) -> Iterator[Stand]:
    """A live installation with all three providers."""
    with stand(database, people(1)) as found:
        yield found


def test_an_installation_in_order__needs_nothing(here: Stand) -> None:
    here.configure(secret_key=SecretStr("x" * 40))
    assert wrong(looked(here)) == {}
    assert {check.name for check in looked(here)} >= {"Vapi", "Resend", "Twilio", "mail.example.com", "live"}


def test_every_wrong_thing__comes_with_a_fix(here: Stand) -> None:
    here.configure(postal_address="", twilio_auth_token=None, public_url="http://loop.example.com")
    found = looked(here, records=())
    assert wrong(found).keys() == {"settings", "secret key", "Twilio", "mail.example.com", "web endpoint"}
    assert all(check.fix for check in found if check.state == "wrong")


def test_a_key_that_is_refused__is_named_and_the_rest_is_looked_at(here: Stand) -> None:
    here.fault = lambda point, _: "401" if point.startswith("vapi.") else None
    found = looked(here)
    assert "refused a free request" in wrong(found)["Vapi"]
    assert [check.state for check in found if check.name in ("Resend", "Twilio")] == ["ok", "ok"]


def test_a_database_behind_this_release__is_named(here: Stand) -> None:
    found = looked(here, versions=["20991231000000"])
    assert wrong(found)["database"] == "1 migrations behind"


@pytest.mark.parametrize(
    ("answer", "words"),
    [(Answer(0), "does not answer"), (Answer(200, "<html>"), "something else answers there (status 200)")],
)
def test_a_web_endpoint_that_is_not_ours__is_named(here: Stand, answer: Answer, words: str) -> None:
    assert wrong(looked(here, answer=answer))["web endpoint"] == words


def test_a_channel_that_is_not_used__is_off(here: Stand) -> None:
    here.configure(sms_senders="")
    assert [check.state for check in looked(here) if check.name == "Twilio"] == ["off"]


def test_health__tells_stale_from_fine(here: Stand) -> None:
    client = TestClient(build(here.days.web_loop))
    here.plan()
    here.tick()
    fresh = client.get("/health")
    here.days.move_to(at(8) + timedelta(minutes=30))
    stale = client.get("/health")
    assert (fresh.status_code, fresh.json()["ok"]) == (200, True)
    assert (stale.status_code, stale.json()["ok"], stale.json()["stale"]) == (503, False, True)
