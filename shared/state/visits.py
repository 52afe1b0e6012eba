"""Visits to the owner's site: kept as they come, made sense of later."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

PAGE = 200


class WaitingVisit(BaseModel):
    """One that nobody made sense of so far, as it came."""

    model_config = ConfigDict(frozen=True)

    id: int
    body: str
    received_at: datetime


class TakenVisit(BaseModel):
    """What became of it; `signals` are all of the lead's where this one is new. No outcome: taken before."""

    model_config = ConfigDict(frozen=True)

    outcome: Literal["sign", "at_rest", "nobody", "closed", "unreadable"] | None
    lead_id: int | None
    signals: tuple[str, ...] | None


_WAITING = TypeAdapter(list[WaitingVisit])


class Visits:
    """Verbs of the inbox."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def keep(self, event_key: str, body: str, *, received_at: str | None = None) -> bool:
        """Keep a visit before anything else; False for one that is there."""
        return bool(self._call("keep_visit_v1", event_key=event_key, body=body, received_at=received_at))

    def waiting(self) -> Iterator[WaitingVisit]:
        """Those that wait, oldest first, in pages; each must be taken before the next page."""
        while page := _WAITING.validate_python(self._call("waiting_visits_v1", max_rows=PAGE)):
            yield from page

    def take(
        self, visit_id: int, *, lead: dict[str, Any] | None, seen_at: datetime | None, page: str | None
    ) -> TakenVisit:
        """Make sense of one; see `take_visit_v1`."""
        answer = self._call(
            "take_visit_v1",
            id=visit_id,
            lead=lead,
            seen_at=seen_at.isoformat() if seen_at else None,
            page=page,
        )
        return TakenVisit.model_validate(answer)
