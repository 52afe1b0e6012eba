"""What Vapi's `endedReason` means for us.

The values are those of the enum in the OpenAPI file of VapiAI/docs (595 on 2026-08-20); the classes are
ours. The enum grows, so patterns are used, first match wins, and what matches none is `infra_retry`: a
failure on their side that is never redialled by itself.
"""

from __future__ import annotations

from fnmatch import fnmatchcase

_CLASSES: tuple[tuple[str, tuple[str, ...]], ...] = (
    ("canceled_by_us", ("manually-canceled", "scheduled-call-deleted", "call-deleted")),
    ("voicemail", ("voicemail",)),
    (
        "retry_lead_later",
        (
            "customer-busy",
            "customer-did-not-*",
            "silence-timed-out",
            "vonage-rejected",
            "*.error-assistant-did-not-receive-customer-audio",
        ),
    ),
    (
        "permanent_lead",
        ("twilio-reported-customer-misdialed", "call.start.error-vapi-number-international"),
    ),
    ("capacity_requeue", ("*-outbound-daily-limit", "*-concurrency-limit-reached")),
    (
        "completed_transfer_failed",
        ("*.error-warm-transfer-*", "*.error-transfer-failed", "call.forwarding.*"),
    ),
    (
        "completed",
        (
            "customer-ended-call*",
            "assistant-ended-call*",
            "assistant-said-end-call-phrase",
            "assistant-forwarded-call",
            "exceeded-max-duration",
            "*-completed",
            "*-completed-call",
            "call.*.hook-executed-*",
        ),
    ),
    ("infra_retry", ("call.start.error-vapifault-*",)),
    ("system_account", ("call.start.error-subscription-*", "call.start.error-fraud-check-failed")),
    ("system_quota", ("*-exceeded-quota", "*-rate-limit*", "*quota-exceeded")),
    (
        "system_config",
        (
            "call-start-error-*",
            "call.start.*",
            "assistant-request-*",
            "assistant-not-*",
            "*-40[0134]-*",
            "*-unauthorized*",
            "*-invalid-*",
            "*-voice-not-found",
            "phone-call-provider-bypass-*",
        ),
    ),
)

UNTALKED: tuple[tuple[str, str], ...] = (
    ("voicemail", "voicemail"),
    ("customer-busy", "busy"),
    ("vonage-rejected", "busy"),
    ("customer-did-not-*", "no_answer"),
    ("silence-timed-out", "no_answer"),
    ("*.error-assistant-did-not-receive-customer-audio", "no_answer"),
    ("twilio-reported-customer-misdialed", "invalid_number"),
    ("*-outbound-sip-403-forbidden", "carrier_blocked"),
    ("*-outbound-sip-408-request-timeout", "no_answer"),
    ("*-outbound-sip-480-temporarily-unavailable", "no_answer"),
)
"""Dispositions of calls in which nobody spoke with us, by reason; all others failed."""


def reason_class(reason: str) -> str:
    """The class of a reason, `infra_retry` if it is new."""
    return next(
        (name for name, patterns in _CLASSES if any(fnmatchcase(reason, p) for p in patterns)),
        "infra_retry",
    )


def untalked_disposition(reason: str) -> str:
    """The disposition of a call that reached nobody."""
    return next((found for pattern, found in UNTALKED if fnmatchcase(reason, pattern)), "call_failed")


def phone_never_rang(reason: str) -> bool:
    """Whether a second call would be the first that this person hears."""
    return reason.startswith(("call.start.", "call-start-"))
