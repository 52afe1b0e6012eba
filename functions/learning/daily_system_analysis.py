"""Every evening: the whole system read for what gets worse and what is missing, for the next report."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Annotated, Any

from pydantic import Field

from functions import stages
from functions.learning.proposals import Shape
from functions.learning.weekly_learning_agent import out_of_turn
from functions.model_calls import ask
from shared.errors import ConfigurationError
from shared.loop import Loop
from shared.period import Period
from shared.quoting import data_block
from shared.report import StageReport
from shared.state.hypotheses import Author, Review

STAGE = "daily_system_analysis"
PROMPT = "prompts/system_analysis"
WEEK = timedelta(days=7)
MOST_ROWS = 50
OFTEN = 3
"""The same trouble so many times a week is no accident any more."""


@dataclass(frozen=True)
class Fact:
    """One thing that is so, and what the built-in analyst makes of it; empty: nothing."""

    id: str
    says: str
    improvement: str = ""
    gap: str = ""


class Point(Shape):
    """One sentence, and the facts it rests on."""

    words: Annotated[str, Field(min_length=5, max_length=300)]
    facts: list[str]


class Reading(Shape):
    """What an evening's reading gives."""

    improvements: Annotated[list[Point], Field(max_length=5)]
    gaps: Annotated[list[Point], Field(max_length=5)]


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:
    """Read the facts of the week, keep the page; a fall in decision-maker contact is learned from at once."""
    if period.day is None:
        raise ConfigurationError("The system analysis is about a day.", code="usage")
    facts = list(gather(loop, period.day))
    if preview:
        return StageReport(STAGE, None, "ok", notes=tuple(each.says for each in facts))
    early = out_of_turn(loop, period.day)
    asked = data_block("facts", [{"id": each.id, "says": each.says} for each in facts])
    answer = ask(
        loop, PROMPT, asked, Reading, natural_key=f"model:{PROMPT}:{period.day.isoformat()}:{run_no}"
    )
    author: Author = "analyst" if answer.value is None else "claude"
    reading = answer.value or plain_reading(facts)
    review = reviewed(period.day, author, reading, facts)
    loop.state.memory.keep_review(review)
    loop.state.memory.learn(failure_modes(loop, period.day))
    counts = {"author": author, "improvements": len(review.improvements), "gaps": len(review.gaps)}
    notes = (*review.improvements, *review.gaps)
    return StageReport(
        STAGE, None, "ok", counts=counts | {"early": early is not None, "why": answer.why}, notes=notes
    )


def reviewed(day: date, author: Author, reading: Reading, facts: Sequence[Fact]) -> Review:
    """The page, without what rests on no fact. Pure."""
    known = {each.id for each in facts}

    def held(points: Sequence[Point]) -> tuple[str, ...]:
        return tuple(each.words for each in points if each.facts and known.issuperset(each.facts))

    return Review(
        day=day, written_by=author, improvements=held(reading.improvements), gaps=held(reading.gaps)
    )


def plain_reading(facts: Sequence[Fact]) -> Reading:
    """What the built-in analyst reads from the facts: each speaks for itself. Pure."""
    improvements = [Point(words=each.improvement, facts=[each.id]) for each in facts if each.improvement]
    gaps = [Point(words=each.gap, facts=[each.id]) for each in facts if each.gap]
    return Reading(improvements=improvements[:5], gaps=gaps[:5])


def gather(loop: Loop, day: date) -> Iterator[Fact]:
    """Facts in our own words and counts: no person, nothing anybody wrote."""
    now = loop.clock.now()
    yield from failing(loop.state.stages.failures(now - WEEK))
    yield from recurring(loop.state.incidents.since(now - WEEK, MOST_ROWS))
    for name in stages.not_built():
        yield Fact(
            f"not_built:{name}",
            f"{name} is not built in this release.",
            gap=f"{stages.get(name).does} ({name})",
        )
    for alarm in loop.state.alarms.between(day - WEEK, day):
        yield Fact(f"alarm:{alarm.id}", alarm.words, improvement=f"Look into this: {alarm.words}")
    talks = loop.state.calls.talks(now - WEEK, now)
    if talks.undisclosed:
        words = f"{talks.undisclosed} of {talks.talks} talks this week were without the disclosure."
        yield Fact("undisclosed", words, improvement=f"Listen to them: {words}")
    if not loop.settings.anthropic_api_key:
        yield Fact(
            "no_key", "No key for Claude is set.", gap="Hypotheses in new words: no key for Claude is set."
        )
    scored = loop.state.hypotheses.calibration()
    if scored.scored:
        yield Fact(
            "calibration",
            f"{scored.came_true} of {scored.scored} predictions came true, Brier {scored.brier}.",
        )


def failing(rows: Sequence[dict[str, Any]]) -> Iterator[Fact]:
    """Stages that failed several times. Pure."""
    counts: dict[tuple[str, str], int] = {}
    for row in rows:
        key = (row["stage"], str((row["error"] or {}).get("code", "error")))
        counts[key] = counts.get(key, 0) + 1
    for (stage, code), n in sorted(counts.items(), key=lambda each: (-each[1], each[0])):
        words = f"{stage} failed {n} times this week with {code}."
        yield Fact(f"failed:{stage}:{code}", words, improvement=words if n >= OFTEN else "")


def recurring(rows: Sequence[dict[str, Any]]) -> Iterator[Fact]:
    """Incidents by kind. Pure."""
    counts: dict[str, list[str]] = {}
    for row in rows:
        if row["severity"] != "notice":
            counts.setdefault(row["kind"], []).append(str(row["words"]))
    for kind, words in sorted(counts.items(), key=lambda each: (-len(each[1]), each[0])):
        says = f"{words[0].capitalize()}, {len(words)} times this week ({kind})."
        yield Fact(f"incident:{kind}", says, improvement=says if len(words) >= OFTEN else "")


def failure_modes(loop: Loop, day: date) -> list[dict[str, Any]]:
    """What broke again and again, for the memory: once a month each."""
    now = loop.clock.now()
    facts = [
        *failing(loop.state.stages.failures(now - WEEK)),
        *recurring(loop.state.incidents.since(now - WEEK, MOST_ROWS)),
    ]
    return [
        {
            "key": f"{each.id}:{day:%Y-%m}",
            "kind": "failure_mode",
            "title": each.id.replace(":", " ").replace("_", " "),
            "told": each.says,
            "evidence": [],
            "source": STAGE,
        }
        for each in facts
        if each.improvement
    ]
