"""One refusal code at a time, their order, and the purposes that some of them do not apply to."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any, get_args

import pytest

from shared.gate import REASONS, ContactRequest, Purpose, Reason, SenderState, decide
from tests.unit.gate.passing import CALL, EMAIL, NOON_UTC, RULES, SMS, consent, sender

# One way to be refused with each code, for an SMS, so that every purpose can be tried on the same request.
SPOILT: dict[Reason, dict[str, Any]] = {
    "NOT_LIVE": {"live": False},
    "KILL_SWITCH": {"kill_switch": True},
    "SUPPRESSED": {"suppressed": True},
    "COUNTRY": {"country": "CA"},
    "BAD_DATA": {"address_known": False},
    "LINE_TYPE": {"line_type": "toll_free"},
    "CONSENT_MISSING": {"consent": None},
    "CONSENT_STALE": {"consent": consent(given_on=date(2026, 1, 17))},
    "NATIONAL_DNC": {"dnc_listed": True},
    "SCRUB_STALE": {"dnc_scrubbed_on": date(2026, 1, 31)},
    "STATE_BLOCKED": {"region": "OK"},
    "REGISTRATION": {"region": "TX"},
    "OUTSIDE_WINDOW": {"at": datetime(2026, 3, 4, 23, 30, tzinfo=UTC)},
    "HOLIDAY": {
        "at": datetime(2026, 2, 16, 16, 0, tzinfo=UTC),
        "consent": consent(given_on=date(2026, 2, 1)),
    },
    "IN_CONVERSATION": {"in_conversation": True},
    "FREQ_CAP": {"touches_24h": 1},
    "SENDER_SETUP": {"sender": sender(number=False)},
    "SENDER_HEALTH": {"sender": sender(healthy=False)},
    "WARMUP_CAP": {"sender": sender(sent_today=200)},
    "BUDGET": {"budget_left": 0.0},
    "VENDOR_LIMIT": {"vendor_open": False},
    "HOLDOUT": {"held_out": True},
}
SPOILT["HOLIDAY"]["dnc_scrubbed_on"] = date(2026, 2, 10)

NOT_THE_SEQUENCE = {"IN_CONVERSATION", "FREQ_CAP", "WARMUP_CAP", "HOLDOUT"}
WINDOW = {"OUTSIDE_WINDOW", "HOLIDAY"}
EXEMPT: dict[Purpose, set[str]] = {
    "prospect": set(),
    "callback": NOT_THE_SEQUENCE,
    "reply": NOT_THE_SEQUENCE | WINDOW,
    "transactional": NOT_THE_SEQUENCE,
    "confirm_opt_out": NOT_THE_SEQUENCE | WINDOW | {"SUPPRESSED"},
}


def spoil(request: ContactRequest, *reasons: Reason) -> ContactRequest:
    for reason in reasons:
        request = replace(request, **SPOILT[reason])
    return request


def answering(request: ContactRequest, purpose: Purpose, after: timedelta) -> ContactRequest:
    return replace(request, purpose=purpose, trigger_at=request.at - after)


def reason_of(request: ContactRequest) -> Reason | None:
    return decide(request, RULES).reason


@pytest.mark.parametrize("request_", [CALL, SMS, EMAIL], ids=lambda r: r.channel)
def test_decide__nothing_wrong_is_allowed(request_: ContactRequest) -> None:
    decision = decide(request_, RULES)
    assert (decision.allowed, decision.reason, decision.retry_at) == (True, None, None)


@pytest.mark.parametrize("reason", REASONS)
def test_decide__each_code(reason: Reason) -> None:
    decision = decide(spoil(SMS, reason), RULES)
    assert (decision.allowed, decision.reason) == (False, reason)


COMPATIBLE = [
    (first, second)
    for n, first in enumerate(REASONS)
    for second in REASONS[n + 1 :]
    if not SPOILT[first].keys() & SPOILT[second].keys()
]


@pytest.mark.parametrize(("first", "second"), COMPATIBLE)
def test_decide__first_failing_code_is_recorded(first: Reason, second: Reason) -> None:
    assert reason_of(spoil(SMS, second, first)) == first


def test_decide__order_is_the_specified_one() -> None:
    order = (
        "NOT_LIVE KILL_SWITCH SUPPRESSED COUNTRY BAD_DATA LINE_TYPE CONSENT_MISSING CONSENT_STALE "
        "NATIONAL_DNC SCRUB_STALE STATE_BLOCKED REGISTRATION OUTSIDE_WINDOW HOLIDAY IN_CONVERSATION FREQ_CAP "
        "SENDER_SETUP SENDER_HEALTH WARMUP_CAP BUDGET VENDOR_LIMIT HOLDOUT"
    )
    assert order.split() == list(REASONS)


def test_decide__codes_that_share_an_input_keep_their_order() -> None:
    neither = sender(number=False, healthy=False, sent_today=200)
    assert reason_of(replace(SMS, sender=neither)) == "SENDER_SETUP"
    assert reason_of(replace(SMS, sender=replace(neither, number=True))) == "SENDER_HEALTH"
    assert reason_of(replace(SMS, dnc_listed=True, dnc_scrubbed_on=None)) == "NATIONAL_DNC"
    new_year_at_dawn = datetime(2027, 1, 1, 12, 0, tzinfo=UTC)
    assert reason_of(replace(EMAIL, at=new_year_at_dawn)) == "OUTSIDE_WINDOW"


@pytest.mark.parametrize("purpose", get_args(Purpose))
@pytest.mark.parametrize("reason", REASONS)
def test_decide__purpose_matrix(purpose: Purpose, reason: Reason) -> None:
    decision = decide(answering(spoil(SMS, reason), purpose, timedelta(minutes=4)), RULES)
    assert decision.allowed == (reason in EXEMPT[purpose])


@pytest.mark.parametrize("reason", sorted(WINDOW))
def test_decide__reply_keeps_hours_after_five_minutes(reason: Reason) -> None:
    at_limit = answering(spoil(SMS, reason), "reply", timedelta(minutes=5))
    assert decide(at_limit, RULES).allowed
    late = answering(spoil(SMS, reason), "reply", timedelta(minutes=5, seconds=1))
    assert reason_of(late) == reason
    assert reason_of(replace(late, trigger_at=None)) == reason
    assert reason_of(replace(late, trigger_at=late.at + timedelta(seconds=1))) == reason


def test_decide__opt_out_is_confirmed_once_revoked_and_only_by_text_and_at_once() -> None:
    stopped = replace(SMS, suppressed=True, consent=consent(revoked=True))
    now = answering(stopped, "confirm_opt_out", timedelta(seconds=20))
    assert decide(now, RULES).allowed
    assert reason_of(replace(now, channel="email")) == "SUPPRESSED"
    assert reason_of(replace(now, trigger_at=None)) == "SUPPRESSED"
    assert reason_of(answering(stopped, "confirm_opt_out", timedelta(minutes=6))) == "SUPPRESSED"


# Where unknown is a state of its own, or where it only matters for some requests (tested with those).
MAY_BE_NONE = {"region", "company_line_opt_in", "registered", "last_touch_at", "trigger_at"}


@pytest.mark.parametrize("name", sorted({f.name for f in fields(ContactRequest)} - MAY_BE_NONE - {"at"}))
def test_decide__unknown_input_refuses(name: str) -> None:
    unknown: dict[str, Any] = {name: () if name == "zones" else None}
    assert not decide(replace(CALL, **unknown), RULES).allowed


@pytest.mark.parametrize("name", [f.name for f in fields(SenderState)])
def test_decide__a_sender_nobody_set_up_refuses(name: str) -> None:
    assert reason_of(replace(EMAIL, sender=SenderState())) == "SENDER_SETUP"
    optional = name in ("last_sent_at", "resets_at")
    everywhere = [
        decide(replace(r, sender=sender(**{name: None})), RULES).allowed for r in (CALL, SMS, EMAIL)
    ]
    assert all(everywhere) == optional


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"channel": "fax"}, "BAD_DATA"),
        ({"purpose": "spam"}, "BAD_DATA"),
        ({"region": "Oklahoma"}, "BAD_DATA"),
        ({"at": NOON_UTC.replace(tzinfo=None)}, "BAD_DATA"),
        ({"country": "XX"}, "COUNTRY"),
        ({"line_type": "carrier_pigeon"}, "LINE_TYPE"),
        ({"zones": ("America/New_York", "Mars/Olympus")}, "OUTSIDE_WINDOW"),
        ({"touches_7d": -1}, "FREQ_CAP"),
        ({"budget_left": float("nan")}, "BUDGET"),
    ],
)
def test_decide__words_it_does_not_know_refuse(changes: dict[str, Any], reason: Reason) -> None:
    assert reason_of(replace(CALL, **changes)) == reason
