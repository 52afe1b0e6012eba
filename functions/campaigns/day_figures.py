"""Count one day for the owner's mail. Every figure comes from the ledger; none is estimated here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, cast
from zoneinfo import ZoneInfo

from functions import stages
from functions.campaigns.system_notes import read_last_night
from shared.gate import Rules
from shared.gate.rules import DAYS
from shared.gate.windows import federal_holiday
from shared.links import approval_url
from shared.loop import Loop
from shared.mail.evening import (
    BASELINE_DAYS,
    FOUNDING_LINES,
    ApprovalWaiting,
    ChannelDay,
    Count,
    EveningReport,
    ExperimentLine,
    FailedStage,
    FinalFigure,
    HotLead,
    Incident,
    Line,
    NotContacted,
    OpenZone,
    Spend,
    UnsettledTouch,
    WeekDay,
    baseline,
)
from shared.mail.evening import Stage as Metric
from shared.mail.experiments import does_harm, holdout_words, ranking_words, sentence
from shared.mail.hot_lead import NEXT_STEP, meeting_words
from shared.period import Period
from shared.providers.channel import ChannelName
from shared.state.calls import Talks
from shared.state.controls import LiveStatus

CHANNELS: tuple[ChannelName, ...] = ("call", "email", "sms")
METRICS: dict[ChannelName, tuple[Metric, ...]] = {
    "call": ("planned", "sent", "answered", "dm_contact", "conversation", "positive", "booked", "opted_out"),
    "email": (
        "planned",
        "sent",
        "delivered",
        "replied",
        "positive",
        "booked",
        "opted_out",
        "bounced",
        "complained",
    ),
    "sms": ("planned", "sent", "delivered", "replied", "positive", "booked", "opted_out"),
}
METRIC_WORDS = {
    "sent": "Touches sent",
    "delivered": "Delivered",
    "answered": "Calls answered",
    "dm_contact": "Decision makers reached",
    "conversation": "Conversations",
    "replied": "Replies",
    "positive": "Positive answers",
    "booked": "Meetings booked",
    "opted_out": "Asked to stop",
    "bounced": "Emails bounced",
    "complained": "Marked as spam",
}
HOT_DAYS = 14
HOT_ROWS = 20
INCIDENT_ROWS = 20


@dataclass(frozen=True)
class DayFigures:
    """What was counted: people contacted, and touches by channel and metric."""

    contacted: int
    funnel: dict[str, dict[str, int]]


def count_day(loop: Loop, period: Period) -> DayFigures:
    """The day's counters as they stand now."""
    day = _day(period)
    funnel: dict[str, dict[str, int]] = {channel: {} for channel in CHANNELS}
    for channel, planned in loop.state.measures.planned(day).items():
        funnel[channel]["planned"] = planned
    for row in loop.state.measures.counts_by_day(day, day):
        funnel[row["channel"]][row["metric"]] = int(row["n"])
    return DayFigures(loop.state.measures.contacted_people(period.start, period.end), funnel)


def evening_report(loop: Loop, period: Period, figures: DayFigures, *, interim: bool) -> EveningReport:
    """Everything the mail shows of a day."""
    now, day, measures = loop.clock.now(), _day(period), loop.state.measures
    before = day - timedelta(days=1)
    status = loop.state.live.status()
    past = loop.state.stages.past_reports("evening_report", period.end, BASELINE_DAYS)
    earlier = [report["counts"] for report in past if report.get("counts", {}).get("contacted")]
    spend = measures.spend(period.start, period.end)
    return EveningReport(
        day=day,
        business=loop.settings.business_name,
        zone=loop.settings.timezone,
        counted_at=now,
        live=status.may_send,
        kill_switch=status.kill_switch,
        interim=interim,
        day_off=day_off(day, loop.rules),
        contacted=Count(figures.contacted, baseline([counts["contacted"] for counts in reversed(earlier)])),
        channels=channel_days(figures.funnel, earlier, measures.dispositions(day)),
        not_contacted=not_contacted(measures.not_contacted(period.start, period.end)),
        hot_leads=tuple(
            hot_lead(row, loop.zone, now)
            for row in measures.hot_leads(now - timedelta(days=HOT_DAYS), HOT_ROWS)
        ),
        zones_open=zones_open(measures.zones_open(period.end)),
        unsettled=unsettled(measures.open_deliveries(20), now),
        spend=spending(spend, loop),
        unproven_touches=spend["without_consent"],
        not_built=tuple(stage.name for stage in stages.STAGES if not stage.built),
        failed_stages=failed_stages(loop.state.stages.failures(now - timedelta(days=1))),
        yesterday=final_figures(
            measures.daily(before, before),
            measures.counts_by_day(before, before),
        ),
        incidents=incidents(loop.state.incidents.since(period.start, INCIDENT_ROWS)),
        notes=(
            *in_flight(status),
            *talks_in_words(loop.state.calls.talks(period.start, period.end)),
            *read_last_night(loop, before),
            *noticed(loop, day),
            *notes(loop),
        ),
        tests=tests_in_words(loop, now),
        approvals=approvals_waiting(loop),
        lines=owner_lines(loop),
        week=week(measures.counts_by_day(day - timedelta(days=6), day), people_by_day(loop, day), day),
    )


def day_off(day: date, rules: Rules) -> str:
    """Why nothing goes out on this day anywhere in the country; empty on a working day."""
    if all(DAYS[day.weekday()] not in window.days for window in rules.hours.windows.values()):
        return "the weekend"
    if any(window.holidays == "open" for window in rules.hours.windows.values()):
        return ""
    return federal_holiday(day) or ""


def channel_days(
    funnel: dict[str, dict[str, int]], earlier: Sequence[dict[str, Any]], outcomes: Sequence[dict[str, Any]]
) -> tuple[ChannelDay, ...]:
    """Each channel's counters beside the same counters of earlier evenings."""
    return tuple(
        ChannelDay(
            channel,
            {
                metric: Count(
                    funnel[channel].get(metric, 0),
                    baseline([c["funnel"].get(channel, {}).get(metric, 0) for c in reversed(earlier)]),
                )
                for metric in METRICS[channel]
            },
            tuple((row["disposition"], int(row["n"])) for row in outcomes if row["channel"] == channel),
        )
        for channel in CHANNELS
    )


def not_contacted(codes: dict[str, int]) -> tuple[NotContacted, ...]:
    """Codes by how many people they kept out, most first."""
    ordered = sorted(codes.items(), key=lambda each: (-each[1], each[0]))
    return tuple(NotContacted(code, count) for code, count in ordered)


def hot_lead(row: dict[str, Any], zone: ZoneInfo, now: datetime) -> HotLead:
    """A person waiting for an answer."""
    met = row["meeting_at"]
    return HotLead(
        lead_id=row["lead_id"],
        name=row["name"] or "",
        company=row["company"] or "",
        channel=cast("ChannelName", row["channel"]),
        said=row["words"] or "",
        at=datetime.fromisoformat(row["at"]),
        next_step=meeting_words(row["wish"], _at(met), row["meeting_clashes"], zone, now)
        or NEXT_STEP.get(row["wish"], "Answer them."),
        phone=row["phone"],
        email=row["email"],
    )


def _at(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def zones_open(rows: Sequence[dict[str, Any]]) -> tuple[OpenZone, ...]:
    """Zones with touches still due tonight."""
    return tuple(
        OpenZone(row["zone"], datetime.fromisoformat(row["closes_at"]), int(row["due"]))
        for row in rows
        if row["closes_at"]
    )


def unsettled(rows: Sequence[dict[str, Any]], now: datetime) -> tuple[UnsettledTouch, ...]:
    """What may or may not have gone out."""
    return tuple(
        UnsettledTouch(
            touch_id=row["id"],
            channel=cast("ChannelName", row["channel"]),
            age=now - datetime.fromisoformat(row["submitted_at"]),
            owner=row["parked_owner"] or "the loop",
            parked=row["state"] == "parked",
        )
        for row in rows
    )


def spending(spend: dict[str, Any], loop: Loop) -> tuple[Spend, ...]:
    """Today's money by channel, beside its budget. No text is free: Twilio has just not said yet."""
    budget = loop.book.outreach.daily_usd
    rows = [
        Spend(name, float(usd) or (None if name == "sms" else 0.0), getattr(budget, name))
        for name, usd in spend["by_channel"].items()
    ]
    if spend["lookups_usd"]:
        rows.append(Spend("lookup", float(spend["lookups_usd"]), budget.lookup))
    return tuple(rows)


def failed_stages(rows: Sequence[dict[str, Any]]) -> tuple[FailedStage, ...]:
    """Runs that did not end well; the same failure again and again is one row, at its latest time."""
    slots: dict[tuple[str, str], list[datetime]] = {}
    for row in rows:
        key = (row["stage"], str(row["error"].get("code", "error")))
        slots.setdefault(key, []).append(datetime.fromisoformat(row["slot"]))
    return tuple(
        FailedStage(stage, max(times), code if len(times) == 1 else f"{code}, {len(times)} times")
        for (stage, code), times in slots.items()
    )


def incidents(rows: Sequence[dict[str, Any]]) -> tuple[Incident, ...]:
    """What the watch found wrong today, newest first; mere notices are left out."""
    return tuple(
        Incident(
            f"{row['words'].capitalize()}: {row['target']}",
            datetime.fromisoformat(row["opened_at"]),
            open=row["closed_at"] is None,
        )
        for row in rows
        if row["severity"] != "notice"
    )


def final_figures(
    closed: Sequence[dict[str, Any]], counted: Sequence[dict[str, Any]]
) -> tuple[FinalFigure, ...]:
    """Yesterday by metric, over all channels: as it was closed where that is final, else as counted now."""
    final = {row["metric"] for row in closed} - {row["metric"] for row in closed if not row["final"]}
    totals: dict[str, int] = {}
    for rows, wanted in ((closed, True), (counted, False)):
        for row in rows:
            if (row["metric"] in final) == wanted:
                totals[row["metric"]] = totals.get(row["metric"], 0) + int(row["n"])
    return tuple(
        FinalFigure(METRIC_WORDS[metric], totals[metric], metric in final)
        for metric in METRIC_WORDS
        if metric in totals
    )


def tests_in_words(loop: Loop, now: datetime) -> tuple[ExperimentLine, ...]:
    """What is being tested or kept under watch, and what was decided since yesterday."""
    recent = now - timedelta(days=1)
    return tuple(
        ExperimentLine(test.name, sentence(test, now), alert=does_harm(test, recent))
        for test in loop.state.experiments.all(standing=True, decided_since=recent)
    )


def approvals_waiting(loop: Loop) -> tuple[ApprovalWaiting, ...]:
    """What waits for the owner's yes, with the page where it can be said."""
    linked = bool(loop.settings.public_url and loop.settings.secret_key)
    return tuple(
        ApprovalWaiting(
            f"{each.words} (`growthloop approve {each.id}`)",
            each.why,
            approval_url(loop.settings, each.id, each.fingerprint) if linked else None,
            each.expires_at,
        )
        for each in loop.state.experiments.approvals()
    )


def in_flight(status: LiveStatus) -> tuple[str, ...]:
    """What the kill switch, while it is on, came too late for."""
    if not (status.kill_switch and status.in_flight_at_switch):
        return ()
    return (f"{status.in_flight_at_switch} touches were in flight when the kill switch was pulled.",)


def talks_in_words(talks: Talks) -> tuple[str, ...]:
    """What today's talks were like; the disclosure is said in each, so one without it is named."""
    if not talks.talks:
        return ()
    missing = f" {talks.undisclosed} without the disclosure." if talks.undisclosed else ""
    return (f"Talks by phone: {talks.talks}, quality {talks.quality:.0f} of 100 in the mean.{missing}",)


def noticed(loop: Loop, day: date) -> tuple[str, ...]:
    """What last night and midday found out of the ordinary."""
    alarms = loop.state.alarms.between(day - timedelta(days=1), day)
    midday = loop.state.stages.past_reports("mid_day_analyzer", loop.clock.now(), 1)
    told = (note for report in midday if _on(report["slot"], day, loop.zone) for note in report["notes"])
    return (*(f"{each.words}." for each in alarms), *told)


def _on(slot: str | None, day: date, zone: ZoneInfo) -> bool:
    return slot is not None and datetime.fromisoformat(slot).astimezone(zone).date() == day


def notes(loop: Loop) -> tuple[str, ...]:
    """What the owner should know about how the figures came about, and which senders rest."""
    holdout = loop.book.outreach.holdout
    new = loop.state.people.new_companies(days=7)
    tests = loop.state.experiments
    known = (holdout_words(tests.holdout()), ranking_words(tests.ranking(days=90, settle_days=14)))
    told = (*(sender_words(row) for row in loop.state.senders.at_rest()), *filter(None, known))
    if new >= holdout.minimum_companies_per_week:
        return told
    return (
        *told,
        f"Nobody is held out: {new} new companies came in this week, and a holdout says nothing "
        f"below {holdout.minimum_companies_per_week}.",
    )


def sender_words(row: dict[str, Any]) -> str:
    """A sender that is watched or rests, and why."""
    state = "rests" if row["health"] == "quarantined" else "is watched"
    return f"{row['sender_id'].partition(':')[2]} {state}: {row['why']}."


def owner_lines(loop: Loop) -> tuple[Line, ...]:
    """The founding lines at the height the owner set."""
    floors = loop.book.report("reports/evening").lines
    answer, decision_maker = FOUNDING_LINES
    return (
        Line(answer.name, answer.part, answer.whole, floors.answer_rate, answer.action),
        Line(
            decision_maker.name,
            decision_maker.part,
            decision_maker.whole,
            floors.dm_contact_rate,
            decision_maker.action,
        ),
    )


def people_by_day(loop: Loop, today: date) -> dict[date, int]:
    """How many people were contacted on each of the last seven days; one reached on two channels is one."""
    days = [today - timedelta(days=back) for back in range(6, -1, -1)]
    starts = [datetime.combine(day, time(), loop.zone) for day in [*days, today + timedelta(days=1)]]
    return {
        day: loop.state.measures.contacted_people(start, end)
        for day, start, end in zip(days, starts, starts[1:], strict=False)
    }


def week(rows: Sequence[dict[str, Any]], people: Mapping[date, int], today: date) -> tuple[WeekDay, ...]:
    """The last seven days for the small charts, oldest first."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["day"], row["metric"])
        counts[key] = counts.get(key, 0) + int(row["n"])
    days = [today - timedelta(days=back) for back in range(6, -1, -1)]
    return tuple(
        WeekDay(
            day,
            contacted=people.get(day, 0),
            conversations=counts.get((day.isoformat(), "conversation"), 0),
            positive=counts.get((day.isoformat(), "positive"), 0),
            booked=counts.get((day.isoformat(), "booked"), 0),
        )
        for day in days
    )


def _day(period: Period) -> date:
    assert period.day is not None  # noqa: S101 - the stage has refused any other period
    return period.day
