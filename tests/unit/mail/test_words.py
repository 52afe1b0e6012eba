"""Codes in the owner's words."""

from __future__ import annotations

import pytest

from shared.mail.words import DISPOSITIONS, REFUSALS, counted, disposition, joined, percent, refusal

CODES = (
    "NOT_LIVE KILL_SWITCH SUPPRESSED COUNTRY BAD_DATA LINE_TYPE CONSENT_MISSING CONSENT_STALE NATIONAL_DNC "
    "SCRUB_STALE STATE_BLOCKED REGISTRATION OUTSIDE_WINDOW HOLIDAY IN_CONVERSATION FREQ_CAP SENDER_SETUP "
    "SENDER_HEALTH WARMUP_CAP BUDGET VENDOR_LIMIT HOLDOUT"
)
RESULTS = (
    "meeting callback send_email not_interested gatekeeper conversation early_hangup dnc wrong_number "
    "voicemail no_answer busy invalid_number carrier_blocked call_failed sent delivered delayed opened "
    "clicked replied unsubscribed soft_bounced bounced complained email_failed undelivered sms_failed "
    "opted_out"
)


def test_refusals__every_gate_code_has_words_and_no_other() -> None:
    assert set(REFUSALS) == set(CODES.split())


@pytest.mark.parametrize("code", CODES.split())
def test_refusals__words_fit_into_a_sentence(code: str) -> None:
    wording = refusal(code)
    assert wording.words[0].islower()
    assert not wording.words.endswith(".")
    assert code not in wording.words
    assert wording.action == "" or wording.action.endswith(".")


def test_refusal__unknown_code_is_shown_and_not_dropped() -> None:
    assert "MOON_PHASE" in refusal("MOON_PHASE").words


def test_dispositions__every_one_has_words() -> None:
    assert set(DISPOSITIONS) == set(RESULTS.split())
    assert disposition("left_on_read") == "left on read"


def test_counted__one_many_none_and_thousands() -> None:
    assert [counted(n, "person", "people") for n in (0, 1, 1200)] == ["no people", "1 person", "1,200 people"]


def test_percent__one_decimal_only_when_small() -> None:
    assert [percent(share) for share in (0, 0.034, 0.314, 1)] == [
        "0\u00a0%",
        "3.4\u00a0%",
        "31\u00a0%",
        "100\u00a0%",
    ]


def test_joined__reads_as_a_list() -> None:
    assert [joined(parts) for parts in (["a"], ["a", "b"], ["a", "b", "c"])] == ["a", "a and b", "a, b and c"]
