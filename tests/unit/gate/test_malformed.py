"""Bad input: whatever a field holds that its type does not promise, it refuses with its own reason."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.gate import ContactRequest, Reason, Rules, SenderState, decide
from tests.unit.gate.passing import CALL, EMAIL, NOON_UTC, RULES, SMS, consent, sender

TOMORROW = NOON_UTC.date() + timedelta(days=1)
NAIVE = NOON_UTC.replace(tzinfo=None)

# Of every input: missing, of a wrong type, misspelt, or from the future.
BAD: list[tuple[Reason, str, list[Any]]] = [
    ("NOT_LIVE", "live", [None, False, 1, "true", []]),
    ("KILL_SWITCH", "kill_switch", [None, True, 0, "", "off"]),
    ("SUPPRESSED", "suppressed", [None, True, 0, "no", ()]),
    ("COUNTRY", "country", [None, "", "us", "USA", 1, ["US"], {}]),
    ("BAD_DATA", "address_known", [None, False, 1, "+12005550100"]),
    ("BAD_DATA", "at", [NAIVE, None, "2026-03-04T16:00:00Z", 1772640000, NOON_UTC.date()]),
    ("BAD_DATA", "channel", [None, "", "fax", "CALL"]),
    ("BAD_DATA", "purpose", [None, "", "spam", "Prospect", ["reply"]]),
    ("BAD_DATA", "region", ["", "ny", "New York", "XX", 7]),
    ("LINE_TYPE", "line_type", [None, "", "fax", "Mobile", 3, ["mobile"], "toll_free", "pager"]),
    ("CONSENT_MISSING", "consent", [None, True, "written", {"kind": "written"}]),
    ("CONSENT_MISSING", "consent", [consent(kind=kind) for kind in (None, "", "oral", "opt_in", "WRITTEN")]),
    ("CONSENT_MISSING", "consent", [consent(channels=channels) for channels in (None, (), ("sms",), 1)]),
    ("CONSENT_MISSING", "consent", [consent(given_on=on) for on in (None, TOMORROW, "2026-02-20", NOON_UTC)]),
    ("CONSENT_MISSING", "consent", [consent(revoked=revoked) for revoked in (None, True, 0, "no")]),
    (
        "CONSENT_STALE",
        "consent",
        [
            consent(given_on=date(2026, 1, 1)),
            consent(given_on=date(2026, 1, 1), rnd_checked_on=date(2026, 1, 2)),
            consent(given_on=date(2026, 1, 1), rnd_checked_on=TOMORROW),
            consent(given_on=date(2026, 1, 1), rnd_checked_on="2026-03-01"),
        ],
    ),
    ("NATIONAL_DNC", "dnc_listed", [None, True, 0, "no"]),
    ("SCRUB_STALE", "dnc_scrubbed_on", [None, TOMORROW, date(2026, 1, 31), "2026-02-20", 20260220]),
    ("OUTSIDE_WINDOW", "zones", [(), None, "America/New_York", ("America/New_York", "Nowhere"), (None,), 5]),
    ("IN_CONVERSATION", "in_conversation", [None, True, 0, "no"]),
    ("FREQ_CAP", "touches_24h", [None, -1, 1, "0", []]),
    ("FREQ_CAP", "touches_7d", [None, -1, 3, "0"]),
    ("FREQ_CAP", "touches_total", [None, -1, 6, "0"]),
    ("SENDER_SETUP", "sender", [None, SenderState(), "vapi-01", sender(number=None), sender(number="yes")]),
    ("SENDER_HEALTH", "sender", [sender(healthy=healthy) for healthy in (None, False, 1, "healthy")]),
    ("WARMUP_CAP", "sender", [sender(warmup_day=day) for day in (None, -2, "60")]),
    ("WARMUP_CAP", "sender", [sender(sent_today=sent) for sent in (None, -1, 50, "0")]),
    ("WARMUP_CAP", "sender", [sender(sent_last_hour=sent) for sent in (None, -1, 20, "0")]),
    (
        "WARMUP_CAP",
        "sender",
        [sender(last_sent_at=at) for at in (NAIVE, NOON_UTC + timedelta(hours=1), "11:00", NOON_UTC.date())],
    ),
    ("BUDGET", "budget_left", [None, 0, 0.0, -1.0, float("nan"), "20", [20]]),
    ("VENDOR_LIMIT", "vendor_open", [None, False, 1, "open"]),
    ("HOLDOUT", "held_out", [None, True, 0, "no"]),
]  # fmt: skip


@pytest.mark.parametrize(
    ("reason", "name", "value"),
    [(reason, name, value) for reason, name, values in BAD for value in values],
)
def test_bad_input__refuses_with_its_own_reason(reason: Reason, name: str, value: Any) -> None:
    decision = decide(replace(CALL, **{name: value}), RULES)
    assert (decision.allowed, decision.reason) == (False, reason)


def test_bad_input__every_field_of_the_request_is_in_the_table() -> None:
    permissive = {"company_line_opt_in", "registered"}  # they only ever allow: see the next test
    waiting = {"last_touch_at", "trigger_at"}  # they only shorten a wait or a window
    names = {each.name for each in fields(ContactRequest)}
    assert names - permissive - waiting == {name for _, name, _ in BAD}


@pytest.mark.parametrize("value", [None, False, 1, "yes", ["NY"]])
def test_bad_input__what_could_only_allow_does_not(value: Any) -> None:
    landline = replace(CALL, line_type="landline", consent=None, company_line_opt_in=value)
    assert decide(landline, RULES).reason == "CONSENT_MISSING"
    texas = replace(SMS, region="TX", zones=("America/Chicago",), registered=value)
    assert decide(texas, RULES).reason == "REGISTRATION"


@pytest.mark.parametrize("value", [None, NAIVE, "16:00", NOON_UTC + timedelta(minutes=1), 0])
def test_bad_input__a_trigger_that_is_none_opens_no_window(value: Any) -> None:
    at_night = replace(SMS, at=datetime(2026, 3, 5, 3, 0, tzinfo=UTC))
    assert decide(replace(at_night, purpose="reply", trigger_at=value), RULES).reason == "OUTSIDE_WINDOW"
    stopped = replace(SMS, suppressed=True, purpose="confirm_opt_out", trigger_at=value)
    assert decide(stopped, RULES).reason == "SUPPRESSED"


@pytest.mark.parametrize("value", ["11:00", 5, NAIVE.date()])
def test_bad_input__a_wait_that_cannot_be_reckoned_is_none(value: Any) -> None:
    capped = replace(CALL, touches_24h=1, last_touch_at=value)
    decision = decide(capped, RULES)
    assert (decision.reason, decision.retry_at) == ("FREQ_CAP", None)
    resets: Any = sender(sent_today=50, resets_at=value)
    decision = decide(replace(CALL, sender=resets), RULES)
    assert (decision.reason, decision.retry_at) == ("WARMUP_CAP", None)


@pytest.mark.parametrize("request_", [CALL, SMS, EMAIL], ids=lambda r: r.channel)
def test_bad_input__nothing_at_all_is_refused(request_: ContactRequest) -> None:
    empty: dict[str, Any] = {each.name: None for each in fields(ContactRequest)}
    empty["channel"] = request_.channel
    assert decide(ContactRequest(**empty), RULES).reason == "NOT_LIVE"


# Domain sheet 3.2 and 3.3, typed in a second time: hours, Sundays, ceilings, blocks, recording.
STATE_HOURS = {
    "AL": (8, 20), "CT": (9, 20), "FL": (8, 20), "MD": (8, 20), "MA": (8, 20), "OK": (8, 20), "WA": (8, 20),
    "IL": (9, 21), "KY": (10, 21), "LA": (8, 20), "MI": (9, 21), "MN": (9, 21), "NM": (9, 21), "MS": (8, 20),
    "NV": (9, 20), "PA": (8, 21), "RI": (9, 18), "TX": (9, 21), "UT": (8, 21), "VA": (8, 21),
}  # fmt: skip
ALL_PARTY = {"CA", "FL", "IL", "MA", "MD", "MI", "MT", "NV", "NH", "PA", "WA"}


def test_states__every_row_of_the_law_is_there() -> None:
    states = Rules.load().states
    hours = {
        code: (row.opens.hour, row.closes.hour) for code, row in states.items() if row.opens and row.closes
    }
    assert hours == STATE_HOURS
    assert {code for code, row in states.items() if row.recording == "all_party"} == ALL_PARTY
    assert {code for code, row in states.items() if row.sunday == "closed"} == {"AL", "LA", "MS", "PA", "RI"}
    assert {code for code, row in states.items() if row.holidays} == {"AL", "LA", "PA", "UT"}
    assert {code: row.max_24h for code, row in states.items() if row.max_24h} == {"FL": 3, "MD": 3, "OK": 3}
    assert {code: row.blocked for code, row in states.items() if row.blocked} == {"OK": ("call", "sms")}
    assert {code for code, row in states.items() if row.registration} == {"TX"}
    assert {"CA", "CO", "ME", "UT", "VA"} <= set(states), "disclosure laws have their row too"
    texas = states["TX"].sunday
    assert texas not in (None, "closed")
    assert all(row.source and row.as_of <= date(2026, 7, 1) for row in states.values())
