"""How mailboxes and numbers fare: what came back of their sends, and which of them rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.gate.health import SenderRecord, Verdict
from shared.state.transport import Transport


class KnownSender(BaseModel):
    """A sender as it is on record."""

    model_config = ConfigDict(frozen=True)

    set_up: bool
    health: str
    warmup_started_on: date


class DaySoFar(BaseModel):
    """What a day has used up by now, by channel and by sender, and what waits in it from before."""

    model_config = ConfigDict(frozen=True)

    waiting: dict[str, int]
    spent: dict[str, float]
    used: dict[str, float]
    senders: dict[str, KnownSender]

    def at_rest(self, sender_id: str) -> bool:
        """Whether a sender is known to be in quarantine."""
        return sender_id in self.senders and self.senders[sender_id].health == "quarantined"


_RECORDS = TypeAdapter(list[SenderRecord])
_VERDICTS = TypeAdapter(list[Verdict])


class Senders:
    """Verbs over the health of senders. Who may send at all is `outreach.seed_senders`."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def records(
        self, today: date, *, bounce_days: int, complaint_days: int, answer_days: int
    ) -> list[SenderRecord]:
        """What came back of each active sender's sends, counted over the days of each rule."""
        return _RECORDS.validate_python(
            self._call(
                "sender_records_v1",
                today=today.isoformat(),
                bounce_days=bounce_days,
                complaint_days=complaint_days,
                answer_days=answer_days,
            )
        )

    def set_health(self, verdicts: Sequence[Verdict]) -> list[Verdict]:
        """Put verdicts in force; answers those that changed something."""
        rows: list[dict[str, Any]] = [asdict(verdict) for verdict in verdicts]
        return _VERDICTS.validate_python(self._call("set_sender_health_v1", verdicts=rows))

    def day_so_far(self, today: date, upto: datetime) -> DaySoFar:
        """What of this day is used, and what waits that is due before `upto`."""
        found = self._call("day_so_far_v1", today=today.isoformat(), upto=upto.isoformat())
        return DaySoFar.model_validate(found)

    def at_rest(self) -> list[dict[str, Any]]:
        """{sender_id, health, why, since} of senders that are watched or rest."""
        return list(self._call("senders_at_rest_v1"))
