"""Plan one day: which lead is due for which step, and who is refused for good. Pure."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from functions.campaigns.call_hours import CallHours, at_their_hours
from functions.campaigns.contact import (
    OWNERS_STOP,
    OwnerTerms,
    contact_for,
    line_type_of,
    request_about_person,
)
from shared.directives.book import Book
from shared.directives.models import Playbook, Step
from shared.experiments import Person, TestsInForce, unit_of
from shared.gate import Decision, Place, Purpose, Rules, closes_at, decide, next_opening
from shared.providers.channel import ChannelName
from shared.state.outreach import Candidate


@dataclass(frozen=True)
class PlannedTouch:
    """A step that is due. `code` says what stands in its way today; `refused` that no waiting would help.

    `hour_is_free`: neither the playbook nor a person who waits says when. `drawn_hour` is the hour of the
    person's clock where a draw chose it.
    """

    lead_id: int
    enrolment_id: int | None
    step: int
    attempt: int
    purpose: str
    channel: ChannelName
    script_key: str
    playbook_hash: str
    day: date
    due_at: datetime
    latest_at: datetime
    window_closes_at: datetime | None
    code: str | None = None
    refused: bool = False
    hour_is_free: bool = True
    drawn_hour: int | None = None
    random_place: int | None = None

    def row(self, enrolment_id: int) -> dict[str, Any]:
        """The row that `plan_touches_v1` reads."""
        return {
            "lead_id": self.lead_id,
            "enrolment_id": enrolment_id,
            "step": self.step,
            "attempt": self.attempt,
            "purpose": self.purpose,
            "channel": self.channel,
            "script_key": self.script_key,
            "playbook_hash": self.playbook_hash,
            "day": self.day.isoformat(),
            "due_at": self.due_at.isoformat(),
            "latest_at": self.latest_at.isoformat(),
            "window_closes_at": self.window_closes_at.isoformat() if self.window_closes_at else None,
            "code": self.code,
            "refused": self.refused,
            "drawn_hour": self.drawn_hour,
            "random_place": self.random_place,
        }


@dataclass(frozen=True)
class Enrolment:
    """A lead that enters a sequence today."""

    lead_id: int
    playbook: str
    playbook_hash: str
    held_out: bool


@dataclass
class DayPlan:
    """What one morning decided."""

    enrolments: list[Enrolment] = field(default_factory=list)
    touches: list[PlannedTouch] = field(default_factory=list)
    finished: list[int] = field(default_factory=list)

    def without_newcomers(self) -> DayPlan:
        """The same for those who are in a sequence already."""
        begun = [touch for touch in self.touches if touch.enrolment_id is not None]
        return DayPlan(touches=begun, finished=self.finished)

    @property
    def due(self) -> Counter[str]:
        """Touches that go on to the gate today, by channel."""
        return Counter(touch.channel for touch in self.touches if touch.code is None)

    @property
    def held_back(self) -> Counter[str]:
        """Touches that do not go out today, by the reason."""
        return Counter(touch.code for touch in self.touches if touch.code is not None)


@dataclass(frozen=True)
class PlanTerms:
    """What holds for all leads of one morning. `holdout_share` is 0 while there are too few companies."""

    now: datetime
    today: date
    book: Book
    rules: Rules
    owner: OwnerTerms
    holdout_share: float
    salt: str
    zone: ZoneInfo
    random_share: float = 0.0
    tests: TestsInForce = field(default_factory=TestsInForce)
    call_hours: CallHours | None = None


def plan_day(candidates: Iterable[Candidate], terms: PlanTerms) -> DayPlan:
    """Plan the next due step of every candidate."""
    plan = DayPlan()
    scores: dict[int, int] = {}
    zones: dict[int, tuple[str, ...]] = {}
    at_random = set()
    for lead in candidates:
        scores[lead.lead_id], zones[lead.lead_id] = lead.score, lead.zones
        if in_share("random place", lead.company_id, lead.lead_id, terms.random_share, terms.salt):
            at_random.add(lead.lead_id)
        enrolment = lead.enrolment
        if enrolment is None:
            entering = enrol(lead, terms)
            plan.enrolments.append(entering)
            plan.touches += due_touches(lead, entering.playbook, entering.held_out, terms)
        elif remaining_steps(lead, terms.book.playbook(enrolment.playbook)):
            plan.touches += due_touches(lead, enrolment.playbook, enrolment.held_out, terms)
        else:
            plan.finished.append(enrolment.id)
    if terms.call_hours is not None:
        plan.touches = at_their_hours(plan.touches, scores, zones, terms.call_hours)
    places = list(scores.values())
    plan.touches = [
        replace(each, random_place=drawn(places, f"{terms.salt}|{terms.today}|{each.lead_id}"))
        if each.lead_id in at_random
        else each
        for each in plan.touches
    ]
    return plan


def drawn(scores: list[int], seed: str) -> int:
    """The score of anybody of today: the place of somebody whose own score is to count for nothing."""
    return scores[int.from_bytes(hashlib.sha256(seed.encode()).digest()[:8]) % len(scores)]


def enrol(lead: Candidate, terms: PlanTerms) -> Enrolment:
    """The sequence for a new lead: the warm one for those who agreed to a call or text, else the default."""
    agreed = any(c.channel in ("call", "sms") and not c.revoked for c in lead.consents)
    outreach = terms.book.outreach
    key = outreach.warm_playbook if agreed else outreach.default_playbook
    held_out = in_holdout(lead.company_id, lead.lead_id, terms.holdout_share, terms.salt)
    key = terms.tests.playbook_for(
        terms.book, key, Person(unit_of(lead.company_id, lead.lead_id), lead.source)
    )
    return Enrolment(lead.lead_id, key, terms.book.version(key).content_hash, held_out)


def in_holdout(company_id: int | None, lead_id: int, share: float, salt: str) -> bool:
    """Whether a company (a lead where none is known) is never contacted: a salted hash, fixed once."""
    return in_share("holdout", company_id, lead_id, share, salt)


def in_share(purpose: str, company_id: int | None, lead_id: int, share: float, salt: str) -> bool:
    """Whether a company is in a random share: for good, and unrelated to that of another purpose."""
    digest = hashlib.sha256(f"{purpose}|{salt}|{unit_of(company_id, lead_id)}".encode()).digest()
    return int.from_bytes(digest[:8]) / 2**64 < share


def remaining_steps(lead: Candidate, playbook: Playbook) -> list[Step]:
    """The steps that were not tried yet. What expired while the owner had everything off was not."""
    records = lead.enrolment.steps if lead.enrolment else ()
    tried = {each.step for each in records if not (each.state == "expired" and each.code in OWNERS_STOP)}
    return [step for step in playbook.steps if step.step not in tried]


def due_touches(lead: Candidate, playbook_key: str, held_out: bool, terms: PlanTerms) -> list[PlannedTouch]:
    """The steps due today, up to and including the first that may go out; refused ones before it are kept.

    A step refused for good (no consent, no number) makes way for the next one of the same day, so a cold
    lead starts with the email that its missing consent leaves open.
    """
    enrolled_on = lead.enrolment.enrolled_on if lead.enrolment else terms.today
    touches: list[PlannedTouch] = []
    for step in remaining_steps(lead, terms.book.playbook(playbook_key)):
        late = (terms.today - enrolled_on).days - step.day
        if late < 0:
            break
        if awaits_look_up(lead, step.channel, terms) and late < terms.book.outreach.steps.latest_days:
            continue
        touch = _planned(lead, step, playbook_key, held_out, terms)
        touches.append(touch)
        if not touch.refused:
            break
    return touches


def awaits_look_up(lead: Candidate, channel: ChannelName, terms: PlanTerms) -> bool:
    """Whether the line type is not known (any more): the step keeps its place until it is, or is late."""
    phone = contact_for(lead, channel).phone
    return phone is not None and line_type_of(phone, terms.now, terms.owner.line_type_valid_days) is None


def _planned(
    lead: Candidate, step: Step, playbook_key: str, held_out: bool, terms: PlanTerms
) -> PlannedTouch:
    at = _moment(lead, step, terms)
    decision = _decide(lead, step, at, held_out, terms)
    due = max(decision.retry_at or at, terms.now)
    place = Place(step.channel, lead.country, lead.region, lead.zones)
    return PlannedTouch(
        lead_id=lead.lead_id,
        enrolment_id=lead.enrolment.id if lead.enrolment else None,
        step=step.step,
        attempt=1 + _attempts(lead, step),
        purpose=step.purpose,
        channel=step.channel,
        script_key=step.script,
        playbook_hash=terms.book.version(playbook_key).content_hash,
        day=terms.today,
        due_at=due,
        latest_at=due + timedelta(days=terms.book.outreach.steps.latest_days),
        window_closes_at=closes_at(due, place, terms.rules),
        code=decision.reason,
        refused=not decision.allowed and decision.retry_at is None,
        hour_is_free=step.hour is None and not _is_waited_for(step, playbook_key, terms),
    )


def _attempts(lead: Candidate, step: Step) -> int:
    return sum(record.step == step.step for record in lead.enrolment.steps) if lead.enrolment else 0


def _is_waited_for(step: Step, playbook_key: str, terms: PlanTerms) -> bool:
    """The first steps for those who asked to hear from us: the first hours count most there."""
    return step.day == 0 and playbook_key.partition("@")[0] == terms.book.outreach.warm_playbook


def _moment(lead: Candidate, step: Step, terms: PlanTerms) -> datetime:
    """The next opening if it is today for the owner, else noon: then the gate says why today is closed."""
    place = Place(step.channel, lead.country, lead.region, lead.zones)
    opening = next_opening(_earliest(lead, step, terms), place, terms.rules)
    if opening is not None and opening.astimezone(terms.zone).date() <= terms.today:
        return opening
    return datetime.combine(terms.today, time(12), terms.zone)


def _earliest(lead: Candidate, step: Step, terms: PlanTerms) -> datetime:
    """Now, or the step's hour of today on the recipient's clock where the playbook names one."""
    if step.hour is None or not lead.zones:
        return terms.now
    return max(terms.now, datetime.combine(terms.today, time(step.hour), ZoneInfo(lead.zones[0])))


def _decide(lead: Candidate, step: Step, at: datetime, held_out: bool, terms: PlanTerms) -> Decision:
    """The gate's answer at the next opening, as if capacity were no question: it is asked when it is sent."""
    asked = request_about_person(
        lead,
        contact_for(lead, step.channel),
        at=at,
        channel=step.channel,
        purpose=cast("Purpose", step.purpose),
        terms=terms.owner,
        held_out=held_out,
    )
    return decide(asked, terms.rules)
