"""What may have gone out, what a provider shows, and what a channel must have heard before it sends."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.outreach import LeadFacts, SendAnswer
from shared.state.transport import Transport


class Unknown(BaseModel):
    """A delivery that its provider may or may not have. Only the holder of `fence` can settle it.

    `unknown_at`: since when nobody knows; by then the request was over. Without a `lead` it is for the owner.
    """

    model_config = ConfigDict(frozen=True)

    id: UUID
    fence: int
    kind: Literal["touch", "owner_mail", "owner_text"]
    channel: Literal["call", "email", "sms"]
    state: Literal["unknown", "parked"]
    payload: dict[str, Any]
    submitted_at: datetime
    unknown_at: datetime
    latest_at: datetime
    address: str | None
    purpose: str | None
    held_out: bool
    lead: LeadFacts | None


class OverdueCall(BaseModel):
    """A call that should long be over and has no end in the ledger."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    provider_id: str
    submitted_at: datetime


@dataclass(frozen=True)
class Sighting:
    """One thing that a provider shows as taken from us.

    `reference` is the touch id it carries; a text carries none and has `text_reference`.
    """

    provider: str
    provider_id: str
    reference: str
    accepted_at: datetime


_UNKNOWN = TypeAdapter(list[Unknown])
_CALLS = TypeAdapter(list[OverdueCall])


class Reconciliation:
    """Verbs that settle what is not known, from what the providers say."""

    def __init__(self, transport: Transport, installation_id: UUID) -> None:
        self._call = transport.call
        self._installation_id = str(installation_id)

    def claim_unknown(self, *, max_rows: int, hold_s: int, conversation_days: int) -> list[Unknown]:
        """Hold what is to be asked about now; others leave it alone for `hold_s` seconds."""
        rows = self._call(
            "claim_unknown_v1", max_rows=max_rows, hold_s=hold_s, conversation_days=conversation_days
        )
        return _UNKNOWN.validate_python(rows)

    def accept(self, unknown: Unknown, provider_id: str) -> bool:
        """The provider has it; False when that id is another delivery's, or the row is not held any more."""
        return self._settle(unknown, "accepted", provider_id=provider_id)

    def plan_again(self, unknown: Unknown) -> bool:
        """The provider certainly has it not: tokens come back, and the touch waits for the gate again."""
        return self._settle(unknown, "absent")

    def wait(self, unknown: Unknown, until: datetime) -> bool:
        """Nothing can be said before `until`."""
        return self._settle(unknown, "wait", ask_at=until.isoformat())

    def park(self, unknown: Unknown, *, owner: str, until: datetime, code: str) -> bool:
        """Nothing can be said: it has an owner from now on, and is asked about again at `until`."""
        return self._settle(unknown, "parked", owner=owner, ask_at=until.isoformat(), code=code)

    def _settle(self, unknown: Unknown, verdict: str, **found: Any) -> bool:
        return bool(
            self._call("settle_v1", id=str(unknown.id), fence=unknown.fence, verdict=verdict, **found)
        )

    def repeat(self, unknown: Unknown, *, lease_s: int, conversation_days: int) -> SendAnswer:
        """Begin the same request under the same key again; see `repeat_send_v1`."""
        return SendAnswer.model_validate(
            self._call(
                "repeat_send_v1",
                id=str(unknown.id),
                fence=unknown.fence,
                installation_id=self._installation_id,
                lease_s=lease_s,
                conversation_days=conversation_days,
            )
        )

    def claim_overdue_calls(self, *, max_rows: int, older_than_s: int, hold_s: int) -> list[OverdueCall]:
        """Hold calls begun so long ago of which no end was heard."""
        rows = self._call(
            "claim_overdue_calls_v1", max_rows=max_rows, older_than_s=older_than_s, hold_s=hold_s
        )
        return _CALLS.validate_python(rows)

    def unseen(self, provider: str, provider_ids: Sequence[str]) -> list[str]:
        """Which of these ids are no delivery's in this ledger."""
        return list(self._call("unseen_v1", provider=provider, provider_ids=list(provider_ids)))

    def adopt(self, sighting: Sighting) -> Literal["adopted", "kept", "known"]:
        """Take over what the provider has and the ledger has not; `kept` until it is planned again."""
        row = {
            "provider": sighting.provider,
            "provider_id": sighting.provider_id,
            "reference": sighting.reference,
            "accepted_at": sighting.accepted_at.isoformat(),
        }
        found: Literal["adopted", "kept", "known"] = self._call("adopt_v1", sighting=row)
        return found

    def unheard(self, provider: str, event_keys: Sequence[str]) -> list[str]:
        """Which of these events were never stored."""
        return list(self._call("unheard_v1", provider=provider, event_keys=list(event_keys)))

    def heard(self, channel: str, until: datetime) -> None:
        """Everything that happened on this channel before `until` is applied."""
        self._call("heard_v1", channel=channel, until=until.isoformat())

    def deaf(self, channel: str, code: str) -> None:
        """The channel could not be listened to; `heard` ends it."""
        self._call("deaf_v1", channel=channel, code=code)

    def trip(
        self,
        channel: str,
        *,
        code: str,
        needs_owner: bool,
        retry_after: timedelta | None,
        first: timedelta,
        longest: timedelta,
    ) -> datetime:
        """A send failed as every send would: until when the channel rests, the present for a first failure.

        As long as the provider asked; from the second failure in a row on at least `first`, and twice as
        long after each, to `longest`. The next send that is accepted ends the row. What `needs_owner` will
        not pass by itself.
        """
        asked = math.ceil(retry_after.total_seconds()) if retry_after else 0
        answer = self._call(
            "trip_channel_v1",
            channel=channel,
            code=code,
            needs_owner=needs_owner,
            retry_after_s=asked,
            first_s=int(first.total_seconds()),
            longest_s=int(longest.total_seconds()),
        )
        return datetime.fromisoformat(answer)

    def end_rests(self) -> list[str]:
        """Try every channel that rests again at once, on the owner's word; answers which rested.

        Failures in a row stay counted until a send is accepted, so one more rests it for as long again.
        """
        return list(self._call("end_rests_v1"))

    def rest(self, channel: str, *, until: datetime, code: str) -> int:
        """Nothing goes out on this channel before `until`, from any container; counts the touches told."""
        return int(self._call("rest_channel_v1", channel=channel, until=until.isoformat(), code=code))
