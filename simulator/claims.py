"""What the loop claims, read from it by the verbs its own commands use."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from functions import stages
from shared.loop import Loop
from simulator.score.claims import Account, ClaimedIncident, Claims

CLAIMANTS = (
    *("watch", "system_medic", "ab_test_manager", "daily_system_analysis", "weekly_learning_agent"),
    *("mid_day_analyzer", "prospector", "status_report"),
)
"""Stages whose work is scored; one that is not built has done none of it."""

LOOKED = frozenset({"playbook", "itself"})
"""How an incident ends when a look has found it gone."""

MOST_INCIDENTS = 10_000


def read_claims(loop: Loop, since: datetime) -> Claims:
    """Everything the loop says of the time since then."""
    summary = loop.state.measures.summary()
    incidents = loop.state.incidents.since(since, MOST_INCIDENTS)
    return Claims(
        account=Account(
            leads=loop.state.people.count()["leads"],
            planned=summary["planned"],
            refused=summary["refused"],
            outcomes=summary["outcomes"],
        ),
        incidents=tuple(_incident(row) for row in reversed(incidents)),
        missing=tuple(name for name in CLAIMANTS if not stages.get(name).built),
    )


def _incident(row: dict[str, Any]) -> ClaimedIncident:
    closed = row["closed_at"]
    return ClaimedIncident(
        kind=row["kind"],
        target=row["target"],
        opened_at=datetime.fromisoformat(row["opened_at"]),
        closed_at=datetime.fromisoformat(closed) if closed else None,
        checked=row["closed_by"] in LOOKED,
    )
