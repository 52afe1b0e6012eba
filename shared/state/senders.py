"""How mailboxes and numbers fare: what came back of their sends, and which of them rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date
from typing import Any

from pydantic import TypeAdapter

from shared.gate.health import SenderRecord, Verdict
from shared.state.transport import Transport

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

    def at_rest(self) -> list[dict[str, Any]]:
        """{sender_id, health, why, since} of senders that are watched or rest."""
        return list(self._call("senders_at_rest_v1"))
