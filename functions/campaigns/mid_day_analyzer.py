"""At two: the morning against each segment's usual morning; the afternoon in a better order, or paused.

Only calls tell by two how they went: replies of a morning are not in yet, so emails and texts are watched
for what people object to, and nothing of theirs is reordered.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from shared import evidence
from shared.errors import ConfigurationError
from shared.evidence import Dimension, Evidence, Metric
from shared.loop import Loop
from shared.period import Period
from shared.providers.channel import ChannelName
from shared.report import StageReport
from shared.state.measures import Figure
from shared.stats import (
    Arm,
    alarm_level,
    benjamini_hochberg,
    chance_of_fewer,
    chance_of_more,
    rate_interval,
)

STAGE = "mid_day_analyzer"
SEGMENTS: tuple[Dimension, ...] = ("region", "industry", "source", "size")
GUARDRAILS: tuple[tuple[ChannelName, Metric], ...] = (
    ("call", "opted_out"),
    ("email", "opted_out"),
    ("email", "complained"),
    ("email", "bounced"),
    ("sms", "opted_out"),
)
CALL: ChannelName = "call"
FALSE_SHARE = 0.1
POINTS = 10
"""What a segment gains or loses against others in the afternoon's queue: a tenth of the scale of scores."""


@dataclass(frozen=True)
class Morning:
    """A segment's morning beside the same hours of its last weeks; `points` is what it is moved by."""

    dimension: Dimension
    level: str
    seen: Arm
    usual: Arm
    evidence: str

    @property
    def points(self) -> int:
        """Up where it reacts more than usual, else down."""
        return POINTS if self.seen.rate > self.usual.rate else -POINTS

    @property
    def words(self) -> str:
        """For the report."""
        place = "later" if self.points < 0 else "sooner"
        return (
            f"Calls, {self.dimension} {self.level}: {self.seen.successes} of {self.seen.n} answered this "
            f"morning, usually {self.usual.rate:.1%}; they come {place} this afternoon"
        )


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:  # noqa: ARG001 - one shape
    """Read the morning, then reorder, flag and pause. A preview says what it would do."""
    if period.day is None:
        raise ConfigurationError("The midday analysis is about a day.", code="usage")
    days = loop.book.outreach.measures.baseline_days
    mornings = unusual(read_morning(loop, period.day, days))
    moved = 0 if preview else reorder(loop, mornings, period)
    weak = weak_scripts(loop, period.day, days)
    breaches = breached(loop, period.day, days)
    paused = [] if preview else [pause(loop, channel, period) for channel in dict(breaches)]
    counts: dict[str, Any] = {
        "segments": [{"words": each.words, "evidence": each.evidence} for each in mornings],
        "moved": moved,
        "weak_scripts": len(weak),
        "paused": sorted(paused),
    }
    notes = (*(f"{each.words}." for each in mornings), *weak, *dict(breaches).values())
    return StageReport(STAGE, None, "ok", counts=counts, notes=notes)


def read_morning(loop: Loop, day: date, days: int) -> list[Morning]:
    """Every segment that was called today, beside the same hours of its last weeks."""
    looked: list[Morning] = []
    for dimension in SEGMENTS:
        asked = _asked(CALL, "answered", (dimension, "hour"), day, day)
        before = _asked(CALL, "answered", (dimension, "hour"), day - timedelta(days), day - timedelta(1))
        pairs = same_hours(evidence.run(loop.state, asked), evidence.run(loop.state, before))
        looked += [Morning(dimension, level, *arms, asked.id) for level, arms in pairs.items()]
    return looked


def _asked(
    channel: ChannelName, metric: Metric, by: tuple[Dimension, ...], since: date, upto: date
) -> Evidence:
    return Evidence(metric, "sent", since, upto, by, (("channel", channel),))


def same_hours(today: Sequence[Figure], before: Sequence[Figure]) -> dict[str, tuple[Arm, Arm]]:
    """level → (this morning, the same hours of that level before), where there is both. Pure."""
    usual = {each.level: Arm(each.n, min(each.k, each.n)) for each in before}
    seen: defaultdict[str, Arm] = defaultdict(lambda: Arm(0, 0))
    past: defaultdict[str, Arm] = defaultdict(lambda: Arm(0, 0))
    for each in today:
        level, _ = each.level
        if level and each.level in usual:
            seen[level] = _plus(seen[level], Arm(each.n, min(each.k, each.n)))
            past[level] = _plus(past[level], usual[each.level])
    return {level: (seen[level], past[level]) for level in seen if seen[level].n and past[level].n}


def _plus(one: Arm, other: Arm) -> Arm:
    return Arm(one.n + other.n, one.successes + other.successes)


def unusual(mornings: Sequence[Morning]) -> list[Morning]:
    """Those that luck hardly explains, all looks of the day taken together. Pure."""
    chances = [
        min(1.0, 2 * min(chance_of_fewer(each.seen, each.usual), chance_of_more(each.seen, each.usual)))
        for each in mornings
    ]
    finds = benjamini_hochberg(chances, FALSE_SHARE)
    return [each for each, find in zip(mornings, finds, strict=True) if find]


def reorder(loop: Loop, mornings: Sequence[Morning], period: Period) -> int:
    """Move the afternoon's calls, also back where it was as usual. What is under test keeps its place."""
    lifts = [{"dimension": m.dimension, "level": m.level, "points": m.points} for m in mornings]
    return loop.state.outreach.reorder(CALL, until=period.end, lifts=lifts)


def weak_scripts(loop: Loop, day: date, days: int) -> tuple[str, ...]:
    """Call scripts below the owner's line for sure, and none that a test is about to judge."""
    line = loop.book.report("reports/evening").lines.answer_rate
    asked = _asked("call", "answered", ("script",), day - timedelta(days=days), day)
    tested = {test.key for test in loop.tests.tests}
    return tuple(
        f"{each.level[0]} is weak: {each.k} of {each.n} calls answered, surely below the line of {line:.0%}."
        for each in evidence.run(loop.state, asked)
        if each.level[0] not in tested and rate_interval(Arm(each.n, min(each.k, each.n)))[1] < line
    )


def breached(loop: Loop, day: date, days: int) -> list[tuple[ChannelName, str]]:
    """Channels on which far more people object than usual: at most one false pause a quarter."""
    found: list[tuple[ChannelName, str]] = []
    level = alarm_level(len(GUARDRAILS), loop.book.outreach.measures.false_alarms_a_quarter)
    for channel, metric in GUARDRAILS:
        seen = _total(loop, channel, metric, day, day)
        usual = _total(loop, channel, metric, day - timedelta(days=days), day - timedelta(days=1))
        if usual.n and chance_of_more(seen, usual) < level:
            words = metric.replace("_", " ")
            found.append(
                (
                    channel,
                    f"{channel.capitalize()} rests until midnight: {words} {seen.successes} of {seen.n}.",
                )
            )
    return found


def _total(loop: Loop, channel: ChannelName, metric: Metric, since: date, upto: date) -> Arm:
    figures = evidence.run(loop.state, _asked(channel, metric, (), since, upto))
    return Arm(figures[0].n, min(figures[0].k, figures[0].n)) if figures else Arm(0, 0)


def pause(loop: Loop, channel: ChannelName, period: Period) -> ChannelName:
    """Let the channel rest for the day, both arms of every test alike."""
    loop.state.reconciliation.rest(channel, until=period.end, code="GUARDRAIL")
    return channel
