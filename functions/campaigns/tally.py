"""What one tick did, and why it stopped where it stopped."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from shared.report import Noticed, ReportStatus, StageReport
from shared.state.outreach import TickState

OURS = frozenset({"channel_failing", "endless_call", "not_heard", "stage_failing", "unknown_touches"})
"""Incidents that a tick ends by its ordinary work."""


@dataclass
class Tally:
    """What one tick did. `refused` counts by code, `failed` by provider code.

    `settled` counts what was asked about, by what came of it; `heard` what no webhook had brought; `deaf`
    are channels that could not be listened to, with the code. `down` are channels that will not work until
    somebody acts, `set_aside` touches that could not be made into a message; both as the ledger keeps
    errors. `noticed` is trouble that was met and mended, `halted` the code that ended all channels at once.
    """

    sent: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    unknown: Counter[str] = field(default_factory=Counter)
    settled: Counter[str] = field(default_factory=Counter)
    heard: Counter[str] = field(default_factory=Counter)
    deaf: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    down: list[dict[str, Any]] = field(default_factory=list)
    set_aside: list[dict[str, Any]] = field(default_factory=list)
    noticed: list[Noticed] = field(default_factory=list)
    halted: str | None = None

    @property
    def error(self) -> dict[str, Any] | None:
        """Why the tick counts as failed: a channel is down, or all that was tried could not be prepared."""
        if self.down:
            return self.down[0]
        return self.set_aside[0] if self.set_aside and not self.sent else None

    def amiss(self, found: TickState) -> bool:
        """Whether the watch should look now: something went wrong here, or what had may be over."""
        return bool(self.failed or self.unknown or self.deaf or self.down or OURS & {*found.incidents})

    def report(self, stage: str, found: TickState) -> StageReport:
        """The tick in counts and sentences."""
        counts = {
            "due": found.due,
            "open": found.open,
            "sent": dict(self.sent),
            "refused": dict(self.refused),
            "failed": dict(self.failed),
            "unknown": dict(self.unknown),
            "settled": dict(self.settled),
            "heard": dict(self.heard),
        }
        status: ReportStatus = "failed" if self.error else "ok"
        return StageReport(
            stage,
            None,
            status,
            counts=counts,
            notes=tuple(self.notes),
            error=self.error,
            noticed=tuple(self.noticed),
            look_again=self.amiss(found),
        )


class ChannelStopped(Exception):
    """Nothing more goes out on this channel in this tick; `error` is set where that will not mend itself."""

    def __init__(self, why: str, error: BaseException | None = None) -> None:
        super().__init__(why)
        self.error = error
