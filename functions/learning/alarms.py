"""Is a rate out of the ordinary, and what is the change made of? Looked at every night."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any, Literal

from shared import evidence
from shared.directives.outreach import Measures
from shared.evidence import Dimension, Evidence, Metric
from shared.gate.windows import federal_holiday
from shared.loop import Loop
from shared.state.alarms import Alarm, Cause
from shared.stats import Arm, alarm_level, chance_of_fewer, chance_of_more, decompose, rate_interval

SPANS = (1, 7)
"""Days that are set against the days before them: a fall is deep and sudden, or mild and lasting."""

MIX: tuple[Dimension, ...] = ("source", "industry", "region", "hour", "script")
NEW_WORDS_SHARE = 0.5
SAME_AS_EVER = 0.05
QUIET_DAYS = 7
MONTH = 28


@dataclass(frozen=True)
class Watched:
    """A rate that is watched, which way is bad, and after how many days it is as good as known."""

    channel: str
    part: Metric
    whole: Metric
    bad: Literal["fewer", "more"]
    settles: int = 0

    @property
    def name(self) -> str:
        """As it stands in the stage report."""
        return f"{self.channel}.{self.part}"

    def evidence(self, since: date, upto: date, *by: Dimension) -> Evidence:
        """What to ask the figures."""
        return Evidence(self.part, self.whole, since, upto, by, (("channel", self.channel),))


WATCHED = (
    Watched("call", "answered", "sent", "fewer"),
    Watched("call", "dm_contact", "sent", "fewer"),
    Watched("call", "opted_out", "sent", "more"),
    Watched("email", "delivered", "sent", "fewer", settles=3),
    Watched("email", "replied", "sent", "fewer", settles=7),
    Watched("email", "bounced", "sent", "more"),
    Watched("email", "opted_out", "sent", "more"),
    Watched("sms", "delivered", "sent", "fewer", settles=3),
    Watched("sms", "opted_out", "sent", "more"),
)
Daily = Mapping[date, Arm]


@dataclass(frozen=True)
class Reading:
    """One span of one rate beside its baseline, and how likely chance alone makes it so."""

    watched: Watched
    since: date
    upto: date
    seen: Arm
    baseline: Arm
    chance: float


def look(loop: Loop, day: date) -> tuple[list[Alarm], dict[str, Any]]:
    """The alarms of a day, and every watched rate with its interval, baseline, last week and last month."""
    policy = loop.book.outreach.measures
    level = alarm_level(len(WATCHED) * len(SPANS), policy.false_alarms_a_quarter)
    alarms, rates = list[Alarm](), dict[str, Any]()
    for watched in WATCHED:
        last = day - timedelta(days=watched.settles)
        since = last - timedelta(days=policy.baseline_days + SPANS[-1] + MONTH)
        figures = evidence.run(loop.state, watched.evidence(since, day, "day"))
        daily = {date.fromisoformat(each.level[0]): Arm(each.n, min(each.k, each.n)) for each in figures}
        worst = min(readings(watched, daily, last, policy), key=lambda each: each.chance)
        if worst.chance < level:
            alarms.append(_alarm(loop, worst, day))
        elif watched.part in ("answered", "delivered") and silent(daily, day):
            alarms.append(_silence(watched, day, since))
        if daily:
            rates[watched.name] = compared(daily, last, policy)
    return alarms, rates


def readings(watched: Watched, daily: Daily, last: date, policy: Measures) -> Iterator[Reading]:
    """The spans up to the last day that is known, each beside the days before it. Pure."""
    for span in SPANS:
        since = last - timedelta(days=span - 1)
        seen, before = total(daily, since, span), total(daily, since, -policy.baseline_days)
        chance = chance_of_fewer if watched.bad == "fewer" else chance_of_more
        yield Reading(watched, since, last, seen, before, chance(seen, before) if before.n else 1.0)


def total(daily: Daily, since: date, days: int) -> Arm:
    """All of so many days from `since` on; a negative number counts the days before it. Pure."""
    span = range(days) if days > 0 else range(days, 0)
    arms = [daily.get(since + timedelta(days=each), Arm(0, 0)) for each in span]
    return Arm(sum(arm.n for arm in arms), sum(arm.successes for arm in arms))


def silent(daily: Daily, day: date) -> bool:
    """Nothing went out, although on this weekday something did in each of the last four weeks. Pure."""
    if federal_holiday(day):
        return False
    before = [daily.get(day - timedelta(weeks=week), Arm(0, 0)).n for week in range(1, 5)]
    return not daily.get(day, Arm(0, 0)).n and all(before)


def compared(daily: Daily, last: date, policy: Measures) -> dict[str, Any]:
    """A day's rate with its interval, beside the baseline, the week and the month before. Pure."""
    spans = {
        "day": total(daily, last, 1),
        "baseline": total(daily, last, -policy.baseline_days),
        "last_week": total(daily, last - timedelta(days=6), -7),
        "last_month": total(daily, last - timedelta(days=MONTH - 1), -MONTH),
    }
    return {"upto": last.isoformat()} | {
        name: {"n": arm.n, "k": arm.successes, "interval": [round(each, 4) for each in rate_interval(arm)]}
        for name, arm in spans.items()
    }


def _alarm(loop: Loop, reading: Reading, day: date) -> Alarm:
    watched, cause = reading.watched, cause_of(loop, reading)
    asked = watched.evidence(reading.since, reading.upto)
    return Alarm(
        day=day,
        kind=watched.bad,
        channel=watched.channel,
        metric=watched.part,
        cause=cause,
        words=in_words(reading, cause),
        figures={
            "n": reading.seen.n,
            "k": reading.seen.successes,
            "baseline_n": reading.baseline.n,
            "baseline_k": reading.baseline.successes,
            "p_value": reading.chance,
        },
        evidence=asked.id,
    )


def _silence(watched: Watched, day: date, since: date) -> Alarm:
    return Alarm(
        day=day,
        kind="silent",
        channel=watched.channel,
        metric="sent",
        cause="unknown",
        words=f"No {watched.channel} went out on {day:%A}, which never happened in the four weeks before",
        figures={"n": 0},
        evidence=Evidence("sent", "sent", since, day, ("day",), (("channel", watched.channel),)).id,
    )


def cause_of(loop: Loop, reading: Reading) -> Cause:
    """What the change is made of; the first that explains it, an instrument before all others."""
    days = loop.book.outreach.measures.baseline_days
    began, until = _midnight(loop, reading.since), _midnight(loop, reading.upto + timedelta(days=1))
    if loop.state.alarms.instruments_changed(began, until):
        return "instrument"
    before = {by: _arms(loop, reading, by, -days) for by in (*MIX, "version")}
    after = {by: _arms(loop, reading, by, 0) for by in (*MIX, "version")}
    if any(decompose(before[by], after[by]).of_mix for by in MIX):
        return "mix"
    return "script" if of_new_words(reading, before["version"], after["version"]) else "rate"


def of_new_words(reading: Reading, before: Mapping[str, Arm], after: Mapping[str, Arm]) -> bool:
    """Most carry words that the baseline did not know, and the others fare as ever. Pure."""
    old = [arm for version, arm in after.items() if version in before]
    kept = Arm(sum(arm.n for arm in old), sum(arm.successes for arm in old))
    chance = chance_of_fewer if reading.watched.bad == "fewer" else chance_of_more
    return kept.n < NEW_WORDS_SHARE * reading.seen.n and chance(kept, reading.baseline) > SAME_AS_EVER


def _arms(loop: Loop, reading: Reading, by: Dimension, days: int) -> dict[str, Arm]:
    """The counts of the span by a dimension, or of the `days` before it where that is negative."""
    since = reading.since + timedelta(days=days)
    upto = reading.since - timedelta(days=1) if days else reading.upto
    figures = evidence.run(loop.state, reading.watched.evidence(since, upto, by))
    return {each.level[0]: Arm(each.n, min(each.k, each.n)) for each in figures}


WHY: Mapping[Cause, str] = {
    "rate": "the same sort of people react otherwise",
    "mix": "other people were contacted, each sort reacts as before",
    "instrument": "outcomes are read otherwise since a prompt or fixed sentence changed",
    "script": "it came with new words; with the old ones it is as before",
    "unknown": "nothing tells why",
}


def in_words(reading: Reading, cause: Cause) -> str:
    """One sentence for the owner. Pure."""
    watched, seen, usual = reading.watched, reading.seen, reading.baseline
    one_day = reading.since == reading.upto
    span = f"on {reading.upto:%A}" if one_day else f"in the week up to {reading.upto:%B %-d}"
    return (
        f"{watched.channel.capitalize()}, {watched.part.replace('_', ' ')}: {seen.rate:.1%} {span} "
        f"({seen.successes} of {seen.n}), usually {usual.rate:.1%}: {WHY[cause]}"
    )


def sentences(alarms: Sequence[Alarm]) -> tuple[str, ...]:
    """For the stage report."""
    return tuple(f"Alarm. {each.words}." for each in alarms)


def _midnight(loop: Loop, day: date) -> datetime:
    return datetime.combine(day, time(), loop.zone)
