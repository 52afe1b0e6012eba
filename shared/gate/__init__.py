"""May this person be contacted now, on this channel, for this purpose? Pure: values in, a decision out.

`decide` answers, `Rules.load` reads the owner's dated rules, `closes_at` and `next_opening` tell when a
window ends and begins, `judge` says which sender should rest.
"""

from __future__ import annotations

from shared.gate.decision import decide, place_of
from shared.gate.health import SenderRecord, Verdict, judge
from shared.gate.request import (
    REASONS,
    Consent,
    ConsentKind,
    ContactRequest,
    Decision,
    LineType,
    Purpose,
    Reason,
    SenderState,
)
from shared.gate.rules import Rules
from shared.gate.windows import Place, closes_at, is_open, next_opening

__all__ = [
    "REASONS",
    "Consent",
    "ConsentKind",
    "ContactRequest",
    "Decision",
    "LineType",
    "Place",
    "Purpose",
    "Reason",
    "Rules",
    "SenderRecord",
    "SenderState",
    "Verdict",
    "closes_at",
    "decide",
    "is_open",
    "judge",
    "next_opening",
    "place_of",
]
