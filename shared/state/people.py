"""Leads, their numbers and consents."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from shared.state.transport import Transport

PAGE = 500
CHUNK = 200


class People:
    """Verbs over leads, phones, consents and scrubs. Large inputs go in chunks, large answers in pages."""

    def __init__(self, transport: Transport) -> None:
        self._call = transport.call

    def import_leads(self, leads: Sequence[dict[str, Any]], *, source: str) -> list[dict[str, Any]]:
        """Take in normalised rows; answers {line, status: new | known, lead_id, note} for each."""
        return self._chunked("import_leads_v1", "leads", leads, source=source)

    def import_consents(self, consents: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Take in consents by address; answers {line, status: new | known | unmatched} for each."""
        return self._chunked("import_consents_v1", "consents", consents)

    def import_scrub(self, numbers: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Take in do-not-call scrub results; answers {line, status: new | known | unmatched} for each."""
        return self._chunked("import_scrub_v1", "numbers", numbers)

    def suppress(self, people: Sequence[Sequence[str]], *, reason: str, source: str) -> int:
        """Close people for good, each named by all their addresses; counts the addresses closed newly.

        Whoever is known by one of them is closed on every address on record, and their sequence ends.
        """
        rows = [list(addresses) for addresses in people]
        return sum(
            int(self._call("suppress_people_v1", people=rows[i : i + CHUNK], reason=reason, source=source))
            for i in range(0, len(rows), CHUNK)
        )

    def keep_aside(self, file_hash: str, rejects: Sequence[dict[str, Any]]) -> int:
        """Store rows that could not be taken in: {line, reason, row}. Counts the ones not stored before."""
        return sum(
            int(self._call("reject_rows_v1", file_hash=file_hash, rejects=list(rejects[i : i + CHUNK])))
            for i in range(0, len(rejects), CHUNK)
        )

    def list_leads(self) -> Iterator[dict[str, Any]]:
        """Every lead that is not erased, by id, fetched in pages."""
        after = 0
        while page := self._call("list_leads_v1", after_id=after, max_rows=PAGE):
            yield from page
            after = page[-1]["id"]

    def find(self, who: str) -> int | None:
        """The lead that an id, an email or an E.164 number means."""
        found = self._call("find_lead_v1", who=who)
        return int(found) if found is not None else None

    def allow_again(self, lead_id: int, *, conversation_days: int, actor: str) -> str:
        """Let somebody go through a sequence once more, counted anew: `allowed`, or why not."""
        return str(
            self._call("allow_again_v1", lead_id=lead_id, conversation_days=conversation_days, actor=actor)
        )

    def record(self, lead_id: int, *, conversation_days: int) -> dict[str, Any] | None:
        """Everything on record about one person, with every decision on their newest 100 touches."""
        found = self._call("why_v1", lead_id=lead_id, conversation_days=conversation_days)
        return dict(found) if found else None

    def count(self) -> dict[str, int]:
        """How many {leads, companies} are known."""
        return dict(self._call("count_leads_v1"))

    def new_companies(self, *, days: int) -> int:
        """How many companies came in during these last days."""
        return int(self._call("new_companies_v1", days=days))

    def numbers_to_look_up(self, max_rows: int) -> list[str]:
        """Numbers whose line type was never asked, best leads first."""
        return list(self._call("numbers_to_look_up_v1", max_rows=max_rows))

    def numbers_to_look_up_again(self, max_rows: int, *, valid_days: int) -> list[str]:
        """Numbers whose line type was asked longer ago than that, the oldest answer first."""
        return list(self._call("numbers_to_look_up_again_v1", max_rows=max_rows, valid_days=valid_days))

    def record_line_type(self, number: str, line_type: str, carrier: str | None, price_usd: float) -> None:
        """Keep what a look-up cost money to learn."""
        self._call(
            "record_line_type_v1", number=number, line_type=line_type, carrier=carrier, price_usd=price_usd
        )

    def _chunked(
        self, function: str, name: str, rows: Sequence[dict[str, Any]], **more: Any
    ) -> list[dict[str, Any]]:
        answers: list[dict[str, Any]] = []
        for i in range(0, len(rows), CHUNK):
            answers += self._call(function, **{name: list(rows[i : i + CHUNK])}, **more)
        return answers
