"""What differs between segments: found in the loop's own figures, each with the question that gives it.

A pattern is an observation, not a cause: it says where to look and what to test. It is stored while it
holds, so that the same one is not told as new each week.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from shared import evidence
from shared.evidence import Counts, Dimension, Evidence, Metric
from shared.loop import Loop
from shared.state.measures import Figure
from shared.state.patterns import Pattern
from shared.stats import (
    Arm,
    Contrast,
    Pooled,
    Stratum,
    benjamini_hochberg,
    contrast,
    dispersion,
    pooled_ratios,
)

DAYS = 56
FALSE_SHARE = 0.05
"""Of the patterns found in one week, at most this share is expected to be false."""

MATERIAL = 1.10
"""Even the near end of the interval is this much away from no difference: less is of no use to anybody."""

PEOPLE: tuple[Dimension, ...] = ("industry", "size", "region", "zone", "source")
MOMENTS: tuple[Dimension, ...] = ("hour", "weekday", "script", "version")
AFTER_OBJECTIONS: tuple[Metric, ...] = ("conversation", "booked")
METRICS: Mapping[str, tuple[Metric, ...]] = {
    "call": ("answered", "dm_contact", "booked"),
    "email": ("replied", "positive", "booked"),
    "sms": ("replied", "positive"),
}
NOTHING_KNOWN = ""


@dataclass(frozen=True)
class Question:
    """Does `numerator` of what was sent on a channel differ by a dimension?"""

    channel: str
    numerator: Metric
    dimension: Dimension

    @property
    def counts(self) -> Counts:
        """Companies for what people are; first touches alone for what an hour or a text does to them."""
        if self.dimension == "objection":
            return "talks"
        return "companies" if self.dimension in PEOPLE else "first_touches"

    @property
    def strata(self) -> tuple[Dimension, ...]:
        """Within what it is compared: a day, and versions of a text within the text."""
        return ("day", "script") if self.dimension == "version" else ("day",)

    def evidence(self, since: date, upto: date, *by: Dimension) -> Evidence:
        """What to ask the figures."""
        where: tuple[tuple[Dimension, str], ...] = (("channel", self.channel),)
        whole: Metric = "answered" if self.counts == "talks" else "sent"
        return Evidence(self.numerator, whole, since, upto, (self.dimension, *by), where, self.counts)


@dataclass(frozen=True)
class Candidate:
    """A segment with its contrast and what to expect of it."""

    question: Question
    level: str
    contrast: Contrast
    pooled: Pooled


def find_patterns(loop: Loop, day: date) -> list[Pattern]:
    """Ask the figures of the 56 days up to `day` and keep what holds, strongest first.

    What was stored and no longer holds is closed. Companies of one day are compared with those of the same
    day, so neither season nor a list that changes makes a pattern; outcomes so young that they may still
    come are as young on both sides.
    """
    since = day - timedelta(days=DAYS - 1)
    candidates = list[Candidate]()
    for question in questions():
        asked = question.evidence(since, day, *question.strata)
        candidates += judged(question, evidence.run(loop.state, asked))
    found = [_pattern(each, since, day) for each in material(candidates)]
    loop.state.patterns.keep(found, day)
    return found


def questions() -> Iterator[Question]:
    """Everything that is asked each week."""
    for channel, metrics in METRICS.items():
        for metric in metrics:
            for dimension in (*PEOPLE, *MOMENTS):
                yield Question(channel, metric, dimension)
    for metric in AFTER_OBJECTIONS:
        yield Question("call", metric, "objection")


def judged(question: Question, figures: Sequence[Figure]) -> list[Candidate]:
    """The segments of one dimension that there is enough of, shrunken towards each other. Pure."""
    cells = _by_level(figures, weekly=question.dimension == "weekday")
    totals = _totals(cells)
    contrasts = {
        level: found
        for level, of in cells.items()
        if level != NOTHING_KNOWN and (found := contrast(_strata(of, totals))) is not None
    }
    spread = _dispersion(cells, totals)
    wide = {level: found.widened(spread) for level, found in contrasts.items()}
    pooled = pooled_ratios(list(wide.values()))
    return [
        Candidate(question, level, found, expect)
        for (level, found), expect in zip(wide.items(), pooled, strict=True)
    ]


def material(candidates: Sequence[Candidate]) -> list[Candidate]:
    """Those that are neither luck nor trifles, strongest first. Pure."""
    finds = benjamini_hochberg([each.contrast.p_value for each in candidates], FALSE_SHARE)
    kept = [
        each
        for each, find in zip(candidates, finds, strict=True)
        if find and (each.pooled.low > MATERIAL or each.pooled.high < 1 / MATERIAL)
    ]
    return sorted(kept, key=lambda each: each.contrast.p_value)


def _by_level(figures: Sequence[Figure], *, weekly: bool) -> dict[str, dict[str, Arm]]:
    """level → stratum → counts. Weekdays never share a day, so they are compared within a week."""
    cells: defaultdict[str, dict[str, Arm]] = defaultdict(dict)
    for figure in figures:
        level, day, *text = figure.level
        when = "{}-{}".format(*date.fromisoformat(day).isocalendar()[:2]) if weekly else day
        stratum = " ".join((when, *text))
        before = cells[level].get(stratum, Arm(0, 0))
        cells[level][stratum] = Arm(before.n + figure.n, before.successes + figure.k)
    return cells


def _totals(cells: Mapping[str, Mapping[str, Arm]]) -> dict[str, Arm]:
    totals: dict[str, Arm] = {}
    for strata in cells.values():
        for stratum, arm in strata.items():
            before = totals.get(stratum, Arm(0, 0))
            totals[stratum] = Arm(before.n + arm.n, before.successes + arm.successes)
    return totals


def _strata(of: Mapping[str, Arm], totals: Mapping[str, Arm]) -> list[Stratum]:
    return [
        Stratum(arm, Arm(totals[name].n - arm.n, totals[name].successes - arm.successes))
        for name, arm in of.items()
    ]


def _dispersion(cells: Mapping[str, Mapping[str, Arm]], totals: Mapping[str, Arm]) -> float:
    """How much the counts vary beyond what day and level explain."""
    expected = [
        (arm, min(totals[name].rate * _observed(of, totals), 0.99))
        for of in cells.values()
        for name, arm in of.items()
    ]
    return dispersion(expected, len(cells) + len(totals) - 1)


def _observed(of: Mapping[str, Arm], totals: Mapping[str, Arm]) -> float:
    expected = sum(arm.n * totals[name].rate for name, arm in of.items())
    return sum(arm.successes for arm in of.values()) / expected if expected else 1.0


def _pattern(each: Candidate, since: date, upto: date) -> Pattern:
    question = each.question
    return Pattern(
        channel=question.channel,
        metric=question.numerator,
        dimension=question.dimension,
        level=each.level,
        ratio=round(each.pooled.ratio, 3),
        low=round(each.pooled.low, 3),
        high=round(each.pooled.high, 3),
        p_value=each.contrast.p_value,
        n=each.contrast.n,
        k=each.contrast.k,
        evidence=question.evidence(since, upto).id,
        since=since,
        upto=upto,
    )
