"""Enrolling, planning, claiming and what time decides about what was planned."""

from __future__ import annotations

import threading
from datetime import date, timedelta
from functools import partial
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest

from shared.state import State
from shared.state.outreach import Claim
from shared.state.postgres import PostgresTransport
from tests.support.ledger import (
    CONVERSATION_DAYS,
    LEASE_S,
    NOW,
    TODAY,
    Ledger,
    about,
    limit,
    sender,
    touch_row,
)

LATER = NOW + timedelta(hours=2)
LATEST = NOW + timedelta(days=7)
EVERYTHING = """
select jsonb_build_object(
    'e', (select jsonb_agg(to_jsonb(e) order by e.id) from enrolments e),
    'd', (select jsonb_agg(to_jsonb(d) order by d.id) from deliveries d),
    't', (select jsonb_agg(to_jsonb(t) order by t.id) from touches t),
    'trail', (select count(*) from delivery_transitions))
"""


def candidates(ledger: Ledger, today: date = TODAY) -> list[int]:
    """Ids of the leads that the planner may look at."""
    found = ledger.state.outreach.candidates(conversation_days=CONVERSATION_DAYS, today=today)
    return [candidate.lead_id for candidate in found]


def ids_of(ledger: Ledger) -> dict[str, UUID]:
    """The id of every delivery by its natural key."""
    return dict(ledger.rows("select natural_key, id from deliveries"))


def test_planning_twice__changes_nothing(ledger: Ledger) -> None:
    lead = ledger.lead()
    ledger.plan(lead)
    before = ledger.value(EVERYTHING)
    ledger.after(hours=1)
    enrolment = ledger.enrol(lead)
    rows = [touch_row(lead, enrolment, ledger.now, script_key="scripts/other", channel="sms")] * 2
    assert ledger.state.outreach.plan(rows) == {"planned": 0, "refused": 0}
    assert ledger.value(EVERYTHING) == before


def test_planning_by_six_at_once__each_intent_is_one(ledger: Ledger) -> None:
    leads = ledger.leads(30)

    def work(_: int, state: State) -> int:
        state.outreach.seed_senders([sender("email"), sender("sms", id="new", address="+12125550101")])
        entries = [
            {"lead_id": x, "playbook": "p", "playbook_hash": "h", "held_out": False, "enrolled_on": TODAY}
            for x in leads
        ]
        enrolled = state.outreach.enrol(entries)
        owner_mail(ledger, "one", state=state)
        return state.outreach.plan([touch_row(x, enrolled[x], NOW) for x in leads])["planned"]

    assert sum(ledger.together(6, work)) == 30
    assert ledger.value("select count(*) from enrolments") == 30


def test_ids__same_installation_and_key_same_id(ledger: Ledger, transport: PostgresTransport) -> None:
    lead = ledger.lead()
    ledger.plan(lead)
    first = ids_of(ledger)
    ledger.run("truncate deliveries, delivery_transitions cascade")
    ledger.plan(lead, enrolment_id=ledger.enrol(lead))
    assert ids_of(ledger) == first
    ledger.run("truncate deliveries, delivery_transitions cascade")
    State(transport, uuid4()).outreach.plan([touch_row(lead, ledger.enrol(lead), NOW)])
    assert ids_of(ledger).keys() == first.keys()
    assert ids_of(ledger) != first


def test_refused_at_once__is_closed_with_its_code(ledger: Ledger) -> None:
    lead = ledger.lead()
    row = touch_row(lead, ledger.enrol(lead), NOW, refused=True, code="CONSENT_MISSING")
    assert ledger.state.outreach.plan([row]) == {"planned": 0, "refused": 1}
    assert ledger.rows("select state, code, closed_at from deliveries") == [
        ("refused", "CONSENT_MISSING", NOW)
    ]
    assert candidates(ledger) == [lead]


def test_lead_that_is_not_there__leaves_no_delivery_behind(ledger: Ledger) -> None:
    assert ledger.state.outreach.plan([touch_row(404, None, NOW)]) == {"planned": 0, "refused": 0}
    assert ids_of(ledger) == {}


def test_candidates__nobody_with_an_open_touch_or_a_closed_door(ledger: Ledger) -> None:
    fresh, planned, sent, stopped, finished, paused, erased = ledger.leads(7)
    ledger.accepted(sent)
    ledger.plan(planned)
    for lead in (stopped, finished, paused):
        ledger.enrol(lead)
    ledger.state.outreach.finish_enrolments([ledger.enrol(finished)])
    ledger.run("update enrolments set state = 'stopped', stop_reason = 'x' where lead_id = %s", stopped)
    ledger.run(
        "update enrolments set state = 'paused', paused_until = '2026-11-24' where lead_id = %s", paused
    )
    ledger.run("update leads set erased_at = now() where id = %s", erased)
    assert candidates(ledger) == [fresh, sent]
    assert candidates(ledger, TODAY + timedelta(days=1)) == [fresh, sent, paused]


def test_candidates__carry_their_history(ledger: Ledger) -> None:
    claim = ledger.accepted()
    (candidate,) = ledger.state.outreach.candidates(conversation_days=CONVERSATION_DAYS, today=TODAY)
    assert candidate.enrolment is not None
    (step,) = candidate.enrolment.steps
    assert (step.step, step.attempt, step.state, step.channel, step.day) == (1, 1, "accepted", "email", TODAY)
    assert (candidate.touches_24h, candidate.touches_7d, candidate.touches_total) == (1, 1, 1)
    assert (candidate.lead_id, candidate.last_touch_at) == (claim.lead.lead_id, NOW)
    assert (candidate.phones[0].number, candidate.company) == ("+12005550100", "Firm 0")


def test_enrolling_again__keeps_the_standing_enrolment(ledger: Ledger) -> None:
    lead = ledger.lead()
    first = ledger.enrol(lead, held_out=True)
    assert ledger.enrol(lead) == first
    assert ledger.value("select held_out from enrolments") is True
    assert ledger.state.outreach.finish_enrolments([first]) == 1
    assert ledger.state.outreach.finish_enrolments([first]) == 0
    assert ledger.enrol(lead) != first


def test_tick__what_time_decides(ledger: Ledger) -> None:
    expired, kept = ledger.lead(), ledger.lead()
    ledger.plan(expired, latest_at=NOW + timedelta(seconds=LEASE_S), due_at=NOW + timedelta(seconds=1))
    leased, submitted = ledger.claimed(), ledger.submitted()
    ledger.plan(kept, due_at=NOW + timedelta(days=1))
    ledger.after(seconds=LEASE_S - 1)
    assert ledger.state.outreach.open_tick(TODAY).open == {}
    assert states(ledger) == ["planned", "leased", "submitted", "planned"]
    ledger.after(seconds=1)
    found = ledger.state.outreach.open_tick(TODAY)
    assert states(ledger) == ["expired", "planned", "unknown", "planned"]
    assert (found.due, found.open, found.in_flight) == ({"email": 1}, {"unknown": 1}, {"email": 1})
    assert found.spent_today == {"email": 0.5}
    again = ledger.claim()
    assert (again.id, again.fence > leased.fence) == (leased.id, True)
    assert ledger.state.outreach.record_receipt(submitted.id, submitted.fence, "P-1", None)
    assert ledger.delivery(submitted.id)["state"] == "accepted"


def states(ledger: Ledger) -> list[str]:
    """States in the order in which the touches were planned."""
    rows = ledger.rows("select d.state from deliveries d join touches t using (id) order by t.enrolment_id")
    return [state for (state,) in rows]


def test_tick__does_not_wait_for_a_row_that_somebody_works_on(ledger: Ledger) -> None:
    held, free = ledger.claimed(), ledger.claimed()
    ledger.after(seconds=LEASE_S)
    with psycopg.connect(ledger.dsn) as worker:
        worker.execute("select from deliveries where id = %s for update", [held.id])
        assert ledger.state.outreach.open_tick(TODAY).due == {"email": 1}
        assert [claim.id for claim in ledger.claims("email", 9)] == [free.id]
    assert ledger.state.outreach.open_tick(TODAY).due == {"email": 1}
    assert ledger.claim().id == held.id


def test_tick__a_pause_that_is_over_ends(ledger: Ledger) -> None:
    lead = ledger.lead()
    enrolment = ledger.enrol(lead)
    ledger.run("update enrolments set state = 'paused', paused_until = %s", TODAY)
    ledger.state.outreach.open_tick(TODAY - timedelta(days=1))
    assert ledger.value("select state from enrolments") == "paused"
    ledger.state.outreach.open_tick(TODAY)
    assert ledger.rows("select state, paused_until from enrolments") == [("active", None)]
    assert ledger.begin(ledger.claimed(lead, enrolment_id=enrolment)).status == "submitted"


def test_tick__senders_with_what_they_did(ledger: Ledger) -> None:
    ledger.accepted()
    ledger.after(minutes=59)
    ledger.accepted()
    (email,) = [s for s in ledger.state.outreach.open_tick(TODAY).senders if s.id == "email"]
    assert (email.used_today, email.used_last_hour, email.last_submitted_at) == (2, 2, ledger.now)
    ledger.after(minutes=1)
    (email,) = [s for s in ledger.state.outreach.open_tick(TODAY).senders if s.id == "email"]
    assert (email.used_today, email.used_last_hour) == (2, 1)


def test_senders__who_is_no_longer_configured_stays_on_record(ledger: Ledger) -> None:
    ledger.state.outreach.seed_senders([sender("email", set_up=False, provider_ref="new")])
    (only,) = ledger.state.outreach.open_tick(TODAY).senders
    assert (only.id, only.set_up, only.provider_ref) == ("email", False, "new")
    assert only.warmup_started_on == date(2026, 8, 1)
    assert ledger.value("select count(*) from senders") == 3


@pytest.mark.parametrize(
    ("retry_at", "latest_at", "state", "due_at"),
    [
        pytest.param(None, LATEST, "refused", NOW, id="no retry"),
        pytest.param(LATER, LATEST, "planned", LATER, id="retry"),
        pytest.param(NOW - timedelta(hours=2), LATEST, "planned", NOW, id="not in the past"),
        pytest.param(LATEST, LATEST, "refused", NOW, id="past its life"),
    ],
)
def test_refusal(ledger: Ledger, retry_at: Any, latest_at: Any, state: str, due_at: Any) -> None:
    claim = ledger.claimed(latest_at=latest_at)
    assert ledger.state.outreach.refuse(claim, "OUTSIDE_WINDOW", retry_at)
    query = "select state, code, due_at, lease_until, closed_at is not null from deliveries"
    assert ledger.rows(query) == [(state, "OUTSIDE_WINDOW", due_at, None, state == "refused")]
    assert not ledger.state.outreach.refuse(claim, "COUNTRY", None)


def test_hold__tells_each_due_touch_once(ledger: Ledger) -> None:
    ledger.plan(ledger.lead())
    ledger.plan(ledger.lead(), due_at=NOW + timedelta(hours=1))
    assert [ledger.state.outreach.hold_due("NOT_LIVE") for _ in range(2)] == [1, 0]
    assert ledger.rows("select state, code from deliveries order by due_at") == [
        ("planned", "NOT_LIVE"),
        ("planned", None),
    ]


def test_unclaim__gives_back_what_is_still_ours(ledger: Ledger) -> None:
    claim = ledger.claimed()
    assert [ledger.state.outreach.unclaim([claim]) for _ in range(2)] == [1, 0]
    assert ledger.claim().id == claim.id


def test_concurrent_claims__never_the_same_row_and_nobody_starves(ledger: Ledger) -> None:
    for lead_id in ledger.leads(120):
        ledger.plan(lead_id)
    first_round = threading.Barrier(6)

    def work(_: int, state: State) -> list[Claim]:
        mine: list[Claim] = []
        while batch := state.outreach.claim_due("email", max_rows=5, lease_s=600, conversation_days=14):
            if not mine:
                first_round.wait(timeout=30)
            mine += batch
        return mine

    shares = ledger.together(6, work)
    ids = [claim.id for share in shares for claim in share]
    assert len(ids) == len(set(ids)) == 120
    assert all(len(share) >= 5 for share in shares)
    assert len({claim.fence for share in shares for claim in share}) == 120


def test_claim__due_rows_best_first_none_past_its_life(ledger: Ledger) -> None:
    ledger.plan(ledger.lead(score=90))
    ledger.plan(ledger.lead(score=10), purpose="callback")
    ledger.plan(ledger.lead(score=20), window_closes_at=NOW + timedelta(minutes=30))
    ledger.plan(ledger.lead(score=99), due_at=NOW + timedelta(seconds=1))
    ledger.plan(ledger.lead(score=98), latest_at=NOW)
    ledger.plan(ledger.lead(score=97), channel="sms")
    assert [claim.lead.score for claim in ledger.claims("email", 10)] == [20, 10, 90]


def owner_mail(ledger: Ledger, text: str, *, state: State | None = None) -> dict[str, Any]:
    """Begin the one evening mail."""
    return (state or ledger.state).outreach.begin_delivery(
        kind="owner_mail",
        channel="email",
        natural_key="evening:1",
        payload={"text": text},
        provider="resend",
        lease_s=LEASE_S,
    )


def test_claim__passes_over_a_row_that_somebody_works_on(ledger: Ledger) -> None:
    held, free = ledger.leads(2)
    ledger.plan(held)
    ledger.plan(free)
    with psycopg.connect(ledger.dsn) as worker:
        worker.execute(
            "select from deliveries d join touches using (id) where lead_id = %s for update of d", [held]
        )
        assert [claim.lead.lead_id for claim in ledger.claims("email", 1)] == [free]
    assert ledger.claim().lead.lead_id == held


def test_owner_mail__is_handed_over_once_and_repeated_with_the_same_bytes(ledger: Ledger) -> None:
    begin = partial(owner_mail, ledger)
    first = begin("one")
    assert (first["status"], first["payload"]) == ("submitted", {"text": "one"})
    assert (begin("two")["status"], begin("two")["payload"]) == ("leased", None)
    ledger.after(seconds=LEASE_S)
    ledger.state.outreach.open_tick(TODAY)
    again = begin("three")
    assert (again["status"], again["payload"], again["id"]) == ("submitted", {"text": "one"}, first["id"])
    assert not ledger.state.outreach.record_receipt(UUID(first["id"]), first["fence"], "P", None)
    assert ledger.state.outreach.record_receipt(UUID(again["id"]), again["fence"], "P", None)
    assert begin("four") == {**again, "status": "accepted", "payload": None}
    assert ledger.value("select count(*) from touch_rollups") == 0


def test_owner_mail__not_after_twenty_hours(ledger: Ledger) -> None:
    assert owner_mail(ledger, "one")["status"] == "submitted"
    ledger.after(hours=20)
    ledger.state.outreach.open_tick(TODAY)
    assert owner_mail(ledger, "one")["status"] == "unknown"


def settled(ledger: Ledger, cost: float) -> Claim:
    """A call that reserved 1.20 USD and really cost `cost`."""
    claim = ledger.claimed(channel="call")
    caps = [limit("sender:call", 1, 9, "WARMUP_CAP"), limit("budget:call", 1.2, 20, "BUDGET")]
    ledger.begin(claim, limits=caps)
    ledger.state.outreach.record_receipt(claim.id, claim.fence, f"P-{claim.id}", None)
    ledger.hear(about(claim, "early", milestones=("answered",)), channel="call")
    assert ledger.used("budget:call") == 1.2
    ledger.hear(about(claim, "report", disposition="meeting", cost_usd=cost), channel="call")
    return claim


@pytest.mark.parametrize(("cost", "used"), [(0.31, 0.31), (0, 0), (1.5, 1.5)])
def test_budget__takes_the_real_cost_once_it_is_known(ledger: Ledger, cost: float, used: float) -> None:
    claim = settled(ledger, cost)
    assert ledger.used("budget:call") == used
    ledger.hear(about(claim, "report 2", disposition="meeting", cost_usd=cost), channel="call")
    assert (ledger.used("budget:call"), ledger.used("sender:call")) == (used, 1)
    assert ledger.state.outreach.open_tick(TODAY).spent_today == {"call": used}


def test_budget__a_dearer_report_counts_and_an_open_touch_keeps_the_worst_case(ledger: Ledger) -> None:
    claim = settled(ledger, 0.31)
    ledger.hear(about(claim, "correction", cost_usd=0.4), channel="call")
    assert ledger.used("budget:call") == 0.4
    other = ledger.accepted(channel="call")
    ledger.hear(about(other, "price", cost_usd=0.1), channel="call")
    assert ledger.used("budget:call") == 0.9


def test_a_random_place__counts_in_the_queue_instead_of_the_score(ledger: Ledger) -> None:
    low, high = ledger.lead(), ledger.lead()
    ledger.run("update leads set score = case id when %s then 1 else 50 end", low)
    ledger.plan(high)
    ledger.plan(low, random_place=80)
    assert [claim.lead.lead_id for claim in ledger.claims("email", 2)] == [low, high]
    assert ledger.rows("select lead_id, score, random_place from touches order by lead_id") == [
        (low, 1, 80),
        (high, 50, None),
    ]


def test_ranking__counts_settled_companies_by_how_they_were_placed(ledger: Ledger) -> None:
    for place in (None, None, 80):
        lead = ledger.lead()
        ledger.accepted(lead, random_place=place)
        ledger.run(
            "update touches set positive_at = loop_now() where lead_id = %s and random_place = 80", lead
        )
    verbs = ledger.state.experiments
    assert verbs.ranking(days=90, settle_days=14).ranked == 0  # answers may still come
    ledger.after(days=15)
    found = verbs.ranking(days=90, settle_days=14)
    assert (found.ranked, found.ranked_won, found.at_random, found.at_random_won) == (2, 0, 1, 1)
