"""Which proposals may start, in which order, and why the others may not. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from functions.learning.levers import NOT_BUILT
from shared.directives.outreach import TestPolicy
from shared.state.experiments import Queued
from shared.stats import (
    MAX_DAYS,
    Prior,
    leads_needed,
    sample_cap,
    shortest_run,
    smallest_lift,
    value_of_information,
)

# For a metric that is too rare, the one before it on the way to a meeting, by channel.
MORE_FREQUENT = {
    ("booked", "call"): "dm_contact",
    ("positive", "call"): "dm_contact",
    ("conversation", "call"): "dm_contact",
    ("dm_contact", "call"): "answered",
    ("booked", "email"): "replied",
    ("positive", "email"): "replied",
    ("booked", "sms"): "replied",
    ("positive", "sms"): "replied",
    ("booked", None): "replied",
    ("positive", None): "replied",
}


@dataclass(frozen=True)
class Launch:
    """A proposal that may start, with its plan."""

    experiment: Queued
    base_rate: float
    n_max: int
    max_days: int
    value: float


@dataclass(frozen=True)
class Refusal:
    """A proposal that may not start, with the reason in words. One that `waits` stays on the queue."""

    experiment: Queued
    reason: str
    waits: bool = False


def judge(queued: Iterable[Queued], policy: TestPolicy) -> tuple[list[Launch], list[Refusal]]:
    """Launches by what they should bring at today's volume, best first; and the rest with reasons."""
    found = [_judged(each, policy) for each in queued]
    launches = [each for each in found if isinstance(each, Launch)]
    refusals = [each for each in found if isinstance(each, Refusal)]
    return sorted(launches, key=lambda each: (-each.value, each.experiment.id)), refusals


def _judged(each: Queued, policy: TestPolicy) -> Launch | Refusal:
    if each.lever in NOT_BUILT:
        return Refusal(each, NOT_BUILT[each.lever])
    if each.head_hash is None:
        return Refusal(each, f"{each.directive_key} does not exist")
    if each.head_hash == each.treatment_hash:
        return Refusal(each, "this text is in force already")
    if each.resting_until is not None:
        return Refusal(each, f"it was refuted and rests until {each.resting_until:%B %-d}", waits=True)
    if each.base_n < policy.per_arm or each.base_successes == 0:
        return Refusal(each, f"the base rate is not known: {each.base_n} companies so far", waits=True)
    if each.busy:
        return Refusal(each, "another test of this metric or text runs", waits=True)
    return _sized(each)


def _sized(each: Queued) -> Launch | Refusal:
    base = each.base_successes / each.base_n
    days = shortest_run(base, each.expected_lift, each.weekly_units, each.window_days)
    if days is None:
        return Refusal(each, _too_small(each, base))
    value = value_of_information(base, each.weekly_units, Prior(sd=each.expected_lift / 2), days=days)
    return Launch(each, base, sample_cap(each.weekly_units, days, each.window_days), days, value)


def _too_small(each: Queued, base: float) -> str:
    longest = MAX_DAYS[-1]
    most = sample_cap(each.weekly_units, longest, each.window_days)
    least = smallest_lift(base, most)
    could = f"only a lift of {least:.0%} or more would be found" if least else "no lift at all would be found"
    other = MORE_FREQUENT.get((each.metric, each.channel))
    advice = f"; judge it by {other} instead" if other else "; propose a bolder change"
    needed = leads_needed(base, each.expected_lift)
    return (
        f"a lift of {each.expected_lift:.0%} on {base:.1%} needs {needed:,.0f} companies, but {longest} days "
        f"bring {most:,}, where {could}{advice}"
    )
