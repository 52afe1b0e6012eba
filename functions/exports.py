"""What the loop knows, as files: the pages the founding texts name."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from shared.loop import Loop
    from shared.state.hypotheses import Hypothesis, Learned, Review, SuccessfulCall

METRICS_DAYS = 90
CALLS_DAYS = 365


def learnings_log(loop: Loop) -> str:
    """Everything learned, newest first."""
    return learnings_page(list(loop.state.memory.learnings()))


def operational_memory(loop: Loop) -> str:
    """What works, what does not, and what to answer."""
    return memory_page(
        list(loop.state.memory.learnings()),
        [(each.kind, each.response, each.led_on, each.heard) for each in loop.state.calls.responses(100)],
        [each for each in loop.state.hypotheses.all() if each.state in ("forward", "asked", "kept")],
    )


def capabilities_gaps(loop: Loop) -> str:
    """The newest reading of the system."""
    return gaps_page(loop.state.memory.review(loop.clock.now().date()))


def campaign_metrics(loop: Loop) -> str:
    """Closed days with their figures, and how right predictions were."""
    today = loop.clock.now().astimezone(loop.zone).date()
    values: dict[str, Any] = {
        "as_of": today.isoformat(),
        "daily": loop.state.measures.daily(today - timedelta(days=METRICS_DAYS), today),
        "calibration": loop.state.hypotheses.calibration().model_dump(),
    }
    return json.dumps(values, indent=2, sort_keys=True) + "\n"


def training_calls(loop: Loop) -> str:
    """Successful calls, one JSON object a line, without a person."""
    since = loop.clock.now() - timedelta(days=CALLS_DAYS)
    return training_lines(loop.state.memory.successful_calls(since))


EXPORTS: Mapping[str, tuple[str, Callable[[Loop], str]]] = {
    "learnings_log": ("learnings_log.md", learnings_log),
    "operational_memory": ("operational_memory.md", operational_memory),
    "capabilities_gaps": ("CAPABILITIES_GAPS.md", capabilities_gaps),
    "campaign_metrics": ("campaign_metrics.json", campaign_metrics),
    "training_calls": ("training_calls.jsonl", training_calls),
}
"""By name: the file, and what writes it."""


def learnings_page(learned: Iterable[Learned]) -> str:
    """Pure."""
    lines = ["# Learnings", "", "What was learned, newest first, with where it comes from.", ""]
    for each in reversed(list(learned)):
        lines += [f"## {each.title}", "", each.told, ""]
        lines += [f"- {each.kind.replace('_', ' ')}, {each.learned_at:%Y-%m-%d}, from {each.source}"]
        lines += [f"- `{cited['id']}`: {cited['k']} of {cited['n']}" for cited in each.evidence] + [""]
    return "\n".join(lines)


def memory_page(
    learned: Iterable[Learned], responses: Iterable[tuple[str, str, int, int]], ideas: Iterable[Hypothesis]
) -> str:
    """Pure."""
    kinds = {"winning_play": "Winning plays", "failure_mode": "Failure modes", "learning": "Learnings"}
    by_kind: dict[str, list[str]] = {kind: [] for kind in kinds}
    for each in learned:
        by_kind[each.kind].append(f"- {each.told}")
    lines = ["# Operational memory", ""]
    for kind, title in kinds.items():
        lines += [f"## {title}", "", *(by_kind[kind] or ["None yet."]), ""]
    said = [
        f"- {kind.replace('_', ' ')}: “{words}” (led on {on} of {heard})"
        for kind, words, on, heard in responses
    ]
    lines += ["## Answers to objections", "", *(said or ["None yet."]), ""]
    open_now = [f"- {each.claim} ({each.state})" for each in ideas]
    return "\n".join([*lines, "## Being tried", "", *(open_now or ["Nothing."]), ""])


def gaps_page(review: Review | None) -> str:
    """Pure."""
    if review is None:
        return "# Capabilities gaps\n\nThe system was not read yet.\n"
    lines = ["# Capabilities gaps", "", f"As read on {review.day} by {review.written_by}.", "", "## Gaps", ""]
    lines += [f"- {each}" for each in review.gaps] or ["None seen."]
    lines += [
        "",
        "## Improvements",
        "",
        *([f"- {each}" for each in review.improvements] or ["None seen."]),
        "",
    ]
    return "\n".join(lines)


def training_lines(calls: Iterable[SuccessfulCall]) -> str:
    """Pure."""
    return "".join(each.model_dump_json() + "\n" for each in calls)
