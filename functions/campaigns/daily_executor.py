"""Plan the day: look numbers up, enrol, decide who is due for what, and say so in one sentence.

Nothing is sent here. Touches that are due go to the tick, which asks the gate again at each one's minute.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta

from functions.campaigns import senders
from functions.campaigns.call_hours import CallHours
from functions.campaigns.leads.rescoring import rescore
from functions.campaigns.planning import DayPlan, PlanTerms, plan_day
from functions.campaigns.preview import CHANNELS, Preview, preview_of, room_on
from functions.campaigns.terms import terms_when_open
from functions.campaigns.visits import take_visits
from shared.call_timing import UNKNOWN, learn_timing
from shared.errors import ConfigurationError, ProviderError
from shared.loop import Loop
from shared.mail.words import refusal
from shared.period import Period
from shared.report import StageReport

STAGE = "daily_executor"


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """Plan all leads of all zones. A preview reads and counts but enrols, looks up and plans nothing.

    While sending is turned off nobody new enters a sequence: its days would pass without a word.
    """
    if period.day is None:
        raise ConfigurationError("The daily executor plans a day.", code="usage")
    notes: list[str] = []
    if not preview:
        notes += senders.seed(loop)
        notes += senders.in_words(senders.check_health(loop, period.day))
        notes += look_up_numbers(loop)
        notes += take_visits(loop)
        rescored = rescore(loop)
        notes += [f"{rescored} leads were scored anew."] if rescored else []
    terms = plan_terms(loop, period.day)
    notes += tell_hours(loop, terms, write=not preview)
    plan = plan_day(
        loop.state.outreach.candidates(
            conversation_days=terms.book.outreach.conversation_days, today=period.day
        ),
        terms,
    )
    if not preview and not loop.state.live.status().on:
        waiting, plan = len(plan.enrolments), plan.without_newcomers()
        notes.append(f"Sending is off: {waiting} new leads wait, and enter no sequence.")
    expected = expect(loop, plan, period.day, period.end)
    if not preview:
        write(loop, plan, period.day)
        loop.state.experiments.share_hours(period.day, period.end)
    return report(plan, expected, period, notes, leads=loop.state.people.count()["leads"])


def look_up_numbers(loop: Loop) -> list[str]:
    """Ask the line type of numbers never asked about, then of those asked too long ago, within the budget.

    A number without an answer stays unknown, and the gate refuses it; so trouble here costs reach, never
    safety. It is reported and the plan goes on.
    """
    outreach = loop.book.outreach
    most = int(outreach.daily_usd.lookup / outreach.lookup.usd_each) if outreach.lookup.usd_each else 0
    people, days = loop.state.people, outreach.lookup.valid_days
    numbers = people.numbers_to_look_up(most)
    numbers += people.numbers_to_look_up_again(most - len(numbers), valid_days=days)
    if not numbers:
        return []
    try:
        lookup = loop.providers.lookup
        for number in numbers:
            found = lookup.line_type(number)
            people.record_line_type(number, found.kind, found.carrier, found.price_usd)
    except (ProviderError, ConfigurationError) as error:
        loop.log.warning("line types could not be looked up", extra={"code": error.code})
        return [f"Line types could not be looked up ({error.code}); those numbers are not called or texted."]
    return [f"{len(numbers)} numbers looked up."]


def plan_terms(loop: Loop, today: date) -> PlanTerms:
    """Everything one morning's plan depends on, read once."""
    holdout = loop.book.outreach.holdout
    new = loop.state.people.new_companies(days=7)
    return PlanTerms(
        now=loop.clock.now(),
        today=today,
        book=loop.tests.with_playbooks(loop.book),
        tests=loop.tests,
        rules=loop.rules,
        owner=terms_when_open(loop, today),
        holdout_share=holdout.share if new >= holdout.minimum_companies_per_week else 0.0,
        salt=str(loop.settings.installation_id),
        zone=loop.zone,
        call_hours=call_hours(loop, today),
        random_share=loop.book.outreach.scoring.random_share,
    )


def call_hours(loop: Loop, today: date) -> CallHours:
    """What is known of the hours of calls until yesterday, and the room that the numbers have in one."""
    rules, caps = loop.book.outreach.call_timing, loop.rules.pace.senders["call"]
    drawn = loop.state.call_timing.drawn(
        today - timedelta(days=rules.lookback_days), today - timedelta(days=1)
    )
    timing = learn_timing(drawn, believe_at=rules.believe_at)
    numbers = sum(each.channel == "call" for each in loop.settings.senders)
    each = min(caps.per_hour or 60, 60 // (caps.gap_minutes or 1))
    return CallHours(
        timing,
        rules.explore_share_known if timing.believed else rules.explore_share,
        rules.least_calls,
        numbers * each,
        str(loop.settings.installation_id),
        free=not any(test.lever == "call_hour" for test in loop.tests.tests),
    )


def tell_hours(loop: Loop, terms: PlanTerms, *, write: bool) -> list[str]:
    """What is believed of the hours, for the report; a change of it goes into the evolution log."""
    timing = terms.call_hours.timing if terms.call_hours else UNKNOWN
    if write:
        figures = {"calls": timing.calls, "evidence": min(timing.evidence, 1e9), "lifts": timing.common}
        loop.state.call_timing.note(believed=timing.believed, figures=figures)
    if not timing.believed:
        return []
    best = max(timing.common, key=lambda hour: timing.common[hour])
    return [
        f"Calls go out at the better hours; people answer best at {best}:00 ({timing.common[best]:.2f} x)."
    ]


def expect(loop: Loop, plan: DayPlan, today: date, ends: datetime) -> Preview:
    """How many of those due the day has room for, by what is used of it so far."""
    outreach = loop.book.outreach
    so_far = loop.state.senders.day_so_far(today, ends)
    rooms = {
        channel: room_on(
            channel,
            loop.settings.senders,
            so_far,
            today=today,
            rules=loop.rules,
            usd_each=outreach.usual_usd(channel),
            usd_a_day=getattr(outreach.daily_usd, channel),
        )
        for channel in CHANNELS
    }
    return preview_of(plan, rooms, so_far.waiting)


def write(loop: Loop, plan: DayPlan, today: date) -> None:
    """Enrol, then write the touches. Repeating it changes nothing: every intent has its natural key."""
    enrolled = loop.state.outreach.enrol(
        [
            {
                "lead_id": entering.lead_id,
                "playbook": entering.playbook,
                "playbook_hash": entering.playbook_hash,
                "held_out": entering.held_out,
                "enrolled_on": today.isoformat(),
            }
            for entering in plan.enrolments
        ]
    )
    loop.state.outreach.plan(
        [touch.row(touch.enrolment_id or enrolled[touch.lead_id]) for touch in plan.touches]
    )
    if plan.finished:
        loop.state.outreach.finish_enrolments(plan.finished)


def report(plan: DayPlan, expected: Preview, period: Period, notes: list[str], *, leads: int) -> StageReport:
    """The plan in counts and one sentence; having nobody to contact is an alarm, not a quiet day."""
    sentence = expected.sentence({code: refusal(code).words for code in expected.reasons})
    if not expected.due:
        sentence = (
            "There are no leads: import some with `growthloop import FILE`."
            if not leads
            else "Nobody is due today: every lead is in a sequence that waits, finished or was stopped."
        )
    return StageReport(
        STAGE,
        None,
        "ok",
        counts={
            "day": period.day.isoformat() if period.day else None,
            "enrolled": len(plan.enrolments),
            "held_out": sum(entering.held_out for entering in plan.enrolments),
            "due": dict(plan.due),
            "held_back": dict(plan.held_back),
            "expected": {
                "due": expected.due,
                "contacted": expected.contacted,
                "not_contacted": dict(expected.reasons),
            },
            "finished": len(plan.finished),
        },
        notes=(sentence, *notes),
    )
