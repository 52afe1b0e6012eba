"""Alarms: rates that left their baseline and channels that fell silent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

AlarmKind = Literal["fewer", "more", "silent"]
Cause = Literal["rate", "mix", "instrument", "script", "unknown"]


class Alarm(BaseModel):
    """On a channel a metric is reached less or more often than usual, or nothing goes out at all.

    `cause` is what the change is made of: the same people answer otherwise (`rate`), others were contacted
    (`mix`), outcomes are read otherwise (`instrument`), or new words are in use (`script`).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    day: date
    kind: AlarmKind
    channel: str
    metric: str
    cause: Cause
    words: str
    figures: dict[str, Any]
    evidence: str


class RaisedAlarm(Alarm):
    """One that stands in the database, and who has answered it."""

    id: int
    raised_at: datetime
    answered_at: datetime | None = None
    answered_by: str | None = None


_RAISED = TypeAdapter(list[RaisedAlarm])


class Alarms:
    """Verbs over alarms."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def sound(self, alarms: Sequence[Alarm], *, quiet_days: int) -> int:
        """Store what was not raised within so many days already; counts those that are new."""
        rows = [each.model_dump(mode="json") for each in alarms]
        return int(self._call("raise_alarms_v1", alarms=rows, quiet_days=quiet_days))

    def between(self, since: date, upto: date, max_rows: int = 100) -> list[RaisedAlarm]:
        """The newest alarms of these days."""
        return _RAISED.validate_python(
            self._call("alarms_v1", since=since.isoformat(), upto=upto.isoformat(), max_rows=max_rows)
        )

    def answer(self, channel: str, metric: str, *, actor: str) -> RaisedAlarm | None:
        """Take the oldest unanswered alarm of a metric, once; None when there is none.

        An alarm of `call`, `dm_contact` is answered by a learning run out of turn.
        """
        found = self._call("answer_alarm_v1", channel=channel, metric=metric, actor=actor)
        return RaisedAlarm.model_validate(found) if found else None

    def instruments_changed(self, since: datetime, upto: datetime) -> list[str]:
        """Keys of prompts and fixed sentences that changed in this span."""
        return list(self._call("instruments_changed_v1", since=since.isoformat(), upto=upto.isoformat()))
