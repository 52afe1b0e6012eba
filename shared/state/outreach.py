"""Planning and sending: enrolments, touches, deliveries."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, TypeAdapter

from shared.state.transport import Transport

PAGE = 200
CHUNK = 200


class PhoneFacts(BaseModel):
    """A number as the gate needs it."""

    model_config = ConfigDict(frozen=True)

    number: str
    label: str
    line_type: str | None
    looked_up_on: date | None = None
    invalid: bool
    dnc_scrubbed_on: date | None
    dnc_listed: bool | None
    rnd_checked_on: date | None = None
    suppressed: bool


class ConsentFacts(BaseModel):
    """A consent as the gate needs it."""

    model_config = ConfigDict(frozen=True)

    id: int
    channel: str
    address: str
    consent_type: str
    scope: str
    given_on: date
    revoked: bool


class LeadFacts(BaseModel):
    """One person as planner and gate see them."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    lead_id: int
    company_id: int | None
    first_name: str | None
    last_name: str | None
    title: str | None
    email: str | None
    email_invalid: bool
    country: str | None
    region: str | None
    city: str | None
    zones: tuple[str, ...]
    source: str
    score: int
    priority: str
    company: str | None
    industry: str | None
    phones: tuple[PhoneFacts, ...]
    consents: tuple[ConsentFacts, ...]
    suppressed: bool
    email_suppressed: bool
    in_conversation: bool
    last_message_at: datetime | None = None
    last_message_from: str | None = None
    last_talked_on: str | None = None
    meeting_at: datetime | None = None
    touches_24h: int
    touches_7d: int
    touches_total: int
    last_touch_at: datetime | None


class StepRecord(BaseModel):
    """How a step of an enrolment went so far."""

    model_config = ConfigDict(frozen=True)

    step: int
    attempt: int
    state: str
    code: str | None
    day: date
    channel: str


class EnrolmentFacts(BaseModel):
    """Where a lead stands in its sequence."""

    model_config = ConfigDict(frozen=True)

    id: int
    playbook: str
    state: str
    enrolled_on: date
    held_out: bool
    paused_until: date | None
    steps: tuple[StepRecord, ...]


class Candidate(LeadFacts):
    """A lead that may be planned: nothing of theirs is open, nothing has stopped them."""

    enrolment: EnrolmentFacts | None


class SenderFacts(BaseModel):
    """A number or mailbox and what it has done today."""

    model_config = ConfigDict(frozen=True)

    id: str
    channel: str
    address: str
    provider_ref: str | None
    set_up: bool
    set_up_ask_at: datetime | None = None
    health: str
    warmup_started_on: date
    last_submitted_at: datetime | None
    used_today: float
    used_last_hour: int


class ChannelState(BaseModel):
    """How a channel stands: until when it rests, and until when it was listened to (by this very server)."""

    model_config = ConfigDict(frozen=True)

    rests_until: datetime | None
    heard_until: datetime | None
    heard_here: bool


class TickState(BaseModel):
    """What a tick finds when it opens, by channel: what is due, in flight, spent (USD); and who can send.

    `to_ask` are deliveries to be asked about now, `calls_without_end` calls that may have been forgotten,
    `watched_at` is the slot of the newest run of the watch, `incidents` the kinds of those open.
    """

    model_config = ConfigDict(frozen=True)

    now: datetime
    due: dict[str, int]
    open: dict[str, int]
    in_flight: dict[str, int]
    spent_today: dict[str, float]
    senders: tuple[SenderFacts, ...]
    to_ask: int
    calls_without_end: int
    watched_at: datetime | None
    incidents: tuple[str, ...]
    channels: dict[str, ChannelState]


class Claim(BaseModel):
    """A touch held under a lease. Only the holder of `fence` can move it."""

    model_config = ConfigDict(frozen=True)

    id: UUID
    fence: int
    latest_at: datetime
    try_no: int
    code: str | None
    channel: Literal["call", "email", "sms"]
    purpose: str
    step: int
    attempt: int
    script_key: str
    enrolment_id: int | None
    held_out: bool
    day: date
    lead: LeadFacts


class SendAnswer(BaseModel):
    """`submitted`: send `payload` now. `refused`: not any more, with the code. `lost`: it is somebody else's.

    The payload is the one of the first try where the channel's key stands for its bytes (email).
    """

    model_config = ConfigDict(frozen=True)

    status: Literal["submitted", "refused", "lost"]
    code: str | None
    payload: dict[str, Any] | None = None


_CANDIDATES = TypeAdapter(list[Candidate])
_CLAIMS = TypeAdapter(list[Claim])


class Outreach:
    """Verbs of the touch ledger. Every change of a claimed row is fenced."""

    def __init__(self, transport: Transport, installation_id: UUID) -> None:
        self._call = transport.call
        self._installation_id = str(installation_id)

    def seed_senders(self, senders: Sequence[dict[str, Any]]) -> None:
        """Make the configured senders the active ones; a sender no longer configured stays on record."""
        self._call("seed_senders_v1", configured=list(senders))

    def candidates(self, *, conversation_days: int, today: date) -> Iterator[Candidate]:
        """Every lead the planner may look at, by id, fetched in pages."""
        after = 0
        while page := _CANDIDATES.validate_python(
            self._call(
                "plan_candidates_v1",
                after_id=after,
                max_rows=PAGE,
                conversation_days=conversation_days,
                today=today.isoformat(),
            )
        ):
            yield from page
            after = page[-1].lead_id

    def enrol(self, enrolments: Sequence[dict[str, Any]]) -> dict[int, int]:
        """Enrol leads; answers the enrolment of each lead, the standing one where there was one."""
        found: dict[int, int] = {}
        for i in range(0, len(enrolments), CHUNK):
            answer = self._call("enrol_v1", enrolments=list(enrolments[i : i + CHUNK]))
            found.update({int(lead): int(enrolment) for lead, enrolment in answer.items()})
        return found

    def finish_enrolments(self, enrolment_ids: Sequence[int]) -> int:
        """Close sequences whose steps are all done."""
        return int(
            self._call("end_enrolments_v1", enrolment_ids=list(enrolment_ids), state="finished", reason=None)
        )

    def plan(self, touches: Sequence[dict[str, Any]]) -> dict[str, int]:
        """Write planned (and at once refused) touches; an intent that exists is left as it is."""
        total = {"planned": 0, "refused": 0}
        for i in range(0, len(touches), CHUNK):
            answer = self._call(
                "plan_touches_v1",
                installation_id=self._installation_id,
                touches=list(touches[i : i + CHUNK]),
            )
            total = {name: total[name] + int(answer[name]) for name in total}
        return total

    def open_tick(self, today: date) -> TickState:
        """Tidy what time has decided and say what there is to do: one round trip."""
        return TickState.model_validate(self._call("open_tick_v1", today=today.isoformat()))

    def claim_due(self, channel: str, *, max_rows: int, lease_s: int, conversation_days: int) -> list[Claim]:
        """Lease due touches of one channel, best first. Nobody else can hold them meanwhile."""
        rows = self._call(
            "claim_due_v2",
            channel=channel,
            max_rows=max_rows,
            lease_s=lease_s,
            conversation_days=conversation_days,
        )
        return _CLAIMS.validate_python(rows)

    def hold_due(self, code: str) -> int:
        """Tell every due touch why it waits, while nothing may go out; counts those newly told."""
        return int(self._call("hold_due_v1", code=code))

    def unclaim(self, claims: Sequence[Claim]) -> int:
        """Give back what was claimed and not got to."""
        rows = [{"id": str(claim.id), "fence": claim.fence} for claim in claims]
        return int(self._call("unclaim_v1", claims=rows)) if rows else 0

    def refuse(self, claim: Claim, code: str, retry_at: datetime | None) -> bool:
        """Record the gate's no: the touch waits until `retry_at`, or is over."""
        return bool(
            self._call("refuse_v1", id=str(claim.id), fence=claim.fence, code=code, retry_at=_iso(retry_at))
        )

    def begin_send(
        self,
        claim: Claim,
        *,
        payload: dict[str, Any],
        provider: str,
        terms: dict[str, Any],
        provenance: dict[str, Any],
    ) -> SendAnswer:
        """The one atomic step before a send; see `begin_send_v1` for what it checks and locks."""
        return SendAnswer.model_validate(
            self._call(
                "begin_send_v1",
                id=str(claim.id),
                fence=claim.fence,
                installation_id=self._installation_id,
                payload=payload,
                provider=provider,
                terms=terms,
                provenance=provenance,
            )
        )

    def record_receipt(self, delivery_id: UUID, fence: int, provider_id: str, cost_usd: float | None) -> bool:
        """Record that the provider accepted; False when the row is no longer this worker's."""
        return bool(
            self._call(
                "record_receipt_v1",
                id=str(delivery_id),
                fence=fence,
                provider_id=provider_id,
                cost_usd=cost_usd,
            )
        )

    def record_failure(
        self,
        delivery_id: UUID,
        fence: int,
        *,
        verdict: Literal["failed", "requeue", "unknown"],
        code: str,
        retry_at: datetime | None = None,
        bad_address: bool = False,
        opted_out: bool = False,
    ) -> bool:
        """Record that the provider did not accept (tokens come back), or that nobody knows (they do not)."""
        return bool(
            self._call(
                "record_failure_v1",
                id=str(delivery_id),
                fence=fence,
                verdict=verdict,
                code=code,
                retry_at=_iso(retry_at),
                bad_address=bad_address,
                opted_out=opted_out,
            )
        )

    def reorder(self, channel: str, *, until: datetime, lifts: Sequence[dict[str, Any]]) -> int:
        """Points {dimension, level, points} for what is planned until then; counts the touches that moved."""
        return int(self._call("reorder_v1", channel=channel, until=until.isoformat(), lifts=list(lifts)))

    def settled_deliveries(self, natural_keys: Sequence[str]) -> set[str]:
        """Which of these deliveries to the owner are out, or given up: there is nothing left to send."""
        return set(self._call("settled_deliveries_v1", natural_keys=list(natural_keys)))

    def begin_delivery(
        self,
        *,
        kind: str,
        channel: str,
        natural_key: str,
        payload: dict[str, Any],
        provider: str,
        lease_s: int,
    ) -> dict[str, Any]:
        """Intent for what goes to the owner, not to a lead: {status, id, fence, payload}.

        The payload of the first try is kept: a repeat sends the same bytes under the same key.
        """
        return dict(
            self._call(
                "begin_delivery_v1",
                installation_id=self._installation_id,
                kind=kind,
                channel=channel,
                natural_key=natural_key,
                payload=payload,
                provider=provider,
                lease_s=lease_s,
            )
        )


def _iso(at: datetime | None) -> str | None:
    return at.isoformat() if at else None
