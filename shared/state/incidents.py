"""What is wrong, what was tried, and how the whole is doing: the memory of watch and medic."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.providers.channel import ChannelName
from shared.state.transport import Transport

Severity = Literal["notice", "warning", "critical"]
Outcome = Literal["done", "failed"]


class Repair(BaseModel):
    """One try of a playbook; the same one may try again from `retry_at` on."""

    model_config = ConfigDict(frozen=True)

    playbook: str
    outcome: Outcome
    tried_at: datetime
    retry_at: datetime


class Incident(BaseModel):
    """Something that is wrong: `kind` names the probe that sees it, `target` the stage, provider or touch.

    `words` say it for the owner. `began_at` is when the trouble began as far as the evidence tells,
    `opened_at` when it was first seen.
    """

    model_config = ConfigDict(frozen=True)

    id: int
    kind: str
    target: str
    words: str
    severity: Severity
    evidence: dict[str, Any]
    began_at: datetime
    opened_at: datetime
    sightings: int
    repairs: tuple[Repair, ...]


class Closed(BaseModel):
    """An incident that the latest look found gone."""

    model_config = ConfigDict(frozen=True)

    id: int
    kind: str
    target: str
    closed_by: Literal["playbook", "itself"]
    repair_s: float


class Sighting(BaseModel):
    """What one look changed: ids newly opened, incidents closed, and all that are open now."""

    model_config = ConfigDict(frozen=True)

    opened: tuple[int, ...]
    closed: tuple[Closed, ...]
    open: tuple[Incident, ...]


class ErrorCount(BaseModel):
    """Failed runs of the last hour that failed in the same place in the same way."""

    model_config = ConfigDict(frozen=True)

    stage: str
    code: str
    at: str
    system_wide: bool
    n: int
    first_at: datetime


class NewError(BaseModel):
    """A failure that was never met before: its fingerprint is stage, code and file, never a text."""

    model_config = ConfigDict(frozen=True)

    id: int
    stage: str
    code: str
    place: str
    first_at: datetime
    times: int


class MailWeek(BaseModel):
    """Emails to people in the last seven days."""

    model_config = ConfigDict(frozen=True)

    sent: int
    bounced: int
    complained: int


class SenderHealth(BaseModel):
    """One number or mailbox in use."""

    model_config = ConfigDict(frozen=True)

    id: str
    health: str


class Struck(BaseModel):
    """A channel on which sends failed since one was accepted, and with which code the last of them did."""

    model_config = ConfigDict(frozen=True)

    channel: ChannelName
    code: str
    needs_owner: bool
    strikes: int
    since: datetime


class Deaf(BaseModel):
    """A channel that cannot be listened to, so that nothing goes out on it."""

    model_config = ConfigDict(frozen=True)

    channel: ChannelName
    code: str
    since: datetime


class Unsettled(BaseModel):
    """Touches of one provider of which nobody knows whether it has them, and since when of the oldest."""

    model_config = ConfigDict(frozen=True)

    n: int
    since: datetime


class VitalSigns(BaseModel):
    """Everything the watch looks at, read in one round trip. Counts and ids; no person.

    `overdue` counts touches and `endless_calls` names calls that are past the limits which were asked for.
    `unknown`, `last_event_at` and `awaiting` are by provider: touches nobody knows of, its newest report, and
    accepted touches of the last three days that are over two hours old and still have no outcome.
    """

    model_config = ConfigDict(frozen=True)

    now: datetime
    live: bool
    live_since: datetime | None
    kill_switch: bool
    overdue: int
    oldest_due_at: datetime | None
    lapsed: tuple[str, ...]
    unknown: dict[str, Unsettled]
    parked: int
    oldest_parked_at: datetime | None
    endless_calls: tuple[str, ...]
    last_event_at: dict[str, datetime]
    awaiting: dict[str, int]
    spent_today: dict[str, float]
    mail_7d: MailWeek
    senders: tuple[SenderHealth, ...]
    struck: tuple[Struck, ...]
    deaf: tuple[Deaf, ...]
    new_errors: tuple[NewError, ...]
    oldest_transaction_s: int | None
    errors_1h: tuple[ErrorCount, ...]


class RepairFigures(BaseModel):
    """Counted from the table since a moment, notices left out. Times in seconds; None where nothing ended."""

    model_config = ConfigDict(frozen=True)

    opened: int
    closed: int
    by_playbook: int
    by_itself: int
    by_owner: int
    mttd_s: float | None
    mttr_s: float | None
    auto_fix_share: float | None


_INCIDENTS = TypeAdapter(list[Incident])


class Incidents:
    """Verbs over incidents and repairs."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def vital_signs(self, today: date, *, late_minutes: int, endless_minutes: int) -> VitalSigns:
        """The figures every probe reads, with the owner's limits for what is counted by one."""
        answer = self._call(
            "vital_signs_v1",
            today=today.isoformat(),
            late_minutes=late_minutes,
            endless_minutes=endless_minutes,
        )
        return VitalSigns.model_validate(answer)

    def sight(self, findings: Sequence[dict[str, Any]], kinds: Sequence[str]) -> Sighting:
        """Record one look: what was found, and which kinds were looked for.

        An open incident of such a kind that was not found again is closed; nothing else closes one by
        itself, so this is the post-check of every repair.
        """
        answer = self._call("sight_v1", findings=list(findings), kinds=list(kinds))
        return Sighting.model_validate(answer)

    def note_repair(
        self, incident_id: int, playbook: str, outcome: Outcome, detail: str, retry_at: datetime
    ) -> None:
        """Write down what a playbook did; `detail` holds codes and ids only."""
        self._call(
            "note_repair_v1",
            incident_id=incident_id,
            playbook=playbook,
            outcome=outcome,
            detail=detail,
            retry_at=retry_at.isoformat(),
        )

    def close(self, incident_id: int) -> bool:
        """The owner says that it is settled; False when it is not open."""
        return bool(self._call("close_incident_v1", id=incident_id))

    def open(self) -> list[Incident]:
        """All open incidents, oldest first."""
        return _INCIDENTS.validate_python(self._call("open_incidents_v1"))

    def since(self, since: datetime, max_rows: int) -> list[dict[str, Any]]:
        """Incidents opened since then, newest first, with how each ended."""
        return list(self._call("incidents_v1", since=since.isoformat(), max_rows=max_rows))

    def applied_migrations(self) -> list[str]:
        """Versions of the migrations that this database has had, oldest first."""
        return list(self._call("applied_migrations_v1"))

    def figures(self, since: datetime) -> RepairFigures:
        """How fast trouble was seen and repaired, and how much of it without anybody."""
        return RepairFigures.model_validate(self._call("repair_figures_v1", since=since.isoformat()))
