"""The built-in analyst: the same answer as Claude's, from plain statistics and the owner's own ideas. Pure.

It writes no copy. It takes the owner's ideas in the order in which a test of them can tell something, and
what patterns say about the hour of calls; it is as sure as ideas of its kind have been right before.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from functions.learning.checking import fingerprint
from functions.learning.proposals import MOST_PROPOSALS, Lesson, Proposal, StepChange, WeeklyAnswer
from shared.directives.book import Book
from shared.directives.ideas import Idea
from shared.directives.models import Playbook
from shared.state.hypotheses import Calibration, Cited
from shared.state.patterns import Pattern

PRIOR_TRUE, PRIOR_TRIED = 1.0, 4.0
"""One change in four is better: what large collections of tests of copy report."""
HOUR_LIFT = 0.15


@dataclass(frozen=True)
class Material:
    """What a weekly reading looks at. `totals` holds the figure of a channel and metric over all levels."""

    book: Book
    totals: Mapping[tuple[str, str], Cited]
    patterns: Sequence[tuple[Pattern, Cited]]
    calibration: Calibration
    tried: frozenset[str]


def weekly_answer(material: Material) -> WeeklyAnswer:
    """Proposals by what they can show, best first, and the patterns as lessons."""
    proposals = [*_hours(material), *_ideas(material)]
    return WeeklyAnswer(
        proposals=proposals[:MOST_PROPOSALS], learnings=list(_lessons(material.patterns))[:10]
    )


def sureness(calibration: Calibration) -> float:
    """How likely the next change is better, by those that were scored so far."""
    true, tried = PRIOR_TRUE + calibration.came_true, PRIOR_TRIED + calibration.scored
    return round(true / tried, 3)


def _ideas(material: Material) -> Iterable[Proposal]:
    ideas = material.book.ideas.ideas
    found = [
        (idea, cited)
        for idea in ideas
        if idea.key in material.book.scripts
        and (cited := material.totals.get((_channel(material.book, idea), idea.metric))) is not None
        and cited.k > 0
    ]
    made = [_of_idea(idea, cited, material) for idea, cited in sorted(found, key=lambda each: -each[1].k)]
    return [each for each in made if fingerprint(each) not in material.tried]


def _of_idea(idea: Idea, cited: Cited, material: Material) -> Proposal:
    what, metric = idea.lever.replace("_", " "), idea.metric.replace("_", " ")
    return Proposal(
        claim=f"Another {what} in {idea.key.partition('/')[2]} brings more {metric}.",
        why=idea.why,
        test_plan=f"Half of the companies get it; judged by {metric}. No gain in its time refutes it.",
        lever=idea.lever,
        directive=idea.key,
        text=idea.text,
        steps=[],
        metric=idea.metric,
        evidence=[cited],
        probability=sureness(material.calibration),
        lift=idea.lift,
        lift_low=-idea.lift / 2,
        lift_high=1.5 * idea.lift,
        new_claim=False,
    )


def _hours(material: Material) -> Iterable[Proposal]:
    """An hour at which calls do better, for the first call of the default sequence."""
    key = material.book.outreach.default_playbook
    playbook = material.book.playbooks.get(key)
    better = [
        each
        for each in material.patterns
        if each[0].dimension == "hour" and each[0].channel == "call" and each[0].ratio > 1
    ]
    call = _first_call(playbook)
    if not better or call is None:
        return []
    pattern, cited = better[0]
    metric = "dm_contact" if pattern.metric == "dm_contact" else "answered"
    return [
        Proposal(
            claim=f"The first call at {pattern.level}:00 or later is {metric.replace('_', ' ')} more often.",
            why=f"At this hour calls did {pattern.ratio:.2f} times as well as at others on the same days.",
            test_plan="Half of the companies are called from then on; each half has its share of calls.",
            lever="call_hour",
            directive=key,
            text="",
            steps=[StepChange(step=call, day=None, hour=int(pattern.level))],
            metric=metric,
            evidence=[cited],
            probability=max(sureness(material.calibration), 0.5),
            lift=HOUR_LIFT,
            lift_low=-HOUR_LIFT,
            lift_high=3 * HOUR_LIFT,
            new_claim=False,
        )
    ]


def _first_call(playbook: Playbook | None) -> int | None:
    steps = playbook.steps if playbook else ()
    return next((each.step for each in steps if each.channel == "call"), None)


def _lessons(patterns: Sequence[tuple[Pattern, Cited]]) -> Iterable[Lesson]:
    for pattern, cited in patterns:
        what, metric = f"{pattern.dimension} {pattern.level}", pattern.metric.replace("_", " ")
        yield Lesson(
            title=f"{pattern.channel}, {metric}: {what}"[:120],
            told=(
                f"By {pattern.channel}, {what} reached {metric} {pattern.ratio:.2f} times as often as "
                f"others on the same days (95 %: {pattern.low:.2f} to {pattern.high:.2f}, n = {pattern.n})."
            ),
            evidence=[cited],
        )


def _channel(book: Book, idea: Idea) -> str:
    return str(book.scripts[idea.key].channel)
