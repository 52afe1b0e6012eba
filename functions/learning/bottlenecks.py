"""Where leads pile up, and the remedy that is tested for it: one of a kind, through a lever that exists."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import yaml

from functions.learning.levers import proposal
from shared.directives.book import Book
from shared.directives.models import Playbook
from shared.directives.outreach import Bottlenecks
from shared.errors import DirectiveError
from shared.frontmatter import split
from shared.loop import Loop
from shared.state.patterns import StandingPattern
from shared.state.skills import Flow, SkillKind, SourceYield

ARRIVAL_DAYS = 7
OUTCOME_DAYS = 28
SETTLED_DAYS = 14
ENOUGH = 30
"""Companies below which a share says nothing: three in three has an interval from 44 to 100 %."""

EXPECTED_LIFT = 0.25


@dataclass(frozen=True)
class Bottleneck:
    """One of the five, with its figure and where it should be. `value` is None where nothing measures it."""

    kind: SkillKind
    problem: str
    metric: str
    value: float | None
    target: float
    found: bool


def bottlenecks(flow: Flow, limits: Bottlenecks) -> list[Bottleneck]:
    """All five, found or not. Nothing to divide by is no figure and no bottleneck. Pure."""
    contacted, qualified = _share(flow.contacted, flow.new), _share(flow.qualified, flow.reached)
    late = flow.response_hours is not None and flow.response_hours > limits.response_hours
    few = contacted is not None and contacted < limits.contacted_share
    slow = flow.days_to_qualified is not None and flow.days_to_qualified > limits.qualified_days
    low = _weak_source(flow.sources, limits)
    return [
        Bottleneck(
            "instant-responder",
            "new leads wait too long for their first contact" if late else "too few new leads are contacted",
            "response_hours" if late or not few else "contacted_share",
            flow.response_hours if late or not few else contacted,
            limits.response_hours / 2 if late or not few else limits.contacted_share,
            late or few,
        ),
        Bottleneck(
            "lead-scorer",
            "too few of the contacted answer positively",
            "qualified_share",
            qualified,
            limits.qualified_share,
            qualified is not None and qualified < limits.qualified_share,
        ),
        Bottleneck(
            "pattern-optimizer",
            "replies are read wrongly too often",
            "classifier_f1",
            None,
            limits.classifier_f1,
            found=False,
        ),
        Bottleneck(
            "follow-up-sequencer",
            "from the first contact to a positive answer takes too long",
            "days_to_qualified",
            flow.days_to_qualified,
            limits.qualified_days,
            slow,
        ),
        Bottleneck(
            "source-optimizer",
            f"{low.source} brings far less than another source" if low else "no source lags far behind",
            "source_yield",
            low.k / low.n if low else None,
            limits.source_low,
            low is not None,
        ),
    ]


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole >= ENOUGH else None


def _weak_source(sources: tuple[SourceYield, ...], limits: Bottlenecks) -> SourceYield | None:
    enough = [each for each in sources if each.n >= ENOUGH]
    if not any(each.k / each.n > limits.source_high for each in enough):
        return None
    weakest = min(enough, key=lambda each: each.k / each.n)
    return weakest if weakest.k / weakest.n < limits.source_low else None


@dataclass(frozen=True)
class Change:
    """What a remedy alters: a lever of one directive, and the metric its test is judged by."""

    lever: str
    key: str
    text: str
    metric: str
    claim: str


Remedy = Callable[[Book, tuple[StandingPattern, ...]], Change | None]


def sooner(book: Book, _patterns: tuple[StandingPattern, ...]) -> Change | None:
    """Bring the first contact on a later channel forward to the first day; None where all start at once."""
    key, playbook = _cold(book)
    first: dict[str, int] = {}
    for place, step in enumerate(playbook.steps):
        first.setdefault(step.channel, place)
    late = [place for place in sorted(first.values()) if playbook.steps[place].day > 0]
    if not late:
        return None
    days = [step.day for step in playbook.steps]
    earlier = [*(0 if place <= late[0] else day for place, day in enumerate(days))]
    return _spaced(book, key, playbook, earlier, "The first contact comes sooner when no channel waits")


def denser(book: Book, _patterns: tuple[StandingPattern, ...]) -> Change | None:
    """Take a third off the days between the steps; None where they follow each other daily already."""
    key, playbook = _cold(book)
    days = [step.day * 2 // 3 for step in playbook.steps]
    return _spaced(book, key, playbook, days, "Answers come sooner when the steps follow each other faster")


def at_the_best_hour(book: Book, patterns: tuple[StandingPattern, ...]) -> Change | None:
    """Call first at the hour that stands out; None while no hour does."""
    hours = [p for p in patterns if (p.channel, p.dimension) == ("call", "hour") and p.ratio > 1]
    if not hours:
        return None
    best = max(hours, key=lambda each: each.low)
    key, playbook = _cold(book)
    steps = [step.model_dump(exclude_none=True, exclude={"purpose"}) for step in playbook.steps]
    for step in steps:
        if step["channel"] == "call":
            step["hour"] = int(best.level)
    claim = f"Calls from {int(best.level)}:00 on are answered more often"
    return Change("call_hour", key, _rewritten(book, key, steps), "answered", claim)


REMEDIES: dict[SkillKind, Remedy] = {
    "instant-responder": sooner,
    "pattern-optimizer": at_the_best_hour,
    "follow-up-sequencer": denser,
}
NOT_MEASURED: dict[SkillKind, str] = {
    "instant-responder": "too few new companies came in",
    "lead-scorer": f"fewer than {ENOUGH} companies have had their time",
    "pattern-optimizer": "nobody labels replies",
    "follow-up-sequencer": "nobody has answered positively",
}
NO_LEVER: dict[SkillKind, str] = {
    "lead-scorer": "ranking is no lever of a test: a random tenth of each day's capacity judges it",
    "source-optimizer": "there is no enrichment that a test could switch",
}


def _cold(book: Book) -> tuple[str, Playbook]:
    key = book.outreach.default_playbook
    return key, book.playbooks[key]


def _spaced(book: Book, key: str, playbook: Playbook, days: list[int], claim: str) -> Change | None:
    """The same steps on other days, two of one channel never on one day; None where nothing changes."""
    taken: set[tuple[str, int]] = set()
    steps, last = list[dict[str, Any]](), 0
    for step, wanted in zip(playbook.steps, days, strict=True):
        day = max(wanted, last)
        while (step.channel, day) in taken:
            day += 1
        taken.add((step.channel, day))
        last = day
        steps.append(step.model_dump(exclude_none=True, exclude={"purpose"}) | {"day": day})
    if [each["day"] for each in steps] == [step.day for step in playbook.steps]:
        return None
    return Change("step_spacing", key, _rewritten(book, key, steps), "positive", claim)


def _rewritten(book: Book, key: str, steps: list[dict[str, Any]]) -> str:
    data, prose = split(book.version(key).text, file=f"{key}.md")
    text = yaml.safe_dump(data | {"steps": steps}, sort_keys=False)
    return f"---\n{text}---\n{prose}"


def tend(loop: Loop, day: date) -> tuple[str, ...]:
    """Look at the five of a day and spawn what may be; what was found and done, in words."""
    found = bottlenecks(_flow(loop, day), loop.book.outreach.bottlenecks)
    patterns = tuple(each for each in loop.state.patterns.held(day, day) if each.gone_on is None)
    return tuple(_in_words(loop, each, patterns) for each in found if _worth_a_word(each))


def _flow(loop: Loop, day: date) -> Flow:
    """Arrivals that had their week by the end of the day; outcomes of those contacted two weeks before."""
    end = datetime.combine(day + timedelta(days=1), time(), loop.zone)
    last = day - timedelta(days=SETTLED_DAYS)
    return loop.state.skills.flow(
        end - timedelta(days=ARRIVAL_DAYS), end, last - timedelta(days=OUTCOME_DAYS - 1), last
    )


def _worth_a_word(each: Bottleneck) -> bool:
    return each.found or (each.value is None and each.kind in NOT_MEASURED)


def _in_words(loop: Loop, each: Bottleneck, patterns: tuple[StandingPattern, ...]) -> str:
    if each.value is None:
        return f"{each.metric.replace('_', ' ').capitalize()}: not measured, {NOT_MEASURED[each.kind]}."
    return f"{each.problem.capitalize()} ({each.value:.2g}): {spawn(loop, each, patterns)}."


def spawn(loop: Loop, bottleneck: Bottleneck, patterns: tuple[StandingPattern, ...]) -> str:
    """Queue the remedy with its test, or say why not."""
    remedy = REMEDIES.get(bottleneck.kind)
    if remedy is None:
        return f"no skill, {NO_LEVER[bottleneck.kind]}"
    change = remedy(loop.book, patterns)
    if change is None:
        return f"no {bottleneck.kind}, there is nothing left for it to change"
    try:
        asked = proposal(
            loop.book,
            lever=change.lever,
            key=change.key,
            text=change.text,
            metric=change.metric,
            claim=change.claim,
            expected_lift=EXPECTED_LIFT,
            proposed_by="loop",
        )
    except DirectiveError as error:
        return f"no {bottleneck.kind}, its change is not allowed: {error}"
    skill = {
        "kind": bottleneck.kind,
        "problem": bottleneck.problem,
        "metric": bottleneck.metric,
        "baseline_value": bottleneck.value,
        "target_value": bottleneck.target,
    }
    refused = loop.state.skills.spawn(skill, asked, rest_days=loop.book.outreach.bottlenecks.rest_days)
    return f"no new {bottleneck.kind}, {refused}" if refused else f"{bottleneck.kind} spawned with its test"
