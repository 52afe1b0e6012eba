"""What the owner's weekly email shows: what was learned, what is tried next, how right we were."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared.mail.evening import ApprovalWaiting, ExperimentLine
from shared.mail.safe import plain, web_link
from shared.state.hypotheses import Calibration, Hypothesis
from shared.state.patterns import Pattern

FEW_SCORED = 5


@dataclass(frozen=True)
class ChannelWeek:
    """One channel's counts of this week and the one before, by metric in order."""

    channel: str
    rows: tuple[tuple[str, int, int], ...]


@dataclass(frozen=True)
class WeeklyReport:
    """Everything the weekly email shows. `why` says why the built-in analyst wrote it; empty: Claude did.

    Claims are a model's words about our own figures: data, printed plainly and cut short.
    """

    week: date
    business: str
    zone: str
    channels: tuple[ChannelWeek, ...]
    patterns: tuple[Pattern, ...]
    hypotheses: tuple[Hypothesis, ...]
    tests: tuple[ExperimentLine, ...]
    approvals: tuple[ApprovalWaiting, ...]
    changes: tuple[str, ...]
    calibration: Calibration
    why: str = ""
    model_usd: float = 0.0


def weekly_view(report: WeeklyReport) -> dict[str, Any]:
    """The template's values."""
    until = report.week + timedelta(days=6)
    gone_on = [each for each in report.hypotheses if each.state in ("forward", "asked")]
    return {
        "subject": f"Week of {report.week:%B %-d}: {_headline(report)}",
        "headline": _headline(report),
        "business": plain(report.business),
        "span": f"{report.week:%B %-d} to {until:%B %-d}",
        "channels": [(plain(each.channel), each.rows) for each in report.channels],
        "patterns": [pattern_words(each) for each in report.patterns],
        "ideas": [_idea(each) for each in gone_on],
        "kept": [plain(each.claim) for each in report.hypotheses if each.state == "kept"],
        "ended": [
            f"{plain(each.claim)} {each.state.capitalize()}: {plain(each.reason or '')}."
            for each in report.hypotheses
            if each.state in ("supported", "refuted", "undecided")
        ],
        "rejected": sum(each.state == "rejected" for each in report.hypotheses),
        "tests": [(plain(each.name), plain(each.words)) for each in report.tests],
        "approvals": [(plain(each.words), plain(each.why), web_link(each.link)) for each in report.approvals],
        "changes": [plain(each) for each in report.changes],
        "calibration": calibration_words(report.calibration),
        "author": f"Written by the built-in analyst ({plain(report.why)})."
        if report.why
        else "Written by Claude.",
        "cost": f"Claude cost ${report.model_usd:.2f} this week.",
        "zone": report.zone,
    }


def pattern_words(pattern: Pattern) -> str:
    """A pattern in a sentence, with its interval and count."""
    metric = pattern.metric.replace("_", " ")
    return (
        f"By {pattern.channel}, {pattern.dimension} {plain(pattern.level, 40)}: {metric} {pattern.ratio:.1f} "
        f"times as often as others ({pattern.low:.1f} to {pattern.high:.1f}, n = {pattern.n:,})."
    )


def calibration_words(found: Calibration) -> str:
    """How right predictions were; too few are said to be too few."""
    if not found.scored or found.brier is None or found.mean_probability is None:
        return "No prediction was scored yet."
    few = " Too few to say much." if found.scored < FEW_SCORED else ""
    held = (
        f" The interval held what was seen in {found.covered} of {found.with_lift}."
        if found.with_lift
        else ""
    )
    return (
        f"{found.came_true} of {found.scored} predictions came true; {found.mean_probability:.0%} was "
        f"expected (Brier {found.brier:.2f}).{held}{few}"
    )


def _headline(report: WeeklyReport) -> str:
    ideas = sum(each.state in ("forward", "asked") for each in report.hypotheses)
    asked = sum(each.state == "asked" for each in report.hypotheses)
    words = f"{_counted(len(report.patterns), 'pattern')} found, {_counted(ideas, 'idea')} to test"
    return f"{words}, {asked} waiting for you" if asked else words


def _counted(n: int, what: str) -> str:
    return f"{n or 'no'} {what}{'' if n == 1 else 's'}"


def _idea(each: Hypothesis) -> tuple[str, str, str]:
    waits = "waits for your yes" if each.state == "asked" else "goes into the queue of tests"
    predicted = (
        f"Expected {each.lift:+.0%} on {each.metric.replace('_', ' ')} "
        f"({each.lift_low:+.0%} to {each.lift_high:+.0%}), with {each.probability:.0%}; "
        f"scored by {each.due_on:%B %-d}. It {waits}."
    )
    return plain(each.claim), plain(each.why), predicted
