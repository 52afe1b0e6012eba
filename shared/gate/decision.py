"""The gate: one pure decision, codes in the order of the law's weight, the first that refuses wins."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Final, TypeGuard

from shared.gate.request import CHANNELS, PURPOSES, REASONS, ContactRequest, Decision, Purpose, Reason
from shared.gate.rules import Need, Rules
from shared.gate.windows import Place, in_hours, next_day, next_opening, on_holiday
from shared.zones import STATES

_NOT_THE_SEQUENCE: Final[frozenset[Reason]] = frozenset(
    {"IN_CONVERSATION", "FREQ_CAP", "WARMUP_CAP", "HOLDOUT"}
)
_WINDOW: Final[frozenset[Reason]] = frozenset({"OUTSIDE_WINDOW", "HOLIDAY"})

# How Python says that a value is not what its type promises.
_MALFORMED: Final = (TypeError, ValueError, AttributeError, LookupError, OverflowError)

# Codes that do not apply, by purpose.
_EXEMPT: Final[Mapping[Purpose, frozenset[Reason]]] = {
    "prospect": frozenset(),
    "callback": _NOT_THE_SEQUENCE,
    "reply": _NOT_THE_SEQUENCE,
    "transactional": _NOT_THE_SEQUENCE,
    "confirm_opt_out": _NOT_THE_SEQUENCE,
}
# Further codes that do not apply for a few minutes after the person's own message.
_EXEMPT_AT_ONCE: Final[Mapping[Purpose, frozenset[Reason]]] = {
    "reply": _WINDOW,
    "confirm_opt_out": _WINDOW | {"SUPPRESSED"},
}


def decide(request: ContactRequest, rules: Rules) -> Decision:
    """Whether the person may be contacted now; see ContactRequest and Decision for the values.

    Pure: the same request and rules give the same decision. It decides on what it is told; that nothing has
    changed since is for `begin_send`, which locks the person and looks again.
    """
    if _aware(request.at):
        # Arithmetic within one zone ignores its changes of offset; UTC has none.
        request = replace(request, at=request.at.astimezone(UTC))
    exempt = _exempt(request, rules)
    for reason in REASONS:
        if reason not in exempt and _refuses(reason, request, rules):
            return Decision(False, reason, _retry_at(reason, request, rules))
    return Decision(True, None, None)


def _refuses(reason: Reason, request: ContactRequest, rules: Rules) -> bool:
    """What a check trips over is no permission: a malformed value refuses, with the reason of its check."""
    try:
        return _REFUSES[reason](request, rules)
    except _MALFORMED:
        return True


def place_of(request: ContactRequest) -> Place:
    """What the request's window depends on."""
    return Place(request.channel, request.country, request.region, request.zones)


def _exempt(request: ContactRequest, rules: Rules) -> frozenset[Reason]:
    if request.purpose not in PURPOSES:
        return frozenset()
    exempt = _EXEMPT[request.purpose]
    if _just_asked(request, rules):
        exempt |= _EXEMPT_AT_ONCE.get(request.purpose, frozenset())
    return exempt


def _just_asked(request: ContactRequest, rules: Rules) -> bool:
    """Within minutes of the person's own message; a confirmation of an opt-out is a text and nothing else."""
    if request.trigger_at is None or not (_aware(request.at) and _aware(request.trigger_at)):
        return False
    if request.purpose == "confirm_opt_out" and request.channel != "sms":
        return False
    age = request.at - request.trigger_at
    return timedelta(0) <= age <= timedelta(minutes=rules.contact.answers.within_minutes)


def _aware(at: object) -> TypeGuard[datetime]:
    return isinstance(at, datetime) and at.tzinfo is not None


def _not_live(request: ContactRequest, _: Rules) -> bool:
    return request.live is not True


def _killed(request: ContactRequest, _: Rules) -> bool:
    return request.kill_switch is not False


def _suppressed(request: ContactRequest, _: Rules) -> bool:
    return request.suppressed is not False


def _country(request: ContactRequest, rules: Rules) -> bool:
    country = rules.contact.countries.get(request.country or "")
    return country is None or not country.allowed


def _bad_data(request: ContactRequest, _: Rules) -> bool:
    """No usable address, an instant without a zone, or words that the gate does not know.

    A state that it cannot name may be a blocked one.
    """
    known_state = request.country != "US" or request.region is None or request.region in STATES
    known_words = request.channel in CHANNELS and request.purpose in PURPOSES
    return request.address_known is not True or not (known_words and known_state and _aware(request.at))


def _need(request: ContactRequest, rules: Rules) -> Need | None:
    """What this contact needs first; None where the line must not be used at all."""
    if request.channel == "email":
        country = rules.contact.countries.get(request.country or "")
        return "none" if country and not country.email_needs_consent else "opt_in"
    return rules.contact.lines[request.channel].needs.get(request.line_type) if request.line_type else None


def _line_type(request: ContactRequest, rules: Rules) -> bool:
    return _need(request, rules) is None


def _has_consent(request: ContactRequest, rules: Rules) -> bool:
    """A consent of a sufficient kind, for this channel, given by now. Revocation is looked at apart."""
    consent, need = request.consent, _need(request, rules)
    if consent is None or consent.given_on is None:
        return False
    kinds = rules.contact.consent.satisfied_by[
        "written" if need in ("written", "company_opt_in") else "opt_in"
    ]
    in_scope = request.channel in consent.channels and consent.kind in kinds
    return in_scope and consent.given_on <= _utc_date(request.at)


def _consent_missing(request: ContactRequest, rules: Rules) -> bool:
    need = _need(request, rules)
    # The confirmation answers the very message that revoked the consent.
    confirming = request.purpose == "confirm_opt_out" and _just_asked(request, rules)
    if request.consent is not None and request.consent.revoked is not False and not confirming:
        return True
    if need == "none" or (need == "company_opt_in" and request.company_line_opt_in is True):
        return False
    return not _has_consent(request, rules)


def _consent_stale(request: ContactRequest, rules: Rules) -> bool:
    """Where a call or text rests on consent to a number, the number must still be that person's."""
    need, consent = _need(request, rules), request.consent
    by_owner = need == "company_opt_in" and request.company_line_opt_in is True
    if request.channel == "email" or by_owner or need == "none":
        return False
    if consent is None or consent.given_on is None:
        return True
    checked = max(consent.given_on, consent.rnd_checked_on or consent.given_on)
    return _too_old(checked, request.at, rules.contact.consent.stale_after_days)


def _outside_dnc(request: ContactRequest, rules: Rules) -> bool:
    return request.channel == "email" or request.line_type in rules.contact.national_dnc.exempt_lines


def _national_dnc(request: ContactRequest, rules: Rules) -> bool:
    return not _outside_dnc(request, rules) and request.dnc_listed is not False


def _scrub_stale(request: ContactRequest, rules: Rules) -> bool:
    if _outside_dnc(request, rules):
        return False
    scrubbed, limit = request.dnc_scrubbed_on, rules.contact.national_dnc.scrub_max_age_days
    return scrubbed is None or _too_old(scrubbed, request.at, limit)


def _too_old(day: date, at: datetime, days: int) -> bool:
    """More than so many days before `at`; a date in the future is no evidence either."""
    return not timedelta(0) <= _utc_date(at) - day <= timedelta(days=days)


def _utc_date(at: datetime) -> date:
    return at.astimezone(UTC).date()


def _state_blocked(request: ContactRequest, rules: Rules) -> bool:
    state = rules.states.get(request.region or "")
    return request.country == "US" and state is not None and request.channel in state.blocked


def _unregistered(request: ContactRequest, rules: Rules) -> bool:
    state = rules.states.get(request.region or "")
    needed = request.country == "US" and state is not None and request.channel in state.registration
    return needed and request.registered is not True


def _outside_window(request: ContactRequest, rules: Rules) -> bool:
    return not in_hours(request.at, place_of(request), rules)


def _holiday(request: ContactRequest, rules: Rules) -> bool:
    return on_holiday(request.at, place_of(request), rules)


def _in_conversation(request: ContactRequest, _: Rules) -> bool:
    return request.in_conversation is not False


def _frequency(request: ContactRequest, rules: Rules) -> bool:
    limits = rules.pace.frequency
    return (
        _reached(request.touches_24h, rules.max_24h(request.channel, request.region))
        or _reached(request.touches_7d, limits.per_7d)
        or _reached(request.touches_total, limits.total)
    )


def _reached(count: int | None, limit: int) -> bool:
    return count is None or not 0 <= count < limit


def _sender_setup(request: ContactRequest, rules: Rules) -> bool:
    needed = rules.pace.senders[request.channel].setup
    return request.sender is None or any(getattr(request.sender, item) is not True for item in needed)


def _sender_health(request: ContactRequest, _: Rules) -> bool:
    return request.sender is None or request.sender.healthy is not True


def _day_cap(request: ContactRequest, rules: Rules) -> bool:
    sender = request.sender
    # One day ahead is a clock in another zone; further ahead is no date that anything was sent on.
    if sender is None or sender.warmup_day is None or sender.warmup_day < -1:
        return True
    return _reached(sender.sent_today, rules.sender_cap(request.channel, sender.warmup_day))


def _hour_cap(request: ContactRequest, rules: Rules) -> bool:
    per_hour = rules.pace.senders[request.channel].per_hour
    return per_hour is not None and (
        request.sender is None or _reached(request.sender.sent_last_hour, per_hour)
    )


def _gap_ends(request: ContactRequest, rules: Rules) -> datetime | None:
    """When the sender's rest after its newest send is over, if it is resting."""
    minutes = rules.pace.senders[request.channel].gap_minutes
    if request.sender is None or request.sender.last_sent_at is None or minutes is None:
        return None
    if not _aware(request.sender.last_sent_at):
        raise ValueError("the newest send has no zone")
    ends = request.sender.last_sent_at.astimezone(UTC) + timedelta(minutes=minutes)
    return ends if ends > request.at else None


def _warmup_cap(request: ContactRequest, rules: Rules) -> bool:
    return _day_cap(request, rules) or _hour_cap(request, rules) or _gap_ends(request, rules) is not None


def _budget(request: ContactRequest, _: Rules) -> bool:
    # Written so that NaN refuses too.
    return request.budget_left is None or not request.budget_left > 0


def _vendor(request: ContactRequest, _: Rules) -> bool:
    return request.vendor_open is not True


def _held_out(request: ContactRequest, _: Rules) -> bool:
    return request.held_out is not False


_REFUSES: Final[Mapping[Reason, Callable[[ContactRequest, Rules], bool]]] = {
    "NOT_LIVE": _not_live,
    "KILL_SWITCH": _killed,
    "SUPPRESSED": _suppressed,
    "COUNTRY": _country,
    "BAD_DATA": _bad_data,
    "LINE_TYPE": _line_type,
    "CONSENT_MISSING": _consent_missing,
    "CONSENT_STALE": _consent_stale,
    "NATIONAL_DNC": _national_dnc,
    "SCRUB_STALE": _scrub_stale,
    "STATE_BLOCKED": _state_blocked,
    "REGISTRATION": _unregistered,
    "OUTSIDE_WINDOW": _outside_window,
    "HOLIDAY": _holiday,
    "IN_CONVERSATION": _in_conversation,
    "FREQ_CAP": _frequency,
    "SENDER_SETUP": _sender_setup,
    "SENDER_HEALTH": _sender_health,
    "WARMUP_CAP": _warmup_cap,
    "BUDGET": _budget,
    "VENDOR_LIMIT": _vendor,
    "HOLDOUT": _held_out,
}


def _retry_at(reason: Reason, request: ContactRequest, rules: Rules) -> datetime | None:
    """An open instant at which asking again makes sense. An opt-out is confirmed at once or not at all."""
    if reason not in _WAITS or request.purpose == "confirm_opt_out":
        return None
    try:
        earliest = _WAITS[reason](request, rules)
        return next_opening(earliest, place_of(request), rules) if earliest else None
    except _MALFORMED:
        return None


def _now(request: ContactRequest, _: Rules) -> datetime:
    return request.at


def _frequency_wait(request: ContactRequest, rules: Rules) -> datetime | None:
    """None for the total, which no waiting lowers. A full week is asked about again day by day."""
    limits = rules.pace.frequency
    if (
        request.touches_24h is None
        or request.touches_7d is None
        or _reached(request.touches_total, limits.total)
    ):
        return None
    day = timedelta(days=1)
    if _reached(request.touches_7d, limits.per_7d):
        return request.at + day
    last = request.last_touch_at.astimezone(UTC) if request.last_touch_at else None
    # With more than one a day allowed, or without a time, a full day from now is always enough.
    single = rules.max_24h(request.channel, request.region) == 1
    return last + day if last and single and last + day > request.at else request.at + day


def _sender_wait(request: ContactRequest, rules: Rules) -> datetime | None:
    sender = request.sender
    if sender is None or sender.warmup_day is None or sender.sent_today is None:
        return None
    if _day_cap(request, rules):
        return _day_ends(request, rules)
    if _hour_cap(request, rules):
        return request.at + timedelta(minutes=rules.pace.waits.hourly_cap_minutes)
    return _gap_ends(request, rules)


def _day_ends(request: ContactRequest, _: Rules) -> datetime | None:
    resets = request.sender.resets_at if request.sender else None
    if resets is not None and resets.astimezone(UTC) > request.at:
        return resets
    return next_day(request.at, place_of(request))


def _health_wait(request: ContactRequest, rules: Rules) -> datetime:
    return request.at + timedelta(minutes=rules.pace.waits.sender_health_minutes)


def _setup_wait(request: ContactRequest, rules: Rules) -> datetime:
    return request.at + timedelta(minutes=rules.pace.waits.sender_setup_minutes)


def _vendor_wait(request: ContactRequest, rules: Rules) -> datetime:
    return request.at + timedelta(minutes=rules.pace.waits.vendor_minutes)


_WAITS: Final[Mapping[Reason, Callable[[ContactRequest, Rules], datetime | None]]] = {
    "OUTSIDE_WINDOW": _now,
    "HOLIDAY": _now,
    "FREQ_CAP": _frequency_wait,
    "SENDER_SETUP": _setup_wait,
    "SENDER_HEALTH": _health_wait,
    "WARMUP_CAP": _sender_wait,
    "BUDGET": _day_ends,
    "VENDOR_LIMIT": _vendor_wait,
}
