"""Hypotheses and their predictions, what was learned, and the evening's reading of the system."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

Author = Literal["claude", "analyst"]
HypothesisState = Literal[
    "rejected", "kept", "asked", "forward", "supported", "refuted", "undecided", "dropped"
]
PAGE = 200


class Cited(BaseModel):
    """A figure a claim rests on: of `n` at this level of an evidence id, `k` reached the numerator."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    level: tuple[str, ...]
    n: int
    k: int


class Hypothesis(BaseModel):
    """An idea with its prediction, and how it and its test stand. A `lift` is a share of the old rate."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    fingerprint: str
    week: date
    proposed_at: datetime
    proposed_by: Author
    claim: str
    why: str
    test_plan: str
    lever: str
    directive_key: str
    base_hash: str
    metric: str
    channel: str | None
    evidence: tuple[Cited, ...]
    probability: float
    lift: float
    lift_low: float
    lift_high: float
    due_on: date
    approver: Literal["loop", "owner"]
    state: HypothesisState
    reason: str | None
    forward_week: date | None
    experiment_id: int | None
    came_true: bool | None
    observed_lift: float | None
    test: str | None
    test_state: str | None
    verdict: str | None
    test_lift: float | None
    test_reason: str | None
    approval: Literal["pending", "approved", "denied", "expired"] | None


class Kept(BaseModel):
    """What became of one idea as it came in."""

    model_config = ConfigDict(frozen=True)

    id: int
    state: HypothesisState
    reason: str | None


class Calibration(BaseModel):
    """Scored predictions: how many came true, the Brier score, how often the interval held the lift seen."""

    model_config = ConfigDict(frozen=True)

    scored: int
    came_true: int
    mean_probability: float | None
    brier: float | None
    with_lift: int
    covered: int


class Learned(BaseModel):
    """Something that stays known."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    key: str
    kind: Literal["learning", "winning_play", "failure_mode"]
    title: str
    told: str
    evidence: Any
    source: str
    learned_at: datetime


class Remembered(BaseModel):
    """A match in the memory."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    kind: str
    title: str
    told: str
    at: datetime


class Review(BaseModel):
    """An evening's reading of the system: what should change, and what is missing."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    day: date
    written_by: Author
    improvements: tuple[str, ...]
    gaps: tuple[str, ...]


class SuccessfulCall(BaseModel):
    """A call that led to a meeting or a wish for one, without the person."""

    model_config = ConfigDict(frozen=True)

    reviewed_at: datetime
    script_key: str
    script_hash: str | None
    industry: str | None
    booked: bool
    quality: int
    talk_share: float | None
    questions: int
    objections: tuple[dict[str, str | None], ...]


_HYPOTHESES = TypeAdapter(list[Hypothesis])
_KEPT = TypeAdapter(list[Kept])
_LEARNED = TypeAdapter(list[Learned])
_REMEMBERED = TypeAdapter(list[Remembered])
_CALLS = TypeAdapter(list[SuccessfulCall])


class Hypotheses:
    """Verbs over hypotheses and their calibration."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def keep(self, ideas: Sequence[dict[str, Any]], *, rest_days: int) -> list[Kept]:
        """Take in the ideas of a week, each once; open and lately refuted ones are rejected."""
        found = self._call("keep_hypotheses_v1", ideas=list(ideas), rest_days=rest_days)
        return _KEPT.validate_python(found)

    def forward(self, hypothesis_id: int, week: date, *, most: int, approval_days: int) -> str:
        """Queue its test or ask the owner, at most so many a week; its state afterwards."""
        return str(
            self._call(
                "forward_hypothesis_v1",
                id=hypothesis_id,
                week=week.isoformat(),
                most=most,
                days=approval_days,
            )
        )

    def accept(self, hypothesis_id: int) -> bool:
        """Queue the test of one the owner said yes to."""
        return bool(self._call("accept_hypothesis_v1", id=hypothesis_id))

    def settle(
        self,
        hypothesis_id: int,
        state: HypothesisState,
        reason: str,
        *,
        came_true: bool | None = None,
        observed_lift: float | None = None,
        learning: dict[str, Any] | None = None,
    ) -> bool:
        """Close an idea with its score and what was learned, once."""
        return bool(
            self._call(
                "settle_hypothesis_v1",
                id=hypothesis_id,
                state=state,
                reason=reason,
                came_true=came_true,
                observed_lift=observed_lift,
                learning=learning,
            )
        )

    def all(self, *, only_open: bool = False) -> Iterator[Hypothesis]:
        """By id, fetched in pages."""
        after = 0
        while page := _HYPOTHESES.validate_python(
            self._call("hypotheses_v1", after_id=after, max_rows=PAGE, only_open=only_open)
        ):
            yield from page
            after = page[-1].id

    def calibration(self) -> Calibration:
        """How well predictions came out so far."""
        return Calibration.model_validate(self._call("calibration_v1"))


class Memory:
    """Verbs over what is remembered."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def learn(self, learnings: Sequence[dict[str, Any]]) -> int:
        """Keep {key, kind, title, told, evidence, source}, each once; counts what is new."""
        return int(self._call("learn_v1", learnings=list(learnings))) if learnings else 0

    def search(self, query: str, *, max_rows: int = 10) -> list[Remembered]:
        """Best match first; the query is read as a search engine reads it."""
        return _REMEMBERED.validate_python(self._call("search_memory_v1", query=query, max_rows=max_rows))

    def learnings(self) -> Iterator[Learned]:
        """Oldest first, fetched in pages."""
        after = 0
        while page := _LEARNED.validate_python(self._call("learnings_v1", after_id=after, max_rows=PAGE)):
            yield from page
            after = page[-1].id

    def keep_review(self, review: Review) -> None:
        """Store the evening's reading."""
        self._call(
            "keep_review_v1",
            day=review.day.isoformat(),
            written_by=review.written_by,
            improvements=list(review.improvements),
            gaps=list(review.gaps),
        )

    def review(self, upto: date) -> Review | None:
        """The newest reading up to a day."""
        found = self._call("review_of_v1", upto=upto.isoformat())
        return Review.model_validate(found) if found else None

    def successful_calls(self, since: datetime) -> Iterator[SuccessfulCall]:
        """Calls that led on, oldest first, fetched in pages."""
        after = since
        while page := _CALLS.validate_python(
            self._call("successful_calls_v1", after_at=after.isoformat(), max_rows=PAGE)
        ):
            yield from page
            after = page[-1].reviewed_at
