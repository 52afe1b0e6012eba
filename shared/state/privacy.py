"""Forgetting: one person who asks for it, and what is not kept longer than it is needed."""

from __future__ import annotations

from datetime import datetime

from pydantic import BaseModel, ConfigDict

from shared.state.transport import Transport

CHUNK = 500
SOURCES = ("import_rejects", "events")


class Expired(BaseModel):
    """How much of one chunk went, by kind."""

    model_config = ConfigDict(frozen=True)

    transcripts: int
    rejects: int
    owner_mails: int
    records: int

    @property
    def nothing(self) -> bool:
        """Whether there is nothing left to do."""
        return not (self.transcripts or self.rejects or self.owner_mails or self.records)


class Privacy:
    """Verbs over what is no longer to be known. Large work goes in chunks."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def calls(self, lead_id: int) -> tuple[str, ...]:
        """The provider's ids of a person's calls, whose recordings are there."""
        traces = self._call("traces_of_v1", lead_id=lead_id)
        return tuple(traces["calls"]) if traces else ()

    def forget(self, lead_id: int) -> bool:
        """Erase a person; only the suppression of their addresses stays, as hashes. False for nobody.

        Broken off in the middle it can be repeated: what the person is recognised by goes last.
        """
        traces = self._call("traces_of_v1", lead_id=lead_id)
        if not traces:
            return False
        for source in SOURCES:
            after: int | None = 0
            while after is not None:
                after = self._call(
                    "forget_rows_v1", source=source, traces=traces, after_id=after, max_rows=CHUNK
                )
        return bool(self._call("forget_v1", lead_id=lead_id))

    def expire(self, *, transcripts_before: datetime, records_before: datetime) -> Expired:
        """One chunk of what was kept long enough; call it until there is nothing."""
        return Expired.model_validate(
            self._call(
                "expire_v1",
                transcripts_before=transcripts_before.isoformat(),
                records_before=records_before.isoformat(),
                max_rows=CHUNK,
            )
        )
