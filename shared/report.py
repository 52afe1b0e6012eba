"""What a stage answers, and what the ledger keeps of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal

ReportStatus = Literal["ok", "preview", "failed", "skipped", "already_running", "already_done"]


@dataclass(frozen=True)
class Noticed:
    """Trouble that a run met and that no later look might find. `evidence` holds counts, codes and ids.

    What is `mended` is over by the end of that run: it has done, or seen done, what was missing.
    """

    kind: str
    target: str
    began_at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)
    mended: bool = True


@dataclass(frozen=True)
class StageReport:
    """The result of one run of a stage.

    `slot` is `None` only where the database was out of reach, so that the time was not known. `interim`
    marks a preview made before the day's slot: its figures will change. `notes` are sentences for the
    owner. `error` has `code`, `kind`, `message` and what to do about it; it holds no personal data.
    `noticed` is trouble to put on record, `look_again` asks the watch to look at once; neither is kept.
    Nothing that was not done is `ok`.
    """

    stage: str
    slot: datetime | None
    status: ReportStatus
    interim: bool = False
    counts: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    error: Mapping[str, Any] | None = None
    noticed: tuple[Noticed, ...] = ()
    look_again: bool = False

    @property
    def failed(self) -> bool:
        """Whether the process that made this report must end as a failure."""
        return self.status == "failed"

    def to_json(self) -> dict[str, Any]:
        """Plain values, as stored in the ledger and printed by the command line."""
        return {
            "stage": self.stage,
            "slot": self.slot.isoformat() if self.slot else None,
            "status": self.status,
            "interim": self.interim,
            "counts": dict(self.counts),
            "notes": list(self.notes),
            "error": dict(self.error) if self.error is not None else None,
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> StageReport:
        """The report that `to_json` wrote."""
        slot = stored.get("slot")
        return cls(
            stage=stored["stage"],
            slot=datetime.fromisoformat(slot) if slot else None,
            status=stored["status"],
            interim=bool(stored.get("interim", False)),
            counts=dict(stored.get("counts") or {}),
            notes=tuple(stored.get("notes") or ()),
            error=stored.get("error"),
        )
