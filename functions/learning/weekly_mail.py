"""Count a week for the owner's weekly email."""

from __future__ import annotations

from datetime import date, timedelta

from shared.links import approval_url
from shared.loop import Loop
from shared.mail.evening import ApprovalWaiting, ExperimentLine
from shared.mail.experiments import sentence
from shared.mail.render import RenderedMail, render_weekly
from shared.mail.weekly import ChannelWeek, WeeklyReport

CHANNELS = {"call": "Calls", "email": "Email", "sms": "Texts"}
ROWS = {
    "sent": "Sent",
    "answered": "Answered",
    "dm_contact": "Decision maker",
    "replied": "Replied",
    "positive": "Positive",
    "booked": "Meetings booked",
    "opted_out": "Asked to stop",
}
DAY, WEEK = timedelta(days=1), timedelta(days=7)


def weekly_report(loop: Loop, week: date, why: str) -> RenderedMail:
    """The mail of the week that began on this Monday, as it stands now."""
    now = loop.clock.now()
    hypotheses = [
        each
        for each in loop.state.hypotheses.all()
        if week in (each.week, each.forward_week) or each.state in ("kept", "asked")
    ]
    linked = bool(loop.settings.public_url and loop.settings.secret_key)
    report = WeeklyReport(
        week=week,
        business=loop.settings.business_name,
        zone=loop.settings.timezone,
        channels=_channels(loop, week),
        patterns=tuple(
            each for each in loop.state.patterns.held(week, week + 6 * DAY) if each.gone_on is None
        ),
        hypotheses=tuple(hypotheses),
        tests=tuple(
            ExperimentLine(each.name, sentence(each, now))
            for each in loop.state.experiments.all(standing=True, decided_since=now - WEEK)
        ),
        approvals=tuple(
            ApprovalWaiting(
                each.words,
                each.why,
                approval_url(loop.settings, each.id, each.fingerprint) if linked else None,
                each.expires_at,
            )
            for each in loop.state.experiments.approvals()
        ),
        changes=tuple(
            f"{each.subject}: {each.change}"
            for each in loop.state.experiments.log()
            if each.changed_at > now - WEEK
        )[-10:],
        calibration=loop.state.hypotheses.calibration(),
        why=why,
        model_usd=sum(each.usd for each in loop.state.model_calls.spend(now - WEEK, now)),
    )
    return render_weekly(report)


def _channels(loop: Loop, week: date) -> tuple[ChannelWeek, ...]:
    counts: dict[tuple[str, str, bool], int] = {}
    for row in loop.state.measures.counts_by_day(week - WEEK, week + 6 * DAY):
        key = (row["channel"], row["metric"], date.fromisoformat(row["day"]) >= week)
        counts[key] = counts.get(key, 0) + int(row["n"])
    shown = []
    for channel, title in CHANNELS.items():
        rows = tuple(
            (words, counts.get((channel, metric, True), 0), counts.get((channel, metric, False), 0))
            for metric, words in ROWS.items()
            if (channel, metric, True) in counts or (channel, metric, False) in counts
        )
        shown += [ChannelWeek(title, rows)] if rows else []
    return tuple(shown)
