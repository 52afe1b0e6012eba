"""What was changed, and what waits for the owner's word."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict


class Change(BaseModel):
    """One row of the evolution log. `undone_by` is the row that took it back."""

    model_config = ConfigDict(frozen=True)

    id: int
    changed_at: datetime
    subject: str
    change: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    evidence: dict[str, Any] | None
    approver: str
    experiment_id: int | None
    undoes: int | None
    undone_by: int | None


class Approval(BaseModel):
    """A change that waits, or waited, for the owner's word on exactly what its fingerprint stands for."""

    model_config = ConfigDict(frozen=True)

    id: int
    subject: str
    words: str
    why: str
    change: dict[str, Any]
    fingerprint: str
    asked_at: datetime
    expires_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    state: Literal["pending", "approved", "denied", "expired"]
