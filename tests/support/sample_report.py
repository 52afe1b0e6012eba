"""One full day of a fictitious company, with something in every section of the evening email."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from shared.mail.evening import (
    ApprovalWaiting,
    Baseline,
    ChannelDay,
    Count,
    EveningReport,
    ExperimentLine,
    FailedStage,
    FinalFigure,
    HotLead,
    Incident,
    NotContacted,
    OpenZone,
    Spend,
    UnsettledTouch,
    WeekDay,
)

DAY = date(2026, 11, 17)


def at(hour: int, minute: int = 0) -> datetime:
    """An instant of the sample's day, given on New York's clock (UTC-5 in November)."""
    return datetime(2026, 11, 17, hour, minute, tzinfo=UTC) + timedelta(hours=5)


def known(today: int, mean: float, low: float, high: float) -> Count:
    return Count(today, Baseline(mean, low, high, 28))


CALLS = ChannelDay(
    "call",
    {
        "planned": known(34, 33.0, 26, 41),
        "sent": known(31, 29.5, 22, 38),
        "answered": known(11, 9.1, 5, 14),
        "dm_contact": known(6, 4.6, 2, 8),
        "conversation": known(5, 3.2, 1, 6),
        "positive": known(3, 1.4, 0, 4),
        "booked": known(2, 0.6, 0, 2),
        "opted_out": known(1, 0.3, 0, 1),
    },
    (("voicemail", 9), ("no_answer", 7), ("not_interested", 3), ("gatekeeper", 3), ("meeting", 2)),
)
EMAILS = ChannelDay(
    "email",
    {
        "planned": known(96, 92.0, 80, 104),
        "sent": known(62, 60.2, 51, 70),
        "delivered": known(60, 58.7, 50, 69),
        "replied": known(4, 2.2, 0, 5),
        "positive": known(2, 0.8, 0, 3),
        "booked": known(0, 0.2, 0, 1),
        "opted_out": known(1, 0.5, 0, 2),
        "bounced": known(3, 0.9, 0, 2),
        "complained": known(0, 0.02, 0, 0),
    },
)
TEXTS = ChannelDay(
    "sms",
    {
        "planned": known(13, 11.4, 7, 16),
        "sent": known(9, 8.8, 5, 12),
        "delivered": known(9, 8.4, 5, 12),
        "replied": known(1, 1.1, 0, 3),
        "positive": known(1, 0.4, 0, 2),
        "booked": known(0, 0.1, 0, 1),
        "opted_out": known(0, 0.1, 0, 1),
    },
)
HOT = (
    HotLead(
        1042,
        "Dana Whitfield",
        "Whitfield Heating & Air",
        "call",
        "We lose maybe four calls a day at lunch. Send me Thursday after ten and my brother joins.",
        at(14, 40),
        "The meeting is held for Thursday 10:30; confirm it and ask for the brother's address.",
        "+16025550142",
        "dana@whitfield.example",
    ),
    HotLead(
        877,
        "Luis Ortega",
        "Ortega Plumbing",
        "email",
        "What does it cost for two trucks? We already have an answering service until March.",
        at(11, 5),
        "Answer the price question today; offer to start in March.",
        None,
        "luis.ortega@ortega-plumbing.example",
    ),
)
WEEK = (
    WeekDay(date(2026, 11, 9), 84, 4, 2, 1),
    WeekDay(date(2026, 11, 10), 91, 2, 3, 0),
    WeekDay(date(2026, 11, 11), 42, 1, 1, 0),
    WeekDay(date(2026, 11, 12), 88, 3, 2, 1),
    WeekDay(date(2026, 11, 13), 79, 3, 4, 1),
    WeekDay(date(2026, 11, 16), 93, 4, 2, 0),
    WeekDay(DAY, 97, 5, 6, 2),
)
REFUSED = (
    NotContacted("OUTSIDE_WINDOW", 14),
    NotContacted("CONSENT_MISSING", 12),
    NotContacted("WARMUP_CAP", 9),
    NotContacted("FREQ_CAP", 4),
    NotContacted("SCRUB_STALE", 2),
)


def sample_report() -> EveningReport:
    """A normal, slightly good Tuesday with all three channels."""
    return EveningReport(
        day=DAY,
        business="Bright Line Answering",
        zone="America/New_York",
        counted_at=at(17),
        contacted=Count(97, Baseline(90.4, 74, 106)),
        channels=(CALLS, EMAILS, TEXTS),
        not_contacted=REFUSED,
        hot_leads=HOT,
        zones_open=(OpenZone("Mountain", at(20), 3), OpenZone("Pacific", at(21), 11)),
        unsettled=(
            UnsettledTouch(
                "6f1c1f7e-64f5-5d0e-9f0c-2f6f0f3f9a11", "sms", timedelta(hours=3, minutes=20), "you", True
            ),
        ),
        spend=(
            Spend("Calls", 6.81, 15.0),
            Spend("Email", 0.03, 1.0),
            Spend("Texts", 0.21, 2.0),
            Spend("Number look-ups", None, 2.0),
        ),
        unproven_touches=4,
        not_built=("system_medic", "daily_system_analysis"),
        failed_stages=(
            FailedStage("mid_day_analyzer", at(14, 2), "It ran again at 2:05 PM with all figures.", True),
        ),
        incidents=(Incident("The call provider answered slowly for 12 minutes.", at(10, 31), False),),
        yesterday=(
            FinalFigure("Calls answered", 9),
            FinalFigure("Conversations", 4),
            FinalFigure("Email replies", 3, False),
            FinalFigure("Meetings held", 1),
        ),
        tests=(
            ExperimentLine(
                "Opening line of the first call",
                "Asking about missed calls against naming a neighbour: 64 and 61 companies so far, "
                "too close to tell. At your volume this needs 3 more weeks.",
            ),
        ),
        approvals=(
            ApprovalWaiting(
                "Start calling business landlines in Nevada",
                "41 verified landlines wait there; no call goes out without your opt-in for the state.",
                "https://growth.example.com/approve/8f2a",
                at(17) + timedelta(days=3),
            ),
        ),
        notes=("The holdout is 0 because fewer than 100 new companies a week come in.",),
        week=WEEK,
        dashboard_url="https://growth.example.com/",
        pause_by_reply=True,
    )


def first_day() -> EveningReport:
    """The first day of an installation: no baseline, no week, email only."""
    email = ChannelDay(
        "email", {"planned": Count(12), "sent": Count(10), "delivered": Count(10), "replied": Count(1)}
    )
    return replace(
        _bare(), contacted=Count(10), channels=(email,), not_contacted=(NotContacted("WARMUP_CAP", 2),)
    )


def nothing_sent() -> EveningReport:
    """A working day on which 143 touches were due and none went out."""
    calls = ChannelDay("call", {"planned": Count(47), "sent": Count(0)})
    emails = ChannelDay("email", {"planned": Count(96), "sent": Count(0)})
    refused = (NotContacted("SENDER_SETUP", 96), NotContacted("CONSENT_MISSING", 47))
    return replace(_bare(), channels=(calls, emails), not_contacted=refused)


def _bare() -> EveningReport:
    return EveningReport(DAY, "Bright Line Answering", "America/New_York", at(17))
