"""Gate codes and dispositions in the owner's words, and what the owner could do about them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True)
class Wording:
    """`words` finish "not contacted because …"; `action` is empty when the owner has nothing to do."""

    words: str
    action: str = ""


REFUSALS: Mapping[str, Wording] = MappingProxyType(
    {
        "NOT_LIVE": Wording(
            "sending is not turned on", "Run `growthloop live on` when you are ready to send."
        ),
        "KILL_SWITCH": Wording("the kill switch is on", "Lift it with `growthloop resume`."),
        "SUPPRESSED": Wording("they asked not to be contacted, or their address is closed for good"),
        "COUNTRY": Wording(
            "they are outside the countries you turned on",
            "Turn a country on only after advice; its legal basis goes on record.",
        ),
        "BAD_DATA": Wording(
            "their number or address is not usable", "Correct the rows kept aside and import them again."
        ),
        "LINE_TYPE": Wording(
            "the phone line is unknown or of a kind that may not be called or texted",
            "Look-ups run by themselves; check the Twilio account if this number stays high.",
        ),
        "CONSENT_MISSING": Wording(
            "no consent is on record for this channel",
            "Import proof of consent with `growthloop import --consents`, or let email go first.",
        ),
        "CONSENT_STALE": Wording(
            "their consent is too old to rely on for this number",
            "Renew the consent, or have the number checked for a new holder.",
        ),
        "NATIONAL_DNC": Wording("their number is on the national do-not-call list"),
        "SCRUB_STALE": Wording(
            "the do-not-call check of their number is missing or older than 31 days",
            "Import a fresh list with `growthloop import --scrub`.",
        ),
        "STATE_BLOCKED": Wording(
            "their state does not allow this kind of contact",
            "Only your own opt-in for the state, after advice, changes this.",
        ),
        "REGISTRATION": Wording(
            "a registration that their state or the carriers ask for is not on record",
            "Register, then import it with `growthloop import --registrations`.",
        ),
        "OUTSIDE_WINDOW": Wording("it was outside the lawful hours where they are; they keep their place"),
        "HOLIDAY": Wording("it was a holiday where they are; they keep their place"),
        "IN_CONVERSATION": Wording(
            "they or a colleague are in conversation with you",
            "It ends by itself two weeks after the last message.",
        ),
        "FREQ_CAP": Wording("they were contacted recently; they rest before the next touch"),
        "SENDER_SETUP": Wording(
            "the sender is not fully set up",
            "Complete the sender in the settings (`.env.example` explains each).",
        ),
        "SENDER_HEALTH": Wording(
            "the sending number or domain is resting to protect its reputation",
            "Look at bounces and complaints below before you send more.",
        ),
        "WARMUP_CAP": Wording("the sender reached its limit for the day; they come first tomorrow"),
        "BUDGET": Wording("the budget for the day is used up", "Raise it in the directives if it pays."),
        "VENDOR_LIMIT": Wording("the provider's own limit was reached; it is tried again by itself"),
        "HOLDOUT": Wording("they are in the group left alone on purpose, to measure what contacting adds"),
    }
)

DISPOSITIONS: Mapping[str, str] = MappingProxyType(
    {
        "meeting": "meeting booked",
        "callback": "asked to be called back",
        "send_email": "asked for an email",
        "not_interested": "not interested",
        "gatekeeper": "did not get past the front desk",
        "conversation": "talked, nothing agreed",
        "early_hangup": "hung up within 10 seconds",
        "dnc": "asked never to be called",
        "wrong_number": "wrong number",
        "voicemail": "voicemail",
        "no_answer": "no answer",
        "busy": "busy",
        "invalid_number": "number not in service",
        "carrier_blocked": "blocked by the carrier",
        "call_failed": "call failed",
        "sent": "sent, no report yet",
        "delivered": "delivered",
        "delayed": "delayed at their mail server",
        "opened": "opened (often by a machine)",
        "clicked": "clicked (often by a machine)",
        "replied": "replied",
        "unsubscribed": "unsubscribed",
        "soft_bounced": "mailbox not reachable for now",
        "bounced": "address does not exist",
        "complained": "marked as spam",
        "email_failed": "email failed",
        "undelivered": "text not delivered",
        "sms_failed": "text failed",
        "opted_out": "opted out",
    }
)


def refusal(code: str) -> Wording:
    """The wording of a gate code. A code without words is shown as itself, never dropped."""
    known = REFUSALS.get(code)
    return known or Wording(f"the gate said {code}")


def disposition(code: str) -> str:
    """A disposition in words; one without words is shown as itself."""
    return DISPOSITIONS.get(code, code.replace("_", " "))


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun: `1 person`, `2 people`, `no people`."""
    noun = one if number == 1 else many or f"{one}s"
    return f"{number:,} {noun}" if number else f"no {noun}"


def percent(share: float) -> str:
    """A share as whole per cent, one decimal below 10; the space does not break."""
    value = share * 100
    digits = 0 if value >= 10 or value == 0 else 1
    return f"{value:.{digits}f}\u00a0%"


def joined(parts: tuple[str, ...] | list[str]) -> str:
    """`a, b and c`."""
    *head, last = parts or [""]
    return f"{', '.join(head)} and {last}" if head else last
