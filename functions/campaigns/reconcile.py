"""What may have gone out is asked about, never guessed, and never sent again to be on the safe side.

| provider | how it is asked |
| --- | --- |
| Resend | the same request under the same key, up to 20 hours after the first; then its log |
| Twilio | messages to that number with exactly that text; a status callback may be faster |
| Vapi | calls created since, by our reference in `customer.externalId` |

"Not there" counts only 5 minutes after the request was over, because a provider's lists lag. What cannot be
asked about is parked: it has an owner, stands in the evening email with its age, and is asked about again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from functions.campaigns.contact import contact_for, request_about_person
from functions.campaigns.sending import FENCE_MARGIN_S, LEASE_S
from functions.campaigns.tally import Tally
from functions.campaigns.terms import terms_when_open
from functions.failures import describe, frames
from functions.slots import local_date
from shared.errors import ConfigurationError, ProviderError, RateLimited, StateError
from shared.gate import decide
from shared.loop import Loop
from shared.providers.channel import Message
from shared.state.reconciliation import Unknown

BATCH = 20
HOLD_S = 150
ABSENT_AFTER = timedelta(minutes=5)
SKEW = timedelta(minutes=5)  # between a provider's clock and the database's
KEY_HOLDS = timedelta(hours=20)  # Resend keeps a key for 24
ASK_AGAIN = timedelta(minutes=15)
OWNER = "owner"
OWNER_WAITS = timedelta(minutes=1)


@dataclass(frozen=True)
class Found:
    """What a provider shows of one delivery: the ids under which it may have it.

    `complete` is False where an empty answer proves nothing.
    """

    provider_ids: tuple[str, ...]
    complete: bool = True


class Reconcile:
    """Settles, within one tick, what is to be asked about now."""

    def __init__(self, loop: Loop, tally: Tally) -> None:
        self._loop, self._tally = loop, tally
        self._verbs = loop.state.reconciliation

    def run(self) -> None:
        """Ask about one batch, oldest first, while the lease lasts; the rest is asked about later."""
        held = self._verbs.claim_unknown(
            max_rows=BATCH, hold_s=HOLD_S, conversation_days=self._loop.book.outreach.conversation_days
        )
        for unknown in held:
            if self._loop.lease.left() < LEASE_S / 2:
                return
            self._one(unknown)

    def _one(self, unknown: Unknown) -> None:
        try:
            if unknown.channel == "email":
                self._email(unknown)
            else:
                self._look_up(unknown)
        except StateError:
            raise
        except (ProviderError, ConfigurationError) as error:
            self._park(unknown, error.code)
        except Exception as error:  # noqa: BLE001 - one delivery's trouble must not stop the others
            self._loop.log.error("asking about %s broke off\n%s", unknown.id, frames(error))
            self._park(unknown, str(describe(error)["code"]))

    def _look_up(self, unknown: Unknown) -> None:
        asked_at = self._loop.clock.now()
        found = {"call": self._calls, "sms": self._texts, "email": self._log}[unknown.channel](unknown)
        if any(self._verbs.accept(unknown, provider_id) for provider_id in found.provider_ids):
            self._tally.settled["accepted"] += 1
        elif not found.complete:
            self._park(unknown, f"{unknown.channel}.not_in_its_list")
        elif asked_at < unknown.unknown_at + ABSENT_AFTER:
            self._verbs.wait(unknown, unknown.unknown_at + ABSENT_AFTER)
        elif self._verbs.plan_again(unknown):
            self._tally.settled["absent"] += 1

    def _calls(self, unknown: Unknown) -> Found:
        from shared.providers.vapi.client import reference_of

        calls = self._loop.providers.calls.list_since(
            unknown.submitted_at - SKEW, unknown.unknown_at + ABSENT_AFTER
        )
        return Found(tuple(str(call["id"]) for call in calls if reference_of(call) == str(unknown.id)))

    def _texts(self, unknown: Unknown) -> Found:
        texts = self._loop.providers.sms.find(
            to_e164=unknown.payload["to"],
            body=unknown.payload["body"],
            since=unknown.submitted_at.replace(microsecond=0) - SKEW,
        )
        return Found(tuple(str(text["sid"]) for text in texts if text["direction"] != "inbound"))

    def _log(self, unknown: Unknown) -> Found:
        """A mail to the owner carries no tag and is told by recipient and subject."""
        sent = self._loop.providers.email.sent_between(unknown.submitted_at - SKEW, self._loop.clock.now())
        named = (unknown.payload.get("to"), unknown.payload.get("subject"))
        return Found(
            tuple(
                mail.provider_id
                for mail in sent.mails
                if mail.touch_id == str(unknown.id)
                or (unknown.lead is None and ([*mail.to], mail.subject) == named)
            ),
            sent.complete,
        )

    def _email(self, unknown: Unknown) -> None:
        now, lease = self._loop.clock.now(), self._loop.lease.left()
        in_time = now < unknown.submitted_at + KEY_HOLDS
        if in_time and lease < self._loop.providers.email.deadline_s + FENCE_MARGIN_S:
            return
        if in_time and self._may_go_out(unknown, now):
            answer = self._verbs.repeat(
                unknown, lease_s=LEASE_S, conversation_days=self._loop.book.outreach.conversation_days
            )
            if answer.status == "submitted" and answer.payload is not None:
                self._same_key(Message(str(unknown.id), answer.payload, unknown.latest_at), unknown)
            if answer.status != "refused":
                return
        self._look_up(unknown)

    def _may_go_out(self, unknown: Unknown, now: datetime) -> bool:
        """Whether the gate would still let it: should the first request be lost, the repeat is the send.

        Frequency, caps and holdout were decided when it was begun; a conversation may have begun since.
        """
        if unknown.lead is None:
            return True
        contact = contact_for(unknown.lead, unknown.channel)
        if unknown.lead.in_conversation or contact.address != unknown.address:
            return False
        asked = request_about_person(
            unknown.lead,
            contact,
            at=now,
            channel=unknown.channel,
            purpose="transactional",
            terms=terms_when_open(self._loop, local_date(now, self._loop.zone)),
            held_out=unknown.held_out,
        )
        return decide(asked, self._loop.rules).allowed

    def _same_key(self, message: Message, unknown: Unknown) -> None:
        """Resend answers a key it knows with the first answer, and sends nothing twice."""
        outreach = self._loop.state.outreach
        try:
            receipt = self._loop.providers.email.send(message)
        except ProviderError as error:
            over = error.permanent_for_lead
            verdict = "failed" if over else "unknown"
            outreach.record_failure(
                unknown.id,
                unknown.fence,
                verdict=verdict,  # type: ignore[arg-type]
                code=error.code,
                bad_address=over,
            )
            if over:
                self._tally.settled["refused"] += 1
            elif isinstance(error, RateLimited):
                self._verbs.wait(unknown, self._loop.clock.now() + (error.retry_after or ASK_AGAIN))
            else:
                raise
        else:
            outreach.record_receipt(unknown.id, unknown.fence, receipt.provider_id, receipt.cost_usd)
            self._tally.settled["accepted"] += 1

    def _park(self, unknown: Unknown, code: str) -> None:
        """A touch gets an owner; what is for the owner stays open: whoever sends it may send it again."""
        now = self._loop.clock.now()
        if unknown.lead is None and now < unknown.latest_at:
            self._verbs.wait(unknown, now + OWNER_WAITS)
            return
        until = now + ASK_AGAIN
        if self._verbs.park(unknown, owner=OWNER, until=until, code=code):
            self._tally.settled["parked"] += 1
            self._tally.notes.append(f"{unknown.channel}: {unknown.id} is parked ({code})")
