"""People at a booking page."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import parse_qs

import pytest

from simulator import booking
from simulator.agenda import Delivery
from simulator.world.emails import receive
from simulator.world.texts import receive_text
from tests.unit.simulator.worlds import MONDAY, crowd

URL = "https://app.example.com/b/abc"
LOOK = booking.visit(MONDAY, "email:ada@example.com", "email", 1, 3, url=URL, event_id="e1")
PAGE = (
    '<button name="slot" value="2026-10-06T14:00Z">10</button><button name="slot" value="a&amp;b">11</button>'
)


def follows(delivery: Delivery, status: int, page: str = "") -> Delivery:
    (found,) = booking.what_follows(delivery, status, page, MONDAY)
    return found


def test_look__a_time_on_the_page_is_chosen_soon_after() -> None:
    chosen = follows(LOOK, 200, PAGE)
    assert (chosen.method, chosen.url, chosen.effect.act) == ("POST", URL, "booked")
    assert parse_qs(chosen.body.decode())["slot"][0] in {"2026-10-06T14:00Z", "a&b"}
    assert timedelta(seconds=10) < chosen.at - MONDAY < timedelta(minutes=2)
    assert chosen == follows(LOOK, 200, PAGE)


def test_look__people_choose_different_times() -> None:
    page = "".join(f'<button name="slot" value="{n}">{n}</button>' for n in range(10))
    chosen = {follows(replace(LOOK, event_id=f"e{n}"), 200, page).body for n in range(100)}
    assert len(chosen) == 10


@pytest.mark.parametrize(
    ("status", "page"), [(200, "<h1>You are booked</h1>"), (404, PAGE), (503, ""), (0, "")]
)
def test_look__without_a_time_is_the_end_of_it(status: int, page: str) -> None:
    assert booking.what_follows(LOOK, status, page, MONDAY) == ()


def test_choice__that_was_taken_brings_them_back_to_the_page_a_few_times() -> None:
    look, visits = LOOK, 1
    while found := booking.what_follows(follows(look, 200, PAGE), 409, "", MONDAY):
        (look,) = found
        assert (look.method, look.body, look.effect.act) == ("GET", b"", None)
        visits += 1
    assert visits == booking.VISITS


def test_choice__that_was_booked_is_the_end_of_it() -> None:
    assert booking.what_follows(follows(LOOK, 200, PAGE), 200, PAGE, MONDAY) == ()


def test_scanner__chooses_nothing() -> None:
    assert booking.what_follows(replace(LOOK, kind="scanned"), 200, PAGE, MONDAY) == ()


@pytest.mark.long
def test_emails__half_of_the_good_answers_and_few_clicks_lead_to_the_page() -> None:
    world = crowd("phone", 12_000)
    good = clicks = 0
    after_good = after_click = 0
    for person in world.people.values():
        found = receive(world, person, n=1, at=MONDAY).happenings
        books = [each.at for each in found if each.kind == "booking"]
        answers = [each for each in found if each.kind == "replied"]
        own = [each for each in found if each.kind == "clicked" and not each.machine]
        if any(each.reply_class == "positive" for each in answers):
            good, after_good = good + 1, after_good + len(books)
            assert all(at > answers[0].at for at in books)
        elif own and not answers:
            clicks, after_click = clicks + 1, after_click + len(books)
        else:
            assert books == []
    assert after_good / good == pytest.approx(0.5, abs=0.15)
    assert after_click / clicks == pytest.approx(0.05, abs=0.05)


def test_texts__half_of_the_good_answers_lead_to_the_page() -> None:
    world = crowd("mobile phone", 6000)
    outcomes = [
        receive_text(world, person, next(iter(person.phones)), n=1, at=MONDAY, agreed=True)
        for person in world.people.values()
    ]
    good = [one for one in outcomes if one.reply and one.reply.kind == "positive"]
    books = [one for one in outcomes if one.booking_at]
    assert all(
        one in good and one.reply and one.booking_at and one.booking_at > one.reply.at for one in books
    )
    assert len(books) / len(good) == pytest.approx(0.5, abs=0.12)
