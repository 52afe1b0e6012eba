"""What happens when a person's phone rings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import log
from random import Random
from zoneinfo import ZoneInfo

from simulator.truth import Planted
from simulator.world.dice import dice, pick
from simulator.world.effects import Meeting, factor, opt_out_factor, reweighted
from simulator.world.features import Said
from simulator.world.people import Person, PhoneTruth
from simulator.world.places import region_of
from simulator.world.population import World
from simulator.world.rates import Calls, Rates, Segment
from simulator.world.words import GREETING, MENU, Line, spoken
from simulator.world.working_hours import add_working_time, on_the_half_hour

HIGHEST = 0.95
FIRST_HOUR = 8
FRIDAY, AFTERNOON = 4, 14
RING_OUT_S = 32.0
FAIL_S = 2.0
EARLY_S = 9.5
REASONS = {
    "invalid_number": "twilio-reported-customer-misdialed",
    "voicemail": "voicemail",
    "no_answer": "customer-did-not-answer",
    "busy": "customer-busy",
    "carrier_blocked": "call.in-progress.error-providerfault-outbound-sip-403-forbidden",
    "call_failed": "twilio-failed-to-connect-call",
}
ASSISTANT_ENDS = frozenset({"meeting", "callback", "dnc", "gatekeeper"})
DECISION_MAKERS = frozenset({"meeting", "callback", "send_email", "not_interested", "conversation"})


@dataclass(frozen=True)
class CallOutcome:
    """A whole call, known from its first ring. `talked` says that a human picked up."""

    disposition: str
    ended_reason: str
    talked: bool
    ring_s: float
    talk_s: float
    decision_maker: bool | None = None
    callback_at: datetime | None = None
    meeting_at: datetime | None = None
    held: bool | None = None
    lines: tuple[Line, ...] = ()

    @property
    def connected(self) -> bool:
        """Somebody or something picked up."""
        return self.talk_s > 0

    @property
    def opt_out(self) -> bool:
        """The person asked never to be called again."""
        return self.disposition == "dnc"


def human_share(rates: Rates, phone: PhoneTruth, propensity: float, zone: str, at: datetime) -> float:
    """Chance that a human answers a valid number at this moment.

    The propensity is per dial including invalid numbers, as published, and is therefore scaled up.
    """
    calls = rates.calls
    segment: Segment = getattr(calls.segments, phone.segment)
    local = at.astimezone(ZoneInfo(zone))
    share = propensity / (1 - segment.invalid) * moment(calls, local)
    region: float = getattr(calls.regions, region_of(zone))
    share *= region
    if phone.segment == "main_line" and local.month in calls.peak_months:
        share *= calls.peak_main_line
    return min(share, HIGHEST)


def moment(calls: Calls, local: datetime) -> float:
    """What the hour and the day of the person's own clock multiply an answer by."""
    place = local.hour - FIRST_HOUR
    factor = calls.hours[place] if 0 <= place < len(calls.hours) else calls.off_hours
    factor *= calls.weekdays[local.weekday()]
    late_friday = local.weekday() == FRIDAY and local.hour >= AFTERNOON
    return factor * calls.friday_after_14 if late_friday else factor


def dial(
    world: World,
    person: Person,
    number: str,
    *,
    n: int,
    at: datetime,
    asked: bool = False,
    greeting: str = GREETING,
) -> CallOutcome:
    """The outcome of the n-th call to this person, placed at `at`.

    `asked` means that the person wants to be called. `greeting` is the first thing they hear; what is
    planted in the world may hang on its words.
    """
    roll = dice(world.seed, person.identity, "call", n)
    phone = world.lines[number]
    if phone.invalid:
        return _missed("invalid_number", FAIL_S)
    here = world.meeting(person, at, Said("call", greeting), phone)
    share = human_share(world.rates, phone, world.answers(person, phone), person.zone, at)
    share = min(share * factor(world.planted, "answered", here), HIGHEST)
    if asked:
        share = max(share, world.rates.calls.asked_answer)
    segment: Segment = getattr(world.rates.calls.segments, phone.segment)
    if roll.random() >= share:
        return _unanswered(world.rates.calls, segment, roll)
    found = pick(roll, reactions(segment.given_human, _planted(world.planted, here)))
    return _answered(world.rates.calls, found, roll, person.zone, at, greeting)


def ordinary_stranger() -> CallOutcome:
    """A call to a number outside the world: it rings out."""
    return _missed("no_answer", RING_OUT_S)


def _missed(disposition: str, ring_s: float) -> CallOutcome:
    return CallOutcome(disposition, REASONS[disposition], talked=False, ring_s=ring_s, talk_s=0)


def _unanswered(calls: Calls, segment: Segment, roll: Random) -> CallOutcome:
    found = pick(roll, segment.misses())
    if found == "busy" and roll.random() < calls.failed_share:
        found = "call_failed"
    if found == "voicemail":
        ring_s, talk_s = roll.uniform(*calls.voicemail_ring_s), _talk(calls, roll, found)
        return CallOutcome(found, REASONS[found], talked=False, ring_s=ring_s, talk_s=talk_s)
    if found == "gatekeeper":
        return CallOutcome(
            found,
            "assistant-ended-call",
            talked=False,
            ring_s=roll.uniform(*calls.ring_s),
            talk_s=_talk(calls, roll, found),
            decision_maker=False,
            lines=(("bot", GREETING), ("user", MENU)),
        )
    return _missed(found, RING_OUT_S if found == "no_answer" else FAIL_S)


def reactions(shares: Mapping[str, float], factors: Mapping[str, float]) -> Mapping[str, float]:
    """What a human does who has picked up, by share.

    `factors` multiply what is named; a meeting is reached through the decision maker.
    """
    makers = factors.get("dm_contact", 1.0)
    moved = dict.fromkeys(sorted(DECISION_MAKERS), makers)
    moved["meeting"] = makers * factors.get("booked", 1.0)
    moved["early_hangup"] = factors.get("early_hangup", 1.0)
    moved["dnc"] = factors.get("opted_out", 1.0)
    return reweighted(shares, {name: by for name, by in moved.items() if by != 1})


def _planted(planted: tuple[Planted, ...], here: Meeting) -> Mapping[str, float]:
    """What the world multiplies the reactions to this call by."""
    found = {name: factor(planted, name, here) for name in ("dm_contact", "booked", "early_hangup")}
    return found | {"opted_out": opt_out_factor(planted, here)}


def _answered(calls: Calls, found: str, roll: Random, zone: str, at: datetime, greeting: str) -> CallOutcome:
    ring_s, talk_s = roll.uniform(*calls.ring_s), _talk(calls, roll, found)
    later = add_working_time(at, timedelta(hours=roll.uniform(2, 20)), zone)
    days = timedelta(hours=roll.uniform(10, 50))
    return CallOutcome(
        found,
        "assistant-ended-call" if found in ASSISTANT_ENDS else "customer-ended-call",
        talked=True,
        ring_s=ring_s,
        talk_s=talk_s,
        decision_maker=_decision_maker(found),
        callback_at=on_the_half_hour(later, zone) if found == "callback" else None,
        meeting_at=on_the_half_hour(add_working_time(at, days, zone), zone) if found == "meeting" else None,
        held=roll.random() < calls.held if found == "meeting" else None,
        lines=tuple(spoken(roll, found, greeting)),
    )


def _decision_maker(disposition: str) -> bool | None:
    if disposition in DECISION_MAKERS:
        return True
    return False if disposition in {"gatekeeper", "wrong_number"} else None


def _talk(calls: Calls, roll: Random, disposition: str) -> float:
    median, sigma = calls.talk_s[disposition]
    longest = EARLY_S if disposition == "early_hangup" else float("inf")
    return round(min(roll.lognormvariate(log(median), sigma), longest), 1)
