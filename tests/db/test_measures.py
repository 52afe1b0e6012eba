"""Counts: each milestone once, on its touch's day; the figures of the owner's emails by hand-made cases."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from functions.learning.daily_metrics import WINDOW_DAYS
from shared.providers.event import Milestone, Reply
from tests.support.ledger import NOW, TODAY, Ledger, about, answer, event, phone

MILESTONES: tuple[Milestone, ...] = (
    "delivered",
    "answered",
    "dm_contact",
    "conversation",
    "replied",
    "booked",
    "bounced",
    "complained",
    "opted_out",
)
DAY = timedelta(days=1)


def counted(ledger: Ledger) -> dict[tuple[date, str], int]:
    """The rolled-up figures by day and metric."""
    rows = ledger.rows("select day, metric, sum(n)::int from touch_rollups group by 1, 2")
    return {(day, metric): n for day, metric, n in rows}


@pytest.mark.parametrize("milestone", MILESTONES)
def test_milestone__is_counted_once_and_keeps_its_earliest_time(ledger: Ledger, milestone: Milestone) -> None:
    claim = ledger.accepted()
    for number, hour in enumerate((5, 2, 9)):
        said = about(claim, f"e{number}", milestones=(milestone,), at=NOW + timedelta(hours=hour))
        assert ledger.hear(said).stored
        assert not ledger.hear(said).stored
    assert counted(ledger) == {(TODAY, "sent"): 1, (TODAY, milestone): 1}
    assert ledger.touch(claim.id)[f"{milestone}_at"] == (NOW + timedelta(hours=2)).isoformat()


def test_sent__is_counted_by_whichever_word_of_the_provider_comes_first(ledger: Ledger) -> None:
    by_receipt, by_event = ledger.accepted(), ledger.submitted()
    ledger.hear(about(by_event, "e1", disposition="sent"))
    ledger.hear(about(by_receipt, "e2", disposition="delivered"))
    ledger.state.outreach.record_receipt(by_event.id, by_event.fence, "P-9", None)
    ledger.submitted()
    assert counted(ledger) == {(TODAY, "sent"): 2}


def test_late_event__advances_the_day_of_its_touch(ledger: Ledger) -> None:
    claim = ledger.accepted()
    ledger.after(days=9)
    ledger.hear(replace(answer(claim, "yes"), occurred_at=ledger.now), reply="positive")
    assert counted(ledger) == {(TODAY, "sent"): 1, (TODAY, "replied"): 1}


def test_rollup__knows_where_the_touch_went(ledger: Ledger) -> None:
    ledger.accepted(channel="call", script_key="scripts/call_first")
    query = "select channel, hour, zone, region, industry, source, script_key, script_hash from touch_rollups"
    where = ("call", 10, "America/New_York", "NY", "roofing", "csv", "scripts/call_first", "s1")
    assert ledger.rows(query) == [where]


def finals(ledger: Ledger, day: date) -> dict[str, tuple[int, bool]]:
    """The figures of a day and whether they are final."""
    return {row["metric"]: (row["n"], row["final"]) for row in ledger.state.measures.daily(day, day)}


def test_day__is_final_only_after_each_figures_window(ledger: Ledger) -> None:
    roll_up = ledger.state.measures.roll_up_days
    first, second = ledger.accepted(), ledger.accepted()
    for claim in (first, second):
        ledger.hear(about(claim, f"{claim.id}d", disposition="delivered", milestones=("delivered",)))
    assert roll_up(TODAY, WINDOW_DAYS) == 2
    assert roll_up(TODAY, WINDOW_DAYS) == 0
    assert finals(ledger, TODAY) == {"sent": (2, False), "delivered": (2, False)}
    ledger.hear(answer(first, "yes"), reply="positive")
    assert roll_up(TODAY + DAY, WINDOW_DAYS) == 1
    assert finals(ledger, TODAY) == {"sent": (2, True), "delivered": (2, False), "replied": (1, False)}
    roll_up(TODAY + 3 * DAY, WINDOW_DAYS)
    assert finals(ledger, TODAY)["delivered"] == (2, False)
    roll_up(TODAY + 4 * DAY, WINDOW_DAYS)
    assert finals(ledger, TODAY)["delivered"] == (2, True)
    ledger.hear(answer(second, "also"), reply="positive")
    assert roll_up(TODAY + 14 * DAY, WINDOW_DAYS) == 1
    assert finals(ledger, TODAY)["replied"] == (2, False)
    roll_up(TODAY + 15 * DAY, WINDOW_DAYS)
    third = ledger.accepted()
    ledger.hear(answer(third, "too late"), reply="positive")
    assert roll_up(TODAY + 16 * DAY, WINDOW_DAYS) == 0
    assert finals(ledger, TODAY)["replied"] == (2, True)


def test_funnel__today_against_the_days_before(ledger: Ledger) -> None:
    for days, touches in ((0, 3), (1, 1), (3, 2), (2, 1)):
        ledger.after(days=days)
        for _ in range(touches):
            ledger.accepted()
    today = ledger.now.date()
    expected = {"channel": "email", "metric": "sent", "n": 1, "baseline_n": 6, "baseline_days": 3}
    assert ledger.state.measures.funnel(today, 6) == [expected]
    assert ledger.state.measures.funnel(today, 5) == [expected | {"baseline_n": 3, "baseline_days": 2}]
    by_day = {row["day"]: row["n"] for row in ledger.state.measures.counts_by_day(TODAY, today)}
    assert by_day == {"2026-11-23": 3, "2026-11-24": 1, "2026-11-27": 2, "2026-11-29": 1}


def test_not_contacted__by_the_last_reason_and_only_who_was_not_reached(ledger: Ledger) -> None:
    refuse, measures = ledger.state.outreach.refuse, ledger.state.measures
    refuse(ledger.claimed(), "COUNTRY", None)
    waits = ledger.claimed()
    refuse(waits, "OUTSIDE_WINDOW", NOW + timedelta(minutes=5))
    reached = ledger.claimed()
    refuse(reached, "BUDGET", NOW + timedelta(minutes=1))
    ledger.after(minutes=1)
    assert ledger.begin(ledger.claim()).status == "submitted"
    ledger.after(minutes=4)
    refuse(ledger.claim(), "HOLIDAY", NOW + 2 * DAY)
    lead = ledger.lead()
    ledger.plan(lead)
    ledger.state.outreach.hold_due("NOT_LIVE")
    later = ledger.now + timedelta(seconds=1)
    assert measures.not_contacted(NOW, later) == {"COUNTRY": 1, "HOLIDAY": 1, "NOT_LIVE": 1}
    assert measures.not_contacted(NOW, NOW + timedelta(minutes=1)) == {
        "COUNTRY": 1,
        "OUTSIDE_WINDOW": 1,
        "BUDGET": 1,
    }
    assert measures.not_contacted(later, later + DAY) == {}
    refused = measures.summary()["refused"]
    assert refused == {"COUNTRY": 1, "HOLIDAY": 1, "NOT_LIVE": 1, "BUDGET": 1}


def test_zones_open__due_touches_by_zone_while_their_window_lasts(ledger: Ledger) -> None:
    in_two = NOW + timedelta(hours=2)
    ledger.plan(ledger.lead())
    ledger.plan(ledger.lead(), window_closes_at=in_two)
    ledger.plan(ledger.lead(zones=["America/Denver"]), window_closes_at=in_two)
    ledger.plan(ledger.lead(zones=["America/Denver"]), due_at=in_two)
    ledger.accepted(ledger.lead(zones=["America/Phoenix"], score=99))
    zones = {z["zone"]: (z["due"], z["closes_at"]) for z in ledger.state.measures.zones_open(NOW)}
    closes = (NOW + timedelta(hours=4)).isoformat()
    assert zones == {"America/New_York": (2, closes), "America/Denver": (1, in_two.isoformat())}
    ledger.at(in_two)
    zones = {z["zone"]: (z["due"], z["closes_at"]) for z in ledger.state.measures.zones_open(in_two)}
    assert zones == {"America/New_York": (1, closes), "America/Denver": (1, closes)}
    ledger.after(hours=2)
    assert [z["zone"] for z in ledger.state.measures.zones_open(ledger.now)] == []


def test_hot_leads__newest_first_and_the_newest_are_kept(ledger: Ledger) -> None:
    leads = ledger.leads(4)
    for number, lead in enumerate(leads):
        said = answer(ledger.accepted(lead), f"r{number}")
        at = NOW + timedelta(minutes=(3, 9, 6, 1)[number])
        ledger.hear(replace(said, occurred_at=at), reply="question")
    hot = ledger.state.measures.hot_leads(NOW, 2)
    assert [row["lead_id"] for row in hot] == [leads[1], leads[2]]
    assert hot[0] == hot[0] | {
        "name": "Ada Example1",
        "company": "Firm 1",
        "channel": "email",
        "wish": "question",
        "words": "Some words.",
        "email": "lead1@example.com",
        "phone": phone(1),
        "meeting_at": None,
    }


def test_hot_leads__nobody_who_said_stop_or_not_now_or_was_answered(ledger: Ledger) -> None:
    stop, later, handled, called = (ledger.accepted(channel=c) for c in ("email", "email", "email", "call"))
    ledger.hear(answer(stop, "yes"), reply="positive")
    ledger.hear(replace(answer(stop, "stop"), suppress="opt_out"), reply="opt_out")
    ledger.hear(answer(later, "no"), reply="not_now")
    ledger.hear(answer(handled, "yes!"), reply="positive")
    ledger.run("update messages set handled_at = now() where lead_id = %s", handled.lead.lead_id)
    ledger.hear(about(called, "report", disposition="callback"), channel="call")
    hot = ledger.state.measures.hot_leads(NOW, 9)
    assert [(row["lead_id"], row["wish"]) for row in hot] == [(called.lead.lead_id, "callback")]
    assert ledger.state.measures.hot_leads(NOW + DAY, 9) == []


def test_meeting__is_shown_with_its_time(ledger: Ledger) -> None:
    claim = ledger.accepted(channel="call")
    at = {"meeting_at": "2026-11-25T15:00:00+00:00"}
    ledger.hear(about(claim, "r", disposition="meeting", milestones=("booked",), details=at), channel="call")
    (row,) = ledger.state.measures.hot_leads(NOW, 9)
    assert (row["wish"], row["meeting_at"]) == ("meeting", "2026-11-25T15:00:00+00:00")
    assert ledger.state.measures.dispositions(TODAY) == [
        {"channel": "call", "disposition": "meeting", "n": 1}
    ]


def test_spend__by_channel_look_ups_and_what_went_without_consent(ledger: Ledger) -> None:
    call, mail = ledger.accepted(channel="call"), ledger.accepted()
    ledger.hear(about(call, "r", disposition="meeting", cost_usd=0.316), channel="call")
    ledger.hear(about(mail, "d", disposition="delivered"))
    ledger.state.people.record_line_type(phone(0), "mobile", "Example Wireless", 0.008)
    ledger.state.people.record_line_type(phone(1), "landline", None, 0.008)
    spend = ledger.state.measures.spend(NOW, NOW + DAY)
    assert spend == {"by_channel": {"call": 0.32, "email": 0.00}, "lookups_usd": 0.02, "without_consent": 1}
    assert ledger.state.measures.spend(NOW + DAY, NOW + 2 * DAY)["by_channel"] == {}


def test_people_and_plan__are_counted_by_person_and_by_touch(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.accepted(lead)
    for step, channel in ((2, "sms"), (3, "call")):
        claim = ledger.claimed(lead, enrolment_id=ledger.enrol(lead), step=step, channel=channel)
        ledger.begin(claim, per_day=9, local_day=TODAY + step * DAY)
        ledger.state.outreach.record_receipt(claim.id, claim.fence, f"P{step}", None)
    ledger.submitted()
    assert ledger.state.measures.contacted_people(NOW, NOW + DAY) == 1
    assert ledger.state.measures.planned(TODAY) == {"email": 2}
    summary = ledger.state.measures.summary()
    assert (summary["planned"], summary["states"]) == (4, {"accepted": 3, "submitted": 1})
    assert summary["milestones"] == {c: {"sent": 1} for c in ("call", "email", "sms")}


def test_open_deliveries__oldest_first(ledger: Ledger) -> None:
    first, second = ledger.submitted(), ledger.submitted()
    for claim in (second, first):
        ledger.state.outreach.record_failure(claim.id, claim.fence, verdict="unknown", code="x")
    ledger.run("update deliveries set submitted_at = %s where id = %s", NOW - DAY, second.id)
    rows = ledger.state.measures.open_deliveries(9)
    assert [row["id"] for row in rows] == [str(second.id), str(first.id)]
    assert {row["state"] for row in rows} == {"unknown"}
    assert len(ledger.state.measures.open_deliveries(1)) == 1


def test_words_of_nobody__are_stored_and_counted_nowhere(ledger: Ledger) -> None:
    said = event("m", from_address="nobody@example.net", disposition="replied", milestones=("replied",))
    ledger.hear(replace(said, reply=Reply("Hello")), reply="positive")
    assert counted(ledger) == {}
    assert ledger.value("select count(*) from messages") == 0
