"""What became of calls whose hour was drawn, and the day from which the hours are believed."""

from __future__ import annotations

from datetime import date
from typing import Any

from pydantic import TypeAdapter

from shared.call_timing import HourCount
from shared.state.transport import Transport

_COUNTS = TypeAdapter(list[HourCount])


class CallTimings:
    """Verbs over the hours of calls."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def drawn(self, since: date, upto: date) -> list[HourCount]:
        """Calls of these days by zone and drawn hour: at most 24 rows a zone."""
        found = self._call("drawn_calls_v1", since=since.isoformat(), upto=upto.isoformat())
        return _COUNTS.validate_python(found)

    def note(self, *, believed: bool, figures: dict[str, Any]) -> bool:
        """Write down what is believed; True when that is a change."""
        return bool(self._call("note_call_timing_v1", believed=believed, figures=figures))
