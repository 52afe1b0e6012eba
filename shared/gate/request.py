"""What the gate is asked and what it answers: plain frozen values, easy to fill from a database row."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Final, Literal, get_args

from shared.providers.channel import ChannelName

Purpose = Literal["prospect", "callback", "reply", "transactional", "confirm_opt_out"]
LineType = Literal[
    "landline",
    "mobile",
    "fixed_voip",
    "nonfixed_voip",
    "toll_free",
    "premium",
    "pager",
    "voicemail",
    "personal",
    "shared_cost",
    "uan",
    "unknown",
]
ConsentKind = Literal["written", "opt_in", "oral"]
Reason = Literal[
    "NOT_LIVE",
    "KILL_SWITCH",
    "SUPPRESSED",
    "COUNTRY",
    "BAD_DATA",
    "LINE_TYPE",
    "CONSENT_MISSING",
    "CONSENT_STALE",
    "NATIONAL_DNC",
    "SCRUB_STALE",
    "STATE_BLOCKED",
    "REGISTRATION",
    "OUTSIDE_WINDOW",
    "HOLIDAY",
    "IN_CONVERSATION",
    "FREQ_CAP",
    "SENDER_SETUP",
    "SENDER_HEALTH",
    "WARMUP_CAP",
    "BUDGET",
    "VENDOR_LIMIT",
    "HOLDOUT",
]

CHANNELS: Final[tuple[str, ...]] = get_args(ChannelName)
PURPOSES: Final[tuple[str, ...]] = get_args(Purpose)
# In the order in which they are checked.
REASONS: Final[tuple[Reason, ...]] = get_args(Reason)


@dataclass(frozen=True)
class Consent:
    """What a person agreed to, on record with proof and wording.

    `kind`
        `written`: signed or typed with a clear disclosure, including a person's own written request to be
        called at a number. `opt_in`: a form, a keyword or a reply that asks for messages. `oral`: said in a
        recorded conversation. Which kind is enough for what stands in the rules file.
    `channels`
        The channels that it names.
    `given_on`
        Its date; None is no consent.
    `revoked`
        Taken back, in whatever way. A revoked consent refuses every channel.
    `rnd_checked_on`
        When the Reassigned Numbers Database last answered "no" (same holder since `given_on`).
    """

    kind: ConsentKind
    channels: tuple[ChannelName, ...]
    given_on: date | None
    revoked: bool = False
    rnd_checked_on: date | None = None


@dataclass(frozen=True)
class SenderState:
    """The mailbox or number that would send. Every default refuses.

    `postal_address`, `unsubscribe`, `domain`
        Email: an address for the footer, a working one-click unsubscribe, SPF, DKIM and DMARC in place.
    `number`, `campaign`
        Calls and SMS: an own number; an approved A2P 10DLC campaign.
    `healthy`
        False while a breaker or quarantine holds it, None when nobody knows.
    `warmup_day`
        Whole days since its first send: 0 on the first day.
    `sent_today`, `sent_last_hour`, `last_sent_at`
        What it sent on the owner's local date and in the last 60 minutes, and its newest send.
    `resets_at`
        When `sent_today` next starts at zero; None lets the gate take the recipient's next day.
    """

    postal_address: bool = False
    unsubscribe: bool = False
    domain: bool = False
    number: bool = False
    campaign: bool = False
    healthy: bool | None = None
    warmup_day: int | None = None
    sent_today: int | None = None
    sent_last_hour: int | None = None
    last_sent_at: datetime | None = None
    resets_at: datetime | None = None


@dataclass(frozen=True)
class ContactRequest:
    """May this person be contacted at this instant, on this channel, for this purpose?

    None is unknown, and unknown refuses. Instants carry a zone; one without is refused as bad data.

    `at`
        The instant, with a zone; the touch's own time from `loop.clock.now()`.
    `channel`, `purpose`
        `call`, `email` or `sms`. `prospect`: a step of the sequence. `callback`: promised by us. `reply`:
        answers the person's own message. `transactional`: confirms or reminds of a meeting.
        `confirm_opt_out`: the one SMS that confirms an opt-out.
    `live`, `kill_switch`, `suppressed`
        This installation may send; the owner stopped everything; the person opted out on any channel.
    `country`, `region`, `zones`
        ISO code; two-letter state or None; every plausible IANA zone (`shared.zones.zones_for`).
    `address_known`
        The person has a usable address on this channel: an E.164 number, or an email not known bad.
    `line_type`
        Of the number, from the look-up. None is "never looked up"; `unknown` is a look-up that did not tell.
    `consent`
        The record that covers this channel, None where there is none.
    `dnc_scrubbed_on`, `dnc_listed`
        Date of the national do-not-call data the number was last compared with, and whether it was on it.
    `company_line_opt_in`
        The owner's opt-in for AI calls to verified business landlines of this person's state. False when the
        state is unknown.
    `registered`
        A registration as telephone seller, or a documented exemption, is on file for this person's state.
    `in_conversation`
        A reply, a booked meeting or a colleague's reply stopped the sequence, and it is not over.
    `touches_24h`, `touches_7d`, `touches_total`, `last_touch_at`
        Contacts with this person on all channels; the first is the larger of rolling 24 hours and local date.
        The total is since the last enrolment that the owner approved.
    `sender`
        See SenderState.
    `budget_left`
        US dollars in the tightest budget this touch draws on.
    `vendor_open`
        The provider's breaker is closed and its rate and concurrency limits have room.
    `held_out`
        The company is in the permanent holdout.
    `trigger_at`
        When the person's own message came in that a `reply` or `confirm_opt_out` answers.
    """

    at: datetime
    channel: ChannelName
    purpose: Purpose
    live: bool | None
    kill_switch: bool | None
    suppressed: bool | None
    country: str | None
    region: str | None
    zones: tuple[str, ...]
    address_known: bool | None
    line_type: LineType | None
    consent: Consent | None
    dnc_scrubbed_on: date | None
    company_line_opt_in: bool | None
    in_conversation: bool | None
    touches_24h: int | None
    touches_7d: int | None
    touches_total: int | None
    sender: SenderState | None
    budget_left: float | None
    vendor_open: bool | None
    held_out: bool | None
    dnc_listed: bool | None = False
    registered: bool | None = False
    last_touch_at: datetime | None = None
    trigger_at: datetime | None = None


@dataclass(frozen=True)
class Decision:
    """The gate's answer. `reason` is the first code that refused, None when allowed.

    `retry_at` (UTC) is set where waiting can help: an instant at which the person's window is open. It is a
    time to ask again, not a promise that the answer will be yes.
    """

    allowed: bool
    reason: Reason | None
    retry_at: datetime | None
