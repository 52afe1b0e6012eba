"""Faults of the model's answers."""

from __future__ import annotations

from datetime import datetime

from simulator.faults import entries
from simulator.faults.planned import Plan, on_now

BEHAVIOURS = {
    "model_malformed": "malformed",
    "model_refused": "refuses",
    "model_overloaded": "overloaded",
    "model_wrong": "confidently_wrong",
}


class ModelFaults:
    """Says when the model answers badly, and how."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._faults = plan.of(entries.ModelFault)

    def behaviour(self, key: str, n: int, now: datetime) -> str | None:
        """The behaviour that answers this prompt, asked for the n-th time, in place of the usual one."""
        for fault in on_now(self._faults, now):
            if fault.hits(key, n):
                self._plan.note(fault, now, f"anthropic.create {key}")
                return BEHAVIOURS[fault.entry.kind]
        return None
