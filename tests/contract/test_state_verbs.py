"""Every verb of the state library over both transports: the same story gives the same answers.

The story is told once over each; the second telling is compared with the first.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from shared.gate import Verdict
from shared.providers.event import Reply
from shared.state import State
from shared.state.embedded import EmbeddedServer
from shared.state.postgres import PostgresTransport
from shared.state.reconciliation import Sighting
from tests.support.database import cloned
from tests.support.experiments import Lab, proposal
from tests.support.learned import call_review, lead_model
from tests.support.learning import close_a_day, find
from tests.support.learning_story import model_calls, remember
from tests.support.ledger import INSTALLATION, NOW, TODAY, Ledger, about, answer, phone, sender
from tests.support.postgrest import over_http

DAY = timedelta(days=1)
AREAS = (
    "clock",
    "stages",
    "live",
    "settings",
    "people",
    "outreach",
    "senders",
    "events",
    "calls",
    "directives",
    "experiments",
    "measures",
    "model_calls",
    "hypotheses",
    "memory",
    "lead_models",
    "call_timing",
    "patterns",
    "alarms",
    "skills",
    "incidents",
    "hot_leads",
    "privacy",
    "reconciliation",
)


class Told:
    """A state library that writes down every answer, and remembers which verbs were called."""

    def __init__(self, state: State) -> None:
        self.answers: list[tuple[str, Any]] = []
        self.verbs: set[str] = set()
        for area in AREAS:
            self._listen(area, getattr(state, area))

    def _listen(self, area: str, part: object) -> None:
        for name, verb in inspect.getmembers(part, inspect.ismethod):
            if not name.startswith("_"):
                setattr(part, name, self._noted(f"{area}.{name}", verb))

    def _noted(self, name: str, verb: Callable[..., Any]) -> Callable[..., Any]:
        def noted(*args: Any, **kwargs: Any) -> Any:
            self.verbs.add(name)
            found = verb(*args, **kwargs)
            found = list(found) if isinstance(found, Iterator) else found
            self.answers.append((name, plain(found)))
            return found

        return noted


def plain(value: Any) -> Any:
    """An answer as data, the zones of times left out of the comparison."""
    if isinstance(value, BaseModel):
        return value.model_dump(mode="json")
    return [plain(each) for each in value] if isinstance(value, list) else value


def tell(ledger: Ledger) -> Told:
    """One story in which every verb is called at least once."""
    told = Told(ledger.state)
    control(ledger)
    people(ledger)
    send(ledger)
    owner(ledger)
    reconcile(ledger)
    measure(ledger)
    mend(ledger)
    forget(ledger)
    learn(ledger)
    lead_model(ledger)
    return told


def learn(ledger: Ledger) -> None:
    """A test from its proposal to its way back, and the owner's word."""
    verbs = ledger.state.experiments
    lab = Lab.running(ledger)
    verbs.refuse(verbs.propose(proposal("k", "other", metric="booked")), "too rare")
    verbs.propose(proposal("k", "third", metric="positive"))
    verbs.queue(volume_days=28, history_days=90, rest_days=30)
    lab.expose({"control": 2, "treatment": 2})
    verbs.fold()
    list(verbs.counting())
    verbs.decide([{"id": lab.experiment_id, "action": "REVIEW", "reason": "win", "figures": {"z": 2.5}}])
    verbs.shipping()
    verbs.drop(99, approver="owner")
    verbs.deploy(lab.experiment_id, approver="owner", holdback_share=0.2, holdback_days=14)
    verbs.in_force()
    list(verbs.all(standing=True, decided_since=ledger.now))
    verbs.watch([{"id": 99, "was": 0, "n": 5, "successes": 1, "level": 2.5, "alert": True}])
    verbs.share_hours(TODAY, ledger.now)
    verbs.ranking(days=90, settle_days=14)
    verbs.fold_holdout(28)
    verbs.holdout()
    change = next(each.id for each in verbs.log() if each.change == "deployed")
    verbs.rollback(change, approver="owner")
    list(verbs.log())
    number = verbs.request_approval(subject="s", words="w", why="y", change={}, fingerprint="f", days=14)
    verbs.approvals()
    verbs.approval(number)
    verbs.answer_approval(number, "f", approve=True, actor="owner")


def control(ledger: Ledger) -> None:
    """Switches, settings, slots, directives."""
    ledger.state.clock.now()
    live, stages = ledger.state.live, ledger.state.stages
    live.turn_off(app="growthloop", actor="owner")
    live.set_kill_switch(True, reason="r", actor="owner")
    live.status()
    live.set_kill_switch(False, reason="", actor="owner")
    live.turn_on(app="growthloop", actor="owner")
    ledger.state.settings.put("company_line_opt_in", ["TX", "FL"], actor="owner")
    ledger.state.settings.all()
    for number, state in enumerate(("ok", "failed")):
        claim = stages.claim("tick", NOW + number * DAY, lease_s=60, worker="w")
        assert claim.run_id is not None
        assert claim.fence is not None
        error = {"code": "x"} if state == "failed" else None
        stages.finish(claim.run_id, claim.fence, state=state, report={"n": 1.50}, error=error)  # type: ignore[arg-type]
    stages.last_runs()
    stages.run_of("tick", NOW)
    stages.run_of("tick", NOW + 9 * DAY)
    stages.past_reports("tick", NOW + DAY, 5)
    stages.failures(NOW)
    seed(ledger, "one")
    ledger.state.directives.heads()
    ledger.state.directives.heads()


def seed(ledger: Ledger, text: str) -> None:
    """Offer one file."""
    files = [{"key": "k", "kind": "x", "hash": text, "text": text}]
    ledger.state.directives.seed(files, release=text)


def people(ledger: Ledger) -> None:
    """Leads, consents, scrubs, look-ups."""
    lead = ledger.lead(company=1, first_name="Žofie", score=90)
    ledger.leads(3)
    consent = {"line": 2, "channel": "call", "address": phone(0), "person": None, "consent_type": "written"}
    said = {"scope": "marketing", "given_on": "2026-10-01", "wording": "Yes.", "source": "form"}
    verbs = ledger.state.people
    verbs.import_consents([consent | said])
    verbs.import_scrub([{"line": 2, "number": phone(0), "scrubbed_on": "2026-11-20", "listed": False}])
    verbs.keep_aside("f", [{"line": 2, "reason": "no address", "row": {"a": None}}])
    verbs.numbers_to_look_up(2)
    verbs.record_line_type(phone(0), "landline", None, 0.008)
    verbs.numbers_to_look_up_again(2, valid_days=180)
    verbs.suppress([["gone@example.org", phone(9)]], reason="do_not_contact", source="file")
    verbs.count()
    verbs.new_companies(days=7)
    verbs.list_leads()
    verbs.find("LEAD0@example.com")
    verbs.find("nobody@example.com")
    verbs.allow_again(1, conversation_days=14, actor="owner")
    ledger.state.visits.keep("v", "{}")
    for visit in ledger.state.visits.waiting():
        ledger.state.visits.take(visit.id, lead=None, seen_at=NOW, page="/")
    verbs.record(lead, conversation_days=14)
    verbs.record(999, conversation_days=14)
    assert lead


def send(ledger: Ledger) -> None:
    """Plan, claim, begin, record, hear."""
    out, (first, second, third, fourth) = ledger.state.outreach, lead_ids(ledger)
    for lead in (first, second, third):
        ledger.plan(lead)
    ledger.plan(fourth, channel="call")
    out.seed_senders([sender("call"), sender("email")])
    out.candidates(conversation_days=14, today=TODAY)
    out.open_tick(TODAY)
    out.hold_due("NOT_LIVE")
    sent, failed, refused = ledger.claims("email", 9)
    out.unclaim([refused])
    (refused,) = ledger.claims("email", 9)
    out.refuse(refused, "HOLIDAY", NOW + DAY)
    for claim in (sent, failed):
        ledger.begin(claim)
    out.record_receipt(sent.id, sent.fence, f"P-{sent.id}", 0.001)
    out.record_failure(failed.id, failed.fence, verdict="unknown", code="x")
    events = ledger.state.events
    events.apply(about(sent, "d", disposition="delivered", milestones=("delivered",)), channel="email")
    events.apply(
        replace(answer(sent, "a"), reply=Reply("Grüße", "Re")), channel="email", reply_class="question"
    )
    events.unsubscribe(failed.id, source="link")
    out.reorder("email", until=NOW + DAY, lifts=[{"dimension": "region", "level": "NY", "points": 10}])
    out.settled_deliveries(["hot_lead:1", "nothing"])
    out.begin_delivery(
        kind="owner_mail", channel="email", natural_key="k", payload={"a": 1}, provider="resend", lease_s=60
    )
    out.finish_enrolments([ledger.enrol(fourth)])
    senders = ledger.state.senders
    senders.records(TODAY, bounce_days=7, complaint_days=7, answer_days=14)
    senders.set_health([Verdict("email", "watched", "1 of 1 emails bounced")])
    senders.at_rest()
    senders.day_so_far(TODAY, NOW + DAY)
    called = ledger.claim("call")
    ledger.begin(called)
    call_review(ledger, called.id)
    booking(ledger, sent.id)


def reconcile(ledger: Ledger) -> None:
    """Calls and mails whose fate nobody knows, and what their providers show."""
    verbs, out = ledger.state.reconciliation, ledger.state.outreach
    ledger.run("update senders set health = 'healthy'")
    for channel in ("call", "call", "call", "email", "email"):
        claim = ledger.submitted(channel=channel)
        out.record_failure(claim.id, claim.fence, verdict="unknown", code="x")
    first, *others = verbs.claim_unknown(max_rows=9, hold_s=60, conversation_days=14)
    verbs.accept(first, "P-found")
    verbs.plan_again(others[0])
    verbs.wait(others[1], NOW + DAY)
    verbs.park(others[2], owner="owner", until=NOW + DAY, code="x")
    verbs.repeat(others[3], lease_s=60, conversation_days=14)
    verbs.claim_overdue_calls(max_rows=9, older_than_s=0, hold_s=60)
    verbs.unseen("vapi", ["P-found", "P-other"])
    verbs.adopt(Sighting("vapi", "P-other", str(UUID(int=7)), NOW))
    verbs.unheard("resend", ["d", "never"])
    verbs.heard("email", NOW)
    verbs.deaf("sms", "x")
    verbs.trip("sms", code="x", needs_owner=False, retry_after=DAY, first=DAY, longest=DAY)
    verbs.rest("email", until=NOW + DAY, code="x")
    verbs.end_rests()
    out.open_tick(TODAY)


def booking(ledger: Ledger, touch_id: UUID) -> None:
    """A person books through their link."""
    events = ledger.state.events
    events.booking(touch_id)
    events.taken_slots(NOW)
    events.book(touch_id, NOW + 2 * DAY)
    events.taken_slots(NOW)


def owner(ledger: Ledger) -> None:
    """What waits for the owner, and what the owner says of it."""
    first, second, *_ = lead_ids(ledger)
    desk = ledger.state.hot_leads
    desk.to_tell(NOW - DAY, ["email", "sms"], 9)
    desk.card(first)
    desk.card(999)
    desk.add_outcome(second, "sale", at=NOW, amount_usd=99.5)
    desk.add_outcome(second, "held")
    desk.add_outcome(first, "meeting", at=NOW + 3 * DAY)
    desk.close(first)


def forget(ledger: Ledger) -> None:
    """One person, and what is old."""
    first, *_ = lead_ids(ledger)
    ledger.state.privacy.calls(first)
    ledger.state.privacy.forget(first)
    ledger.state.privacy.forget(first)
    ledger.state.privacy.expire(transcripts_before=NOW + DAY, records_before=NOW - DAY)


def lead_ids(ledger: Ledger) -> list[int]:
    """The leads of the story."""
    return [lead["id"] for lead in ledger.state.people.list_leads()]


def measure(ledger: Ledger) -> None:
    """Every reading verb behind the owner's emails."""
    measures = ledger.state.measures
    measures.roll_up_days(TODAY, {"sent": 0})
    measures.daily(TODAY, TODAY)
    measures.funnel(TODAY, 28)
    measures.counts_by_day(TODAY, TODAY)
    for counts, by in (("touches", ("hour", "size")), ("companies", ())):
        where = {"channel": "email"}
        measures.figures(counts, "replied", "sent", dimensions=by, filters=where, since=TODAY, upto=TODAY)
    find(ledger)
    model_calls(ledger)
    remember(ledger)
    close_a_day(ledger)
    measures.not_contacted(NOW, NOW + DAY)
    measures.contacted_people(NOW, NOW + DAY)
    measures.dispositions(TODAY)
    measures.planned(TODAY)
    measures.zones_open(NOW + DAY)
    measures.hot_leads(NOW, 20)
    measures.open_deliveries(20)
    measures.spend(NOW, NOW + DAY)
    measures.summary()
    measures.oldest_transaction()


def mend(ledger: Ledger) -> None:
    """Trouble is seen, treated, and gone."""
    incidents = ledger.state.incidents
    incidents.vital_signs(TODAY, late_minutes=20, endless_minutes=45)
    trouble = {"kind": "backlog", "target": "touches", "words": "w", "severity": "warning"}
    incidents.sight([trouble | {"evidence": {}, "began_at": NOW.isoformat()}], ["backlog"])
    (incident,) = incidents.open()
    incidents.note_repair(incident.id, "run_tick", "done", "started", NOW + DAY)
    incidents.close(incident.id)
    incidents.since(NOW, 10)
    incidents.figures(NOW)
    incidents.applied_migrations()


def test_every_verb__answers_the_same_over_both_transports(
    server: EmbeddedServer, template: str, transport: PostgresTransport, database: str
) -> None:
    direct = tell(Ledger.over(database, transport))
    with cloned(server, template) as other, over_http(server, other) as supabase:
        through_postgrest = tell(Ledger.over(other, supabase))
    every = {
        f"{area}.{name}"
        for area in AREAS
        for name, _ in inspect.getmembers(
            type(getattr(State(transport, INSTALLATION), area)), inspect.isfunction
        )
        if not name.startswith("_")
    }
    assert direct.verbs == every
    assert direct.answers == through_postgrest.answers
