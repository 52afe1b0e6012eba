"""Sunday evening: what the week's figures say, what to test next, and the owner's weekly email."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache
from typing import Any

from functions.issues import hand_over_issue
from functions.learning.analyst import Material, weekly_answer
from functions.learning.checking import checked, lesson_row, texts_of
from functions.learning.follow_up import follow_up, go_on
from functions.learning.patterns import METRICS, find_patterns
from functions.learning.proposals import WeeklyAnswer
from functions.learning.weekly_mail import weekly_report
from functions.model_calls import ask
from functions.owner_deliveries import hand_over, mail_payload
from shared import evidence
from shared.directives.files import content_hash
from shared.errors import ConfigurationError, EvidenceError
from shared.evidence import Evidence
from shared.loop import Loop
from shared.period import Period
from shared.quoting import data_block
from shared.report import StageReport
from shared.state.hypotheses import Author, Cited, Hypothesis, Kept
from shared.state.measures import Figure
from shared.state.patterns import Pattern

STAGE = "weekly_learning_agent"
PROMPT = "prompts/weekly_learning"
DAYS = 28
RECENT_LEARNINGS = 30


@dataclass(frozen=True)
class Written:
    """What the analyst said, which one it was, and why not Claude."""

    author: Author
    answer: WeeklyAnswer
    why: str
    cost_usd: float


def run(loop: Loop, period: Period, *, preview: bool, run_no: int) -> StageReport:
    """Learn from the week and say so; cut short, it goes on where it was, and does nothing twice."""
    if period.day is None:
        raise ConfigurationError("The weekly learning run is about a week.", code="usage")
    week = period.day
    if preview:
        return StageReport(STAGE, None, "ok", notes=(f"Would learn from the 28 days up to {_upto(loop)}.",))
    closed = follow_up(loop)
    loop.state.alarms.answer("call", "dm_contact", actor=STAGE)
    learned = learn(loop, week)
    mail = weekly_report(loop, week, learned.written.why)
    key = f"weekly_report:{week.isoformat()}:{run_no}"
    outcome = hand_over(loop, "email", mail_payload(loop, mail), natural_key=key)
    issues = open_issues(loop, week)
    failed = outcome.startswith("failed")
    counts = {
        "patterns": learned.patterns,
        "ideas": learned.states,
        "closed": closed,
        "issues": issues,
        "mail": outcome,
    }
    counts |= {"author": learned.written.author, "model_usd": learned.written.cost_usd}
    why = learned.written.why
    notes = (f"The built-in analyst wrote this: {why}.",) if why else ()
    error = {"code": "report_not_sent", "message": outcome} if failed else None
    return StageReport(STAGE, None, "failed" if failed else "ok", counts=counts, notes=notes, error=error)


@dataclass(frozen=True)
class Learned:
    """What one reading brought: patterns, ideas by their state, and who read."""

    patterns: int
    states: dict[str, int]
    written: Written


def learn(loop: Loop, week: date) -> Learned:
    """Read the figures up to today, keep what holds, and take up the best of it."""
    upto = _upto(loop)
    patterns = find_patterns(loop, upto)
    again = lru_cache(maxsize=256)(lambda id: evidence.run(loop.state, id))
    material = _material(loop, upto, patterns, again)
    written = _write(loop, week, material, _lines(loop, material))
    approved = frozenset(content_hash(each.text) for each in loop.book.ideas.ideas)
    rows = [
        row
        for each in written.answer.proposals
        if (row := checked(loop.book, each, again, author=written.author, week=week, approved=approved))
        is not None
    ]
    kept = loop.state.hypotheses.keep(rows, rest_days=loop.book.outreach.tests.rest_days)
    lessons = [lesson_row(each, again, author=written.author, week=week) for each in written.answer.learnings]
    loop.state.memory.learn([each for each in lessons if each is not None])
    return Learned(len(patterns), _counted(kept, go_on(loop, week)), written)


def out_of_turn(loop: Loop, day: date) -> Learned | None:
    """A learning run when decision makers are reached less than usual; None when no such alarm waits.

    It shares the week's three places and adds no mail: the evening report tells of the alarm itself.
    """
    if loop.state.alarms.answer("call", "dm_contact", actor=STAGE) is None:
        return None
    return learn(loop, day - timedelta(days=day.weekday()))


def _upto(loop: Loop) -> date:
    return loop.clock.now().astimezone(loop.zone).date()


def _write(loop: Loop, week: date, material: Material, asked: str) -> Written:
    key = f"model:{PROMPT}:{week.isoformat()}:{_upto(loop).isoformat()}"
    answer = ask(loop, PROMPT, asked, WeeklyAnswer, natural_key=key)
    if answer.value is not None:
        return Written("claude", answer.value, "", answer.cost_usd)
    return Written("analyst", weekly_answer(material), answer.why, answer.cost_usd)


def _material(loop: Loop, upto: date, patterns: list[Pattern], again: Any) -> Material:
    totals = {(channel, metric): cited for channel, metric, cited in _totals(upto, again)}
    held = [(each, cited) for each in patterns if (cited := _of_pattern(each, again)) is not None]
    tried = frozenset(each.fingerprint for each in loop.state.hypotheses.all() if each.state != "rejected")
    return Material(loop.book, totals, held, loop.state.hypotheses.calibration(), tried)


def _totals(upto: date, again: Any) -> Iterator[tuple[str, str, Cited]]:
    since = upto - timedelta(days=DAYS - 1)
    for channel, metrics in METRICS.items():
        for metric in metrics:
            asked = Evidence(metric, "sent", since, upto, (), (("channel", channel),))
            for figure in again(asked.id):
                yield channel, metric, Cited(id=asked.id, level=figure.level, n=figure.n, k=figure.k)


def _of_pattern(pattern: Pattern, again: Any) -> Cited | None:
    """The pattern's own cell of its evidence, as it reads now."""
    try:
        asked = Evidence.parse(pattern.evidence)
    except EvidenceError:
        return None
    found: list[Figure] = [each for each in again(asked.id) if each.level[:1] == (pattern.level,)]
    if len(found) != 1:
        return None
    return Cited(id=asked.id, level=found[0].level, n=found[0].n, k=found[0].k)


def _lines(loop: Loop, material: Material) -> str:
    """Everything Claude is given, as data."""
    blocks: Mapping[str, Any] = {
        "figures": [each.model_dump(mode="json") for each in material.totals.values()]
        + [cited.model_dump(mode="json") for _, cited in material.patterns],
        "patterns": [pattern.model_dump(mode="json") for pattern, _ in material.patterns],
        "texts": texts_of(loop.book),
        "steps": [
            {"directive": key, **step.model_dump(mode="json")}
            for key, playbook in loop.book.playbooks.items()
            for step in playbook.steps
        ],
        "tests": [
            {"name": each.name, "claim": each.claim, "state": each.state, "verdict": each.verdict}
            for each in loop.state.experiments.all(standing=True)
        ],
        "learnings": [
            {"kind": each.kind, "title": each.title, "told": each.told}
            for each in list(loop.state.memory.learnings())[-RECENT_LEARNINGS:]
        ],
        "calibration": [material.calibration.model_dump(mode="json")],
        "objections": [
            {"kind": each.kind, "response": each.response, "heard": each.heard, "led_on": each.led_on}
            for each in loop.state.calls.responses()
        ],
    }
    return "\n\n".join(data_block(name, rows) for name, rows in blocks.items())


def open_issues(loop: Loop, week: date) -> dict[str, int]:
    """An issue for each change that went on this week, once; none where no repository is set."""
    outcomes: dict[str, int] = {}
    for each in loop.state.hypotheses.all(only_open=True):
        if each.forward_week != week:
            continue
        said = hand_over_issue(
            loop, f"hypothesis:{each.id}", f"Proposed change: {each.claim}", issue_words(each)
        )
        outcomes[said.partition(":")[0]] = outcomes.get(said.partition(":")[0], 0) + 1
    return outcomes


def issue_words(each: Hypothesis) -> str:
    """A proposed change with its prediction and its figures: counts alone, since an issue may be public."""
    cited = ", ".join(f"`{cited.id}` {cited.k} of {cited.n}" for cited in each.evidence)
    return "\n".join(
        (
            f"{each.claim}\n\n{each.why}\n",
            f"- changes: `{each.lever}` of `{each.directive_key}`",
            f"- judged by: {each.metric}",
            f"- expected: {each.lift:+.0%} ({each.lift_low:+.0%} to {each.lift_high:+.0%})",
            f"- probability: {each.probability:.0%}",
            f"- evidence: {cited}",
            f"- state: {each.state}\n\n{each.test_plan}",
        )
    )


def _counted(kept: list[Kept], states: list[str]) -> dict[str, int]:
    rejected = sum(each.state == "rejected" for each in kept)
    counts = {"rejected": rejected} if rejected else {}
    for state in states:
        counts[state] = counts.get(state, 0) + 1
    return counts
