"""Tests in plain words for the owner: one sentence each, with what is to be expected beside what was seen."""

from __future__ import annotations

from datetime import datetime, timedelta
from math import ceil, sqrt

from shared.mail.verdict import wilson
from shared.state.comparisons import HoldoutCounts, RankingCounts
from shared.state.experiments import ArmTotals, Experiment, Shipping
from shared.stats import Arm, relative_lift, shrunken_lift

VERBS = {
    "answered": "was answered at",
    "dm_contact": "reached the decision maker at",
    "conversation": "led to a conversation at",
    "replied": "got a reply from",
    "positive": "got interest from",
    "booked": "booked a meeting with",
}
ENOUGH_FOR_A_LIFT = 100
FEWEST_HELD_OUT = 50


def sentence(test: Experiment, now: datetime) -> str:
    """How a test stands: "B got a reply from 31 of 412 companies, A from 22 of 405; too early …"."""
    if test.state == "queued":
        return f"{test.claim}: waits for its turn."
    if test.state == "refused":
        return f"{test.claim}: not started, {test.reason}."
    return f"{figures(test)}; {standing(test, now)}."


def figures(test: Experiment) -> str:
    """The two arms side by side; B is the proposed version."""
    verb = VERBS[test.metric]
    last = verb.split()[-1]
    b, a = test.treatment, test.control
    return (
        f"B {verb} {b.succeeded} of {b.assigned} companies, A {last} {a.succeeded} of {a.assigned}"
        f"{_lift(a, b)}"
    )


def _lift(control: ArmTotals, treatment: ArmTotals) -> str:
    """Winners are in part lucky, so what is to be expected stands beside what was seen."""
    a = Arm(control.matured, control.matured_succeeded)
    b = Arm(treatment.matured, treatment.matured_succeeded)
    seen, expected = relative_lift(a.rate, b.rate), shrunken_lift(a, b)
    if min(a.n, b.n) < ENOUGH_FOR_A_LIFT or seen is None or expected is None:
        return ""
    return f" (seen {seen:+.0%}, to be expected {expected:+.0%})"


def standing(test: Experiment, now: datetime) -> str:
    """What is known, or when it will be."""
    if test.state == "suspended":
        return "B looks worse and is off until its last answers are in"
    if test.state == "running":
        return _running(test, now)
    if test.state == "review":
        return "B is better and waits for your yes"
    return SHIPPED.get(test.shipped or "") or VERDICTS.get(test.verdict or "") or test.reason or "it is over"


SHIPPED = {
    "deployed": "B won and is in force",
    "overtaken": "B won, but the text was changed meanwhile, so it was not put in force",
    "declined": "B won a little and was not put in force, since you did not say yes",
    "taken back": "B won, was put in force and was taken back later",
}
VERDICTS = {
    "DEPLOY": "B won and is about to be put in force",
    "KEPT": "B did no harm and stays",
    "KILL": "no gain worth having, so A stays",
    "ROLLBACK": "B did harm and was taken back",
    "INVALID_SRM": "the split was broken, so nothing can be said",
    "REVIEW": "promising but unproven, so A stays; a larger run could tell",
}


def _running(test: Experiment, now: datetime) -> str:
    days = days_left(test, now)
    left = f"about {days} more {'day' if days == 1 else 'days'} at your volume"
    if test.alerted_at is not None:
        return f"B does far worse than before it was put in force; look at the leads, or take it back; {left}"
    return (
        f"A is kept for one in five, to be sure; {left}"
        if test.kind == "holdback"
        else f"too early to say, {left}"
    )


def does_harm(test: Experiment, since: datetime) -> bool:
    """Whether the owner should read of it first: real damage, a broken split, or an alert since then."""
    decided = test.decided_at is not None and test.decided_at > since
    return (decided and bool((test.figures or {}).get("alert"))) or (
        test.alerted_at is not None and test.alerted_at > since
    )


def days_left(test: Experiment, now: datetime) -> int:
    """Days until the sample or the time is full at the volume so far, whichever comes first; at least 1."""
    started, max_days = test.started_at or now, test.max_days or 0
    age = max((now - started) / timedelta(days=1), 0.0)
    left = max_days - age
    assigned = test.control.assigned + test.treatment.assigned
    if age >= 1 and assigned and test.n_max:
        missing = test.n_max - assigned
        left = min(left, missing / (assigned / age) + test.window_days)
    return max(ceil(left), 1)


def shipping_words(waiting: Shipping) -> str:
    """What the owner is asked about a win."""
    lift = (waiting.figures or {}).get("lift")
    expected = (waiting.figures or {}).get("shrunken_lift")
    seen = f" by {lift:.0%}" if lift is not None else ""
    rather = f" (to be expected: {expected:.0%})" if expected is not None else ""
    return f"Use the new version of {waiting.directive_key} for everybody? It was better{seen}{rather}."


def holdout_words(counts: HoldoutCounts) -> str:
    """What contacting people is worth, as meetings per 100 companies; "not yet known" when it is not."""
    if not counts.held_out:
        return ""
    n, held = counts.contacted, counts.held_out
    if min(n, held) < FEWEST_HELD_OUT:
        return f"What contacting is worth is not yet known: {held} companies held out, {n} contacted."
    gain, low, high = _gain((counts.contacted_meetings, n), (counts.held_out_meetings, held))
    span = f"{low:+.1f} to {high:+.1f}"
    if low <= 0 <= high:
        return f"What contacting is worth is not yet known: {span} meetings per 100 companies."
    return f"Contacting brings {gain:+.1f} meetings per 100 companies ({span})."


def ranking_words(counts: RankingCounts) -> str:
    """What the order of the leads is worth, as interested companies per 100 contacted."""
    if not counts.at_random:
        return ""
    n, chance = counts.ranked, counts.at_random
    if min(n, chance) < FEWEST_HELD_OUT:
        return f"What the ranking is worth is not yet known: {n} companies by rank, {chance} at random."
    gain, low, high = _gain((counts.ranked_won, n), (counts.at_random_won, chance))
    span = f"{low:+.1f} to {high:+.1f}"
    if low <= 0 <= high:
        return f"What the ranking is worth is not yet known: {span} interested per 100 companies."
    return f"The ranking brings {gain:+.1f} interested per 100 companies ({span})."


def _gain(ours: tuple[int, int], theirs: tuple[int, int]) -> tuple[float, float, float]:
    """Difference of two shares per 100 with its 95 % interval (Newcombe's, from Wilson's of each)."""
    p, q = ours[0] / ours[1], theirs[0] / theirs[1]
    (p_low, p_high), (q_low, q_high) = wilson(*ours), wilson(*theirs)
    low = p - q - sqrt((p - p_low) ** 2 + (q_high - q) ** 2)
    high = p - q + sqrt((p_high - p) ** 2 + (q - q_low) ** 2)
    return 100 * (p - q), 100 * low, 100 * high
