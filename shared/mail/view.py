"""An `EveningReport` as the plain strings that both templates print.

Whatever comes from outside passes through `safe` on its way here; the HTML template escapes what is left.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shared.mail.evening import (
    MIN_BASELINE_DAYS,
    TCPA_USD,
    TCPA_WILFUL_USD,
    ChannelDay,
    Count,
    EveningReport,
    HotLead,
    Stage,
    UnsettledTouch,
    WeekDay,
)
from shared.mail.safe import (
    NAME_LENGTH,
    SAID_LENGTH,
    mail_link,
    plain,
    quoted,
    shown_phone,
    tel_link,
    web_link,
)
from shared.mail.verdict import LineCheck, alarms, beside, line_check, tone, uncounted, verdict
from shared.mail.words import counted, disposition, percent, refusal
from shared.providers.channel import ChannelName

WEEKDAYS = "MTWTFSS"

CHANNEL_TITLES: dict[ChannelName, str] = {"call": "Calls", "email": "Email", "sms": "Texts"}
CHANNEL_MEANS: dict[ChannelName, str] = {"call": "by phone", "email": "by email", "sms": "by text"}
SHARED_ROWS: tuple[tuple[Stage, str], ...] = (("positive", "Positive"), ("booked", "Meetings booked"))
WRITTEN_ROWS: tuple[tuple[Stage, str], ...] = (
    ("planned", "Due"),
    ("sent", "Sent"),
    ("delivered", "Delivered"),
    ("replied", "Replied"),
    *SHARED_ROWS,
)
ROWS: dict[ChannelName, tuple[tuple[Stage, str], ...]] = {
    "call": (
        ("planned", "Due"),
        ("sent", "Calls made"),
        ("answered", "Answered"),
        ("dm_contact", "Decision maker"),
        ("conversation", "Conversations"),
        *SHARED_ROWS,
        ("opted_out", "Asked to stop"),
        ("bounced", "Wrong numbers"),
        ("complained", "Complaints"),
    ),
    "email": (
        *WRITTEN_ROWS,
        ("opted_out", "Unsubscribed"),
        ("bounced", "Bounced"),
        ("complained", "Marked as spam"),
    ),
    "sms": (
        *WRITTEN_ROWS,
        ("opted_out", "Opted out"),
        ("bounced", "Not delivered"),
        ("complained", "Complaints"),
    ),
}
LINE_WORDS = {
    "crossed": "below your line",
    "held": "above your line",
    "unclear": "below your line, but too few calls to be sure",
    "no data": "not measured today; your line is",
}
ARROWS = {"above": "↑", "below": "↓", "usual": ""}


@dataclass(frozen=True)
class Row:
    """One stage of one channel, as printed, with the numbers that its bar is drawn from."""

    label: str
    today: int
    share: str
    usual: str
    mark: str
    mean: float | None


@dataclass(frozen=True)
class Tile:
    """One of the four large figures, with its week."""

    label: str
    figure: int
    usual: str
    week: tuple[int, ...]
    count: Count | None
    slug: str


def evening_view(report: EveningReport) -> dict[str, Any]:
    """Everything the templates print, ready made. Raises `ZoneInfoNotFoundError` for an unknown zone."""
    return {
        **_head(report),
        "alarms": [(alarm.fault, plain(alarm.words)) for alarm in alarms(report)],
        "hot": [_hot(report, lead) for lead in report.hot_leads],
        "approvals": _approvals(report),
        "tiles": _tiles(report),
        "weekdays": [WEEKDAYS[day.day.weekday()] for day in report.week],
        "zones": _zones(report),
        "channels": [_channel(report, day) for day in report.channels if _rows(day)],
        **_refused(report),
        "yesterday": [(plain(f.words), f.value, "" if f.final else "so far") for f in report.yesterday],
        "tests": [(plain(test.name), plain(test.words)) for test in report.tests],
        "unsettled": [_unsettled(touch) for touch in report.unsettled],
        **_money(report),
        "incidents": _incidents(report),
        "notes": _notes(report),
    }


def _head(report: EveningReport) -> dict[str, Any]:
    state = "" if report.live else "Not live"
    return {
        "business": plain(report.business, NAME_LENGTH),
        "day": _long_day(report),
        "zone": plain(report.zone, NAME_LENGTH),
        "counted_at": _clock(report, report.counted_at),
        "state": "Kill switch on" if report.kill_switch else state,
        "interim": report.interim,
        "tone": tone(report),
        "verdict": plain(verdict(report)),
        "subject": subject(report),
        "brake": ("Reply PAUSE" if report.pause_by_reply else "Run `growthloop pause`") + " to stop it all.",
        "dashboard": web_link(report.dashboard_url),
    }


def _long_day(report: EveningReport) -> str:
    return f"{report.day:%A, %B} {report.day.day}, {report.day.year}"


def subject(report: EveningReport) -> str:
    """What the list of mails shows: who waits first, then what is wrong, then the figures."""
    day = f"{report.day:%a %b} {report.day.day}"
    mark = "[interim] " if report.interim else ""
    waiting = len(report.hot_leads)
    parts = [f"{counted(waiting, 'person waits', 'people wait')} for you"] if waiting else []
    if uncounted(report):
        parts.append("the day could not be counted")
    elif report.total("sent") > 0:
        parts += ["something is broken"] if tone(report) == "alarm" else []
        parts.append(f"{counted(report.total('booked'), 'meeting')} booked")
        parts.append(f"{report.contacted.today:,} contacted")
    else:
        parts.append("a day off" if report.day_off else "nothing was sent")
    return plain(f"{mark}{day}: {', '.join(parts)}", 120)


def _clock(report: EveningReport, at: datetime) -> str:
    local = at.astimezone(ZoneInfo(report.zone))
    hour = f"{local.hour % 12 or 12}:{local:%M %p}"
    return hour if local.date() == report.day else f"{local:%a} {local:%b} {local.day}, {hour}"


def _hot(report: EveningReport, lead: HotLead) -> dict[str, str]:
    return {
        "lead": f"{lead.lead_id}",
        "name": plain(lead.name, NAME_LENGTH) or "Name not known",
        "company": plain(lead.company, NAME_LENGTH),
        "means": CHANNEL_MEANS.get(lead.channel, lead.channel),
        "at": _clock(report, lead.at),
        "said": quoted(lead.said),
        "next": plain(lead.next_step, SAID_LENGTH),
        "tel": tel_link(lead.phone),
        "phone": shown_phone(lead.phone),
        "mailto": mail_link(lead.email),
        "email": plain(lead.email or "", NAME_LENGTH),
    }


def _approvals(report: EveningReport) -> list[dict[str, str]]:
    return [
        {
            "words": plain(wait.words),
            "why": plain(wait.why),
            "link": web_link(wait.link),
            "expires": _clock(report, wait.expires) if wait.expires else "",
        }
        for wait in report.approvals
    ]


def _zones(report: EveningReport) -> list[tuple[str, str, str]]:
    return [
        (plain(z.zone, NAME_LENGTH), _clock(report, z.until), f"{z.due:,} due" if z.due else "nothing due")
        for z in report.zones_open
    ]


def _tiles(report: EveningReport) -> list[Tile]:
    if not report.channels:
        return []
    spoken = any(day.channel == "call" for day in report.channels)
    second = (
        ("Conversations", "conversation", "conversations") if spoken else ("Replies", "replied", "replies")
    )
    usual = report.contacted.baseline
    between = f"usually {usual.low:,.0f}–{usual.high:,.0f}" if usual else ""
    return [
        Tile(
            "Contacted",
            report.contacted.today,
            between,
            _week(report, "contacted"),
            report.contacted,
            "contacted",
        ),
        _tile(report, second[0], "conversation" if spoken else "replied", second[2]),
        _tile(report, "Positive", "positive", "positive"),
        _tile(report, "Meetings", "booked", "booked"),
    ]


def _tile(report: EveningReport, label: str, stage: Stage, slug: str) -> Tile:
    counts = [day.counts[stage] for day in report.channels if stage in day.counts]
    means = [count.baseline.mean for count in counts if count.baseline]
    usual = f"usually {_mean(sum(means))}" if means else ""
    return Tile(label, report.total(stage), usual, _week(report, slug), None, slug)


def _week(report: EveningReport, slug: str) -> tuple[int, ...]:
    if slug not in WeekDay.__dataclass_fields__:
        return ()
    return tuple(getattr(day, slug) for day in report.week)


def _mean(value: float) -> str:
    return f"{value:,.0f}" if value >= 10 or value == 0 else f"{value:.1f}"


def _channel(report: EveningReport, day: ChannelDay) -> dict[str, Any]:
    rows = _rows(day)
    told = ", ".join(f"{row.label.lower()} {row.today:,}" for row in rows)
    title = CHANNEL_TITLES[day.channel]
    return {
        "slug": day.channel,
        "title": title,
        "rows": rows,
        "alt": f"{title} today as bars: {told}",
        "outcomes": ", ".join(
            f"{plain(disposition(code), NAME_LENGTH)} {count:,}" for code, count in day.outcomes if count
        ),
        "lines": _lines(report) if day.channel == "call" else [],
    }


def _rows(day: ChannelDay) -> list[Row]:
    return [_row(day, stage, label) for stage, label in ROWS[day.channel] if stage in day.counts]


def _row(day: ChannelDay, stage: Stage, label: str) -> Row:
    count, sent = day.counts[stage], day.today("sent")
    share = percent(count.today / sent) if sent > 0 and stage not in {"planned", "sent"} else ""
    mean = count.baseline.mean if count.baseline else None
    usual = "–" if mean is None else _mean(mean)
    return Row(label, count.today, share, usual, ARROWS[beside(count)], mean)


def _lines(report: EveningReport) -> list[tuple[str, bool]]:
    checks = [line_check(report, line) for line in report.lines]
    return [(_line_words(check), check.state == "crossed") for check in checks]


def _line_words(check: LineCheck) -> str:
    found = "" if check.share is None else f" {percent(check.share)} of {check.out_of:,}"
    place = f"{LINE_WORDS[check.state]} {percent(check.line.floor)}"
    action = f" — {check.line.action}" if check.state == "crossed" else ""
    return f"{plain(check.line.name)}{found}: {place}{action}"


def _refused(report: EveningReport) -> dict[str, Any]:
    reasons = sorted(report.not_contacted, key=lambda reason: (-reason.count, reason.code))
    shown = [(r.count, *_worded(r.code), plain(r.code, 40)) for r in reasons if r.count > 0]
    total, planned = sum(r.count for r in reasons), report.total("planned")
    of = f"{total:,} of {planned:,} due" if planned >= total else f"{total:,}"
    return {"refused": shown, "refused_total": of}


def _worded(code: str) -> tuple[str, str]:
    wording = refusal(code)
    words = plain(wording.words)
    return words[:1].upper() + words[1:], plain(wording.action)


def _unsettled(touch: UnsettledTouch) -> dict[str, str]:
    return {
        "id": plain(touch.touch_id, 40),
        "means": CHANNEL_MEANS.get(touch.channel, touch.channel),
        "age": _age(touch.age),
        "state": "parked" if touch.parked else "being looked up",
        "owner": plain(touch.owner, NAME_LENGTH),
    }


def _age(age: timedelta) -> str:
    minutes = int(age.total_seconds() // 60)
    if minutes < 120:
        return f"{minutes} min"
    hours = minutes // 60
    return f"{hours} h" if hours < 48 else f"{hours // 24} days"


def _money(report: EveningReport) -> dict[str, Any]:
    known = [item.usd for item in report.spend if item.usd is not None]
    unknown = len(report.spend) - len(known)
    together = "Together, as far as known" if unknown else "Together"
    reached = report.channel("call").today("sent") + report.channel("sms").today("sent")
    return {
        "spend": [(plain(s.what, NAME_LENGTH), _usd(s.usd), _budget(s.budget_usd)) for s in report.spend],
        "spend_total": (together, _usd(sum(known))),
        "exposure": _exposure(report) if reached or report.unproven_touches else "",
        "exposed": report.unproven_touches > 0,
    }


def _usd(amount: float | None) -> str:
    return "not known yet" if amount is None else f"${amount:,.2f}"


def _budget(amount: float | None) -> str:
    return "" if amount is None else f"of ${amount:,.2f}"


def _exposure(report: EveningReport) -> str:
    number = report.unproven_touches
    if number <= 0:
        return "Every call and text of today has consent on record: $0 exposed to claims under the TCPA."
    touches = counted(number, "call or text", "calls and texts")
    return (
        f"{touches} of today without consent on record: ${number * TCPA_USD:,} exposed to claims under the "
        f"TCPA at ${TCPA_USD:,} each (up to ${number * TCPA_WILFUL_USD:,} if held wilful)."
    )


def _incidents(report: EveningReport) -> list[tuple[str, str, str]]:
    broken = [(i.at, plain(i.words), "open" if i.open else "mended") for i in report.incidents]
    failed = [
        (s.at, plain(f"Stage {s.stage} failed. {s.words}"), "mended" if s.repaired else "open")
        for s in report.failed_stages
    ]
    listed = sorted([*broken, *failed], key=lambda item: item[0])
    return [(_clock(report, at), words, state) for at, words, state in listed]


def _notes(report: EveningReport) -> list[str]:
    notes = [plain(note) for note in report.notes]
    if report.not_built:
        notes.append(f"Not built yet, so not running: {plain(', '.join(report.not_built))}.")
    if report.channels and report.contacted.baseline is None:
        notes.append(f"“Usual” figures appear after {MIN_BASELINE_DAYS} working days.")
    return notes
