"""Which open hour a call gets: in its window, within the room there is, the same when planned again."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from functions.campaigns.call_hours import CallHours, at_their_hours
from functions.campaigns.planning import PlannedTouch
from shared.call_timing import UNKNOWN, CallTiming

EAST = "America/New_York"
OPENS, CLOSES = (
    datetime(2026, 11, 23, 15, tzinfo=UTC),
    datetime(2026, 11, 23, 23, tzinfo=UTC),
)  # 10 to 18 there
CALL = PlannedTouch(
    0,
    1,
    1,
    1,
    "prospect",
    "call",
    "scripts/call",
    "p",
    date(2026, 11, 23),
    OPENS,
    OPENS + timedelta(7),
    CLOSES,
)
BEST_AT_4 = CallTiming(999, 1e6, True, {}, {hour: 1.5 if hour == 16 else 0.9 for hour in range(8, 18)})
HOW = CallHours(UNKNOWN, 0.5, 1, 100, "salt")


def calls(count: int) -> list[PlannedTouch]:
    return [replace(CALL, lead_id=number) for number in range(count)]


def timed(touches: list[PlannedTouch], how: CallHours, zone: str = EAST) -> list[PlannedTouch]:
    leads = {touch.lead_id: touch.lead_id for touch in touches}
    return at_their_hours(touches, leads, {lead: (zone,) for lead in leads}, how)


def test_a_share_of_the_calls__is_drawn_over_all_open_hours_and_only_those() -> None:
    found = timed(calls(1000), replace(HOW, an_hour=1000))
    drawn = [touch for touch in found if touch.drawn_hour is not None]
    assert 430 < len(drawn) < 570
    hours = Counter(touch.drawn_hour or 0 for touch in drawn)
    assert sorted(hours) == list(range(10, 18))
    assert min(hours.values()) > 35
    assert all(OPENS <= touch.due_at < CLOSES for touch in found)
    assert all(touch.due_at == OPENS for touch in found if touch.drawn_hour is None)


def test_the_day_planned_again__is_the_same_day() -> None:
    assert timed(calls(50), HOW) == timed(calls(50), HOW)


def test_what_is_known__moves_the_rest_to_the_best_hour_as_far_as_it_has_room() -> None:
    found = timed(calls(100), replace(HOW, timing=BEST_AT_4, explore_share=0.1, an_hour=24))
    at_four = [touch for touch in found if touch.due_at == datetime(2026, 11, 23, 21, tzinfo=UTC)]
    assert len(at_four) == 24
    learned = [touch for touch in found if touch.drawn_hour is None]
    assert max(t.lead_id for t in at_four if t.drawn_hour is None) == max(t.lead_id for t in learned)
    # Nobody waits for an hour that is full: the others are spread over the day.
    assert max(Counter(touch.due_at for touch in found).values()) == 24


def test_more_calls_than_the_day_has_room_for__go_out_as_soon_as_they_may() -> None:
    found = timed(calls(300), replace(HOW, timing=BEST_AT_4, explore_share=0.1, an_hour=10))
    placed = Counter(touch.due_at for touch in found)
    assert placed[OPENS] == 300 - 7 * 10


def test_an_hour_of_the_playbook_a_refused_step_and_an_email__are_left_alone() -> None:
    alone = [
        replace(CALL, hour_is_free=False),
        replace(CALL, lead_id=1, code="HOLIDAY"),
        replace(CALL, lead_id=2, channel="email"),
    ]
    assert timed(alone, replace(HOW, explore_share=1.0)) == alone


def test_with_fewer_calls_than_could_ever_tell__nothing_is_drawn() -> None:
    few = replace(HOW, explore_share=1.0, least_calls=21)
    assert timed(calls(20), few) == calls(20)
    assert timed(calls(21), few) != calls(21)
    assert timed(calls(20), replace(few, timing=BEST_AT_4)) != calls(20)


def test_while_an_hour_is_tested__nothing_is_drawn_nor_chosen() -> None:
    assert timed(calls(20), replace(HOW, explore_share=1.0, timing=BEST_AT_4, free=False)) == calls(20)


def test_who_may_be_in_several_zones__keeps_the_hour_that_is_lawful_in_all() -> None:
    zones = {0: (EAST, "America/Chicago")}
    assert at_their_hours([CALL], {0: 1}, zones, replace(HOW, explore_share=1.0)) == [CALL]


def test_a_window_that_closes_soon__leaves_the_hour_it_has() -> None:
    short = replace(CALL, window_closes_at=OPENS + timedelta(minutes=75))
    assert timed([short], replace(HOW, explore_share=1.0))[0].due_at == OPENS
