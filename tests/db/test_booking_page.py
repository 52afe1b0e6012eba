"""The booking page over a real ledger: what a visitor sees, and what their taps do."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any
from uuid import UUID, uuid4

import pytest
from httpx import ASGITransport, AsyncClient, Response

from functions.web.app import build
from shared.config import Settings
from shared.links import booking_url, unsubscribe_url
from shared.loop import Loop
from shared.providers.registry import Providers
from shared.state import State
from shared.state.postgres import PostgresTransport
from tests.support.ledger import INSTALLATION, Ledger

PUBLIC = "https://loop.example.com"
EVIL = '<script>alert(1)</script>"&'
# NOW is a Monday, 10:00 in New York, in the week of Thanksgiving.
TEN_ON_TUESDAY = "2026-11-24T15:00Z"


def settings(**changes: str) -> Settings:
    return Settings.from_env(
        {
            "GROWTHLOOP_INSTALLATION_ID": str(INSTALLATION),
            "GROWTHLOOP_SECRET_KEY": "our-key",
            "GROWTHLOOP_PUBLIC_URL": PUBLIC,
            "GROWTHLOOP_BUSINESS_NAME": "Example Answering",
            "GROWTHLOOP_OWNER_NAME": "Alex Example",
            **changes,
        }
    )


class Visitor:
    """Somebody with a link to one touch's page."""

    def __init__(self, loop: Loop) -> None:
        self.loop = loop
        self.app = build(loop)

    def look(self, touch_id: UUID) -> Response:
        return self.get(self.path(touch_id))

    def tap(self, touch_id: UUID, slot: str) -> Response:
        return self.post(self.path(touch_id), data={"slot": slot})

    def get(self, path: str) -> Response:
        return asyncio.run(self._ask("GET", path))

    def post(self, path: str, **form: Any) -> Response:
        return asyncio.run(self._ask("POST", path, **form))

    async def _ask(self, method: str, path: str, **form: Any) -> Response:
        async with AsyncClient(transport=ASGITransport(app=self.app), base_url=PUBLIC) as client:
            return await client.request(method, path, **form)

    def path(self, touch_id: UUID) -> str:
        return booking_url(self.loop.settings, touch_id).removeprefix(PUBLIC)


def loop_over(database: str, **changes: str) -> Loop:
    configured = settings(**changes)
    return Loop(
        configured, State(PostgresTransport(database), configured.installation_id), Providers(configured)
    )


@pytest.fixture
def visitor(ledger: Ledger) -> Iterator[Visitor]:
    loop = loop_over(ledger.dsn)
    yield Visitor(loop)
    loop.close()


def slots(answer: Response) -> list[str]:
    return re.findall(r'name="slot" value="([^"]+)"', answer.text)


def headline(answer: Response) -> str:
    found = re.search(r"<h1>(.*?)</h1>", answer.text)
    assert found
    return found.group(1)


def meetings(ledger: Ledger) -> list[datetime]:
    return [at for (at,) in ledger.rows("select starts_at from meetings order by id")]


def test_page__offers_the_free_times_of_business_days_on_the_persons_clock(
    ledger: Ledger, visitor: Visitor
) -> None:
    claim = ledger.accepted(ledger.lead(zones=["America/Denver"]))
    answer = visitor.look(claim.id)
    assert (answer.status_code, headline(answer)) == (
        200,
        "15 minutes with Alex Example of Example Answering",
    )
    # 14, 15 and 16 o'clock today, then five times on each day but Thanksgiving.
    assert len(slots(answer)) == 3 + 5 * 4
    assert slots(answer)[3] == TEN_ON_TUESDAY
    assert 'aria-label="8:00 AM MST, Tuesday, November 24">8:00 AM MST</button>' in answer.text
    assert "Denver time" in answer.text
    assert "November 26" not in answer.text
    assert meetings(ledger) == []


def test_page__falls_back_to_the_owners_clock_where_the_persons_is_not_sure(
    ledger: Ledger, visitor: Visitor
) -> None:
    claim = ledger.accepted(ledger.lead(zones=["America/Denver", "America/Phoenix"]))
    assert "10:00 AM EST" in visitor.look(claim.id).text


def test_a_tap__books_and_says_when(ledger: Ledger, visitor: Visitor) -> None:
    claim = ledger.accepted()
    answer = visitor.tap(claim.id, TEN_ON_TUESDAY)
    assert (answer.status_code, headline(answer)) == (200, "You are booked")
    assert "Tuesday, November 24, 10:00 AM EST" in answer.text
    assert meetings(ledger) == [datetime(2026, 11, 24, 15, tzinfo=UTC)]


@pytest.mark.parametrize("slot", [TEN_ON_TUESDAY, "2026-11-24T16:00Z", "nonsense"])
def test_a_second_tap__shows_the_first_meeting(ledger: Ledger, visitor: Visitor, slot: str) -> None:
    claim = ledger.accepted()
    visitor.tap(claim.id, TEN_ON_TUESDAY)
    for answer in (visitor.tap(claim.id, slot), visitor.look(claim.id)):
        assert (answer.status_code, headline(answer)) == (200, "You are booked")
        assert "Tuesday, November 24, 10:00 AM EST" in answer.text
        assert slots(answer) == []
    assert len(meetings(ledger)) == 1


def test_a_time_somebody_else_took__is_refused_with_those_that_are_left(
    ledger: Ledger, visitor: Visitor
) -> None:
    one, other = ledger.accepted(), ledger.accepted()
    seen = slots(visitor.look(other.id))
    visitor.tap(one.id, TEN_ON_TUESDAY)
    answer = visitor.tap(other.id, TEN_ON_TUESDAY)
    assert (answer.status_code, headline(answer)) == (409, "That time is no longer free")
    assert slots(answer) == [each for each in seen if each != TEN_ON_TUESDAY]


def test_a_time_lost_at_the_last_moment__is_refused(
    ledger: Ledger, visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other one books between our look into the calendar and our booking."""
    one, other = ledger.accepted(), ledger.accepted()
    events, book = visitor.loop.state.events, visitor.loop.state.events.book

    def overtaken(touch_id: UUID, at: datetime) -> Any:
        with ledger.another() as state:
            state.events.book(one.id, at)
        return book(touch_id, at)

    monkeypatch.setattr(events, "book", overtaken)
    assert visitor.tap(other.id, TEN_ON_TUESDAY).status_code == 409
    assert len(meetings(ledger)) == 1


@pytest.mark.parametrize(
    "slot",
    [
        "",
        "nonsense",
        EVIL,
        "2026-11-24T15:00",
        "2026-11-24T15:30Z",
        "2026-11-26T15:00Z",
        "2026-11-20T15:00Z",
        "2026-11-23T16:00Z",
        "2027-11-24T15:00Z",
        "9" * 20_000,
    ],
    ids=[
        "nothing",
        "words",
        "markup",
        "no zone",
        "half past",
        "Thanksgiving",
        "the past",
        "too soon",
        "next year",
        "very long",
    ],
)
def test_a_time_not_offered__books_nothing(ledger: Ledger, visitor: Visitor, slot: str) -> None:
    claim = ledger.accepted()
    answer = visitor.tap(claim.id, slot)
    assert answer.status_code == 409
    assert "alert(1)" not in answer.text
    assert meetings(ledger) == []


@pytest.mark.parametrize("body", [b"", b"\xff\xfe=%ZZ&&&", b'{"slot": 1}', b"slot=\x00"])
def test_a_body_that_is_no_form__books_nothing(ledger: Ledger, visitor: Visitor, body: bytes) -> None:
    claim = ledger.accepted()
    assert visitor.post(visitor.path(claim.id), content=body).status_code == 409
    assert meetings(ledger) == []


def test_a_time_with_another_offset__is_the_same_instant(ledger: Ledger, visitor: Visitor) -> None:
    visitor.tap(ledger.accepted().id, "2026-11-24T10:00-05:00")
    assert meetings(ledger) == [datetime(2026, 11, 24, 15, tzinfo=UTC)]


def test_a_forged_link__is_not_found_and_tells_nothing(ledger: Ledger, visitor: Visitor) -> None:
    claim = ledger.accepted()
    whole = visitor.path(claim.id)
    theirs = unsubscribe_url(visitor.loop.settings, claim.id).rpartition("/")[2]
    for path in (whole[:-1], whole[:-1] + ("A" if whole[-1] != "A" else "B"), "/b/x", f"/b/{theirs}"):
        assert visitor.get(path).status_code == 404
        assert visitor.post(path, data={"slot": TEN_ON_TUESDAY}).status_code == 404
    assert meetings(ledger) == []


def test_a_link_to_a_touch_that_is_gone__says_so(visitor: Visitor, ledger: Ledger) -> None:
    for answer in (visitor.look(uuid4()), visitor.tap(uuid4(), TEN_ON_TUESDAY)):
        assert (answer.status_code, headline(answer)) == (404, "Please write to us")


@pytest.mark.long
def test_a_full_calendar__says_what_to_do(ledger: Ledger, visitor: Visitor) -> None:
    claim = ledger.accepted()
    for slot in slots(visitor.look(claim.id)):
        visitor.tap(ledger.accepted().id, slot)
    for answer in (visitor.look(claim.id), visitor.tap(claim.id, TEN_ON_TUESDAY)):
        assert slots(answer) == []
        assert "answer our message" in answer.text


def test_an_old_link__offers_the_times_of_today(ledger: Ledger, visitor: Visitor) -> None:
    claim = ledger.accepted()
    ledger.after(days=365)
    offered = [datetime.fromisoformat(slot) for slot in slots(visitor.look(claim.id))]
    assert ledger.now < offered[0] < offered[-1] < ledger.now + timedelta(days=8)


class Elements(HTMLParser):
    """Names of the elements on a page, and texts of its labels."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)


def test_names_with_markup__are_shown_and_not_obeyed(ledger: Ledger) -> None:
    loop = loop_over(ledger.dsn, GROWTHLOOP_BUSINESS_NAME=EVIL, GROWTHLOOP_OWNER_NAME="</h1>{title}")
    visitor, claim = Visitor(loop), ledger.accepted()
    plain = Visitor(loop_over(ledger.dsn))
    for strange, usual in (
        (visitor.look(claim.id), plain.look(claim.id)),
        (visitor.tap(claim.id, TEN_ON_TUESDAY), plain.look(claim.id)),
    ):
        assert Elements(strange.text).names == Elements(usual.text).names
        assert "&lt;/h1&gt;{title} of &lt;script&gt;" in strange.text
    loop.close()
    plain.loop.close()


def test_pages__keep_the_link_to_themselves_and_run_nothing(ledger: Ledger, visitor: Visitor) -> None:
    claim = ledger.accepted()
    unsubscribe = unsubscribe_url(visitor.loop.settings, claim.id).removeprefix(PUBLIC)
    for answer in (visitor.look(claim.id), visitor.get(unsubscribe)):
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["content-security-policy"].startswith("default-src 'none';")
        assert {"script", "img", "link", "a"}.isdisjoint(Elements(answer.text).names)
        assert '<html lang="en">' in answer.text
        assert "width=device-width" in answer.text


def test_a_database_out_of_reach__is_not_a_full_calendar() -> None:
    visitor = Visitor(loop_over("postgresql://postgres@127.0.0.1:1/postgres?connect_timeout=1"))
    for answer in (visitor.look(uuid4()), visitor.tap(uuid4(), TEN_ON_TUESDAY)):
        assert (answer.status_code, headline(answer)) == (503, "Please try again")


def test_unsubscribing__works_on_the_same_page_shell(ledger: Ledger, visitor: Visitor) -> None:
    claim = ledger.accepted()
    path = unsubscribe_url(visitor.loop.settings, claim.id).removeprefix(PUBLIC)
    assert headline(visitor.get(path)) == "Unsubscribe?"
    assert not ledger.value("select is_suppressed(%s)", claim.lead.lead_id)
    assert headline(visitor.post(path)) == "You are unsubscribed"
    assert ledger.value("select is_suppressed(%s)", claim.lead.lead_id)
