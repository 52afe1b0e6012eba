"""Reviews of finished calls: their figures, what was objected, and the answers that led on."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.call_review import VERSION, CallReview
from shared.state.transport import Transport

PAGE = 100
CHUNK = 500


class Unreviewed(BaseModel):
    """A call with a person whose report was not reviewed: the report's body, and what the call came to."""

    model_config = ConfigDict(frozen=True)

    touch_id: UUID
    body: dict[str, Any]
    disposition: str | None
    duration_s: float | None


class Talks(BaseModel):
    """The talks of a span in figures; means are None where there was none."""

    model_config = ConfigDict(frozen=True)

    talks: int
    quality: float | None
    undisclosed: int
    early_hangups: int
    talk_share: float | None
    objections: dict[str, int]


class Response(BaseModel):
    """An answer to an objection: how often it was given, and how often it led to a talk or a meeting."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    id: int
    kind: str
    response: str
    heard: int
    led_on: int
    booked: int
    first_heard_at: datetime
    last_heard_at: datetime


class RaisedBefore(BaseModel):
    """An objection on record. `words` are the person's own, None once they were kept long enough."""

    model_config = ConfigDict(frozen=True)

    kind: str
    words: str | None
    response: str | None
    led_to: Literal["conversation", "booking"] | None


class Reviewed(BaseModel):
    """The review of one call as it was kept."""

    model_config = ConfigDict(frozen=True)

    touch_id: UUID
    reviewed_at: datetime
    version: int
    talk_share: float | None
    disclosed: bool
    early_hangup: bool
    questions: int
    objections: int
    quality: int
    reasons: tuple[str, ...]
    raised: tuple[RaisedBefore, ...]


_UNREVIEWED = TypeAdapter(list[Unreviewed])
_REVIEWED = TypeAdapter(list[Reviewed])
_RESPONSES = TypeAdapter(list[Response])


class Calls:
    """Verbs over reviews of calls. The first review of a call stands."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def keep_review(self, touch_id: UUID, review: CallReview) -> bool:
        """Keep the review of a call; False when it was kept before."""
        row = asdict(review) | {"version": VERSION}
        return bool(self._call("keep_call_review_v1", touch_id=str(touch_id), review=row))

    def unreviewed(self, since: datetime) -> Iterator[Unreviewed]:
        """One page of calls reported since then that no review was kept of, oldest first."""
        found = self._call("calls_to_review_v1", since=since.isoformat(), max_rows=PAGE)
        yield from _UNREVIEWED.validate_python(found)

    def of_lead(self, lead_id: int) -> list[Reviewed]:
        """The reviews of one person's calls, oldest first."""
        return _REVIEWED.validate_python(self._call("call_reviews_v1", lead_id=lead_id))

    def talks(self, since: datetime, upto: datetime) -> Talks:
        """The talks reviewed in a span."""
        found = self._call("call_quality_v1", since=since.isoformat(), upto=upto.isoformat())
        return Talks.model_validate(found)

    def responses(self, max_rows: int = 20) -> list[Response]:
        """Answers to objections that led on at least once, best first."""
        return _RESPONSES.validate_python(self._call("objection_responses_v1", max_rows=max_rows))

    def expire_words(self, before: datetime) -> int:
        """Let one chunk of people's words go that are older; counts them, 0 at the end."""
        return int(self._call("expire_call_words_v1", before=before.isoformat(), max_rows=CHUNK))
