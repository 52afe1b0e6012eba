"""From ideas to tests to verdicts to what stays known, without a hand in between."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from shared.loop import Loop
from shared.state.hypotheses import Hypothesis, HypothesisState

MOST_A_WEEK = 3
OPEN_DAYS = 56
"""An idea that nobody took up in this time is dropped: the figures it rests on are old."""
WON = frozenset({"DEPLOY", "KEPT"})


@dataclass(frozen=True)
class End:
    """How an idea ended."""

    state: HypothesisState
    reason: str
    came_true: bool | None = None
    observed_lift: float | None = None


def go_on(loop: Loop, week: date) -> list[str]:
    """Take up the best ideas kept, at most three a week; answers the state each came to."""
    verbs, policy = loop.state.hypotheses, loop.book.outreach.tests
    waiting = sorted(
        (each for each in verbs.all(only_open=True) if each.state == "kept"),
        key=lambda each: (-worth(each), each.id),
    )
    states = []
    for each in waiting:
        if loop.book.versions[each.directive_key].content_hash != each.base_hash:
            verbs.settle(each.id, "dropped", "the text it would change is another by now")
            continue
        states.append(verbs.forward(each.id, week, most=MOST_A_WEEK, approval_days=policy.approval_days))
    return states


def worth(hypothesis: Hypothesis) -> float:
    """What a test of it should bring: the gain if it is true, as often as that is expected."""
    return hypothesis.probability * hypothesis.lift


def follow_up(loop: Loop) -> dict[str, int]:
    """Queue what the owner approved, and close what is over, each with its score and what was learned."""
    counts: dict[str, int] = {}
    today = loop.clock.now().astimezone(loop.zone).date()
    for each in loop.state.hypotheses.all(only_open=True):
        if each.state == "asked" and each.approval == "approved":
            loop.state.hypotheses.accept(each.id)
            counts["accepted"] = counts.get("accepted", 0) + 1
        elif (end := ended(each, today)) is not None:
            learning = learned(each, end)
            done = loop.state.hypotheses.settle(
                each.id,
                end.state,
                end.reason,
                came_true=end.came_true,
                observed_lift=end.observed_lift,
                learning=learning,
            )
            counts[end.state] = counts.get(end.state, 0) + done
    return counts


def ended(hypothesis: Hypothesis, today: date) -> End | None:
    """What an idea came to; None while it is open. Pure."""
    if hypothesis.state == "asked" and hypothesis.approval in ("denied", "expired"):
        return End("dropped", f"the owner's approval was {hypothesis.approval}")
    if hypothesis.state == "kept" and (today - hypothesis.week).days > OPEN_DAYS:
        return End("dropped", "nobody took it up while its figures were new")
    if hypothesis.state != "forward" or hypothesis.test_state in (None, "queued", "running", "suspended"):
        return None
    lift, why = hypothesis.test_lift, hypothesis.test_reason or str(hypothesis.test_state)
    if hypothesis.verdict in WON or (hypothesis.verdict == "REVIEW" and why.startswith("win")):
        return End("supported", why, came_true=True, observed_lift=lift)
    if hypothesis.verdict in ("KILL", "ROLLBACK"):
        return End("refuted", why, came_true=False, observed_lift=lift)
    if hypothesis.verdict == "REVIEW" or hypothesis.verdict is None or hypothesis.verdict == "INVALID_SRM":
        return End("undecided", why)
    return None


def learned(hypothesis: Hypothesis, end: End) -> dict[str, Any] | None:
    """What stays known of an idea that was tried; None where it was not. Pure."""
    if end.came_true is None:
        return None
    lift = "" if end.observed_lift is None else f", seen {end.observed_lift:+.0%}"
    word = "came true" if end.came_true else "did not come true"
    return {
        "key": f"hypothesis:{hypothesis.id}",
        "kind": "winning_play" if end.came_true else "failure_mode",
        "title": hypothesis.claim[:120],
        "told": (
            f"{hypothesis.claim} It {word} (expected {hypothesis.lift:+.0%} with "
            f"{hypothesis.probability:.0%}{lift}; {end.reason})."
        ),
        "evidence": [each.model_dump(mode="json") for each in hypothesis.evidence],
        "source": "experiment",
    }
