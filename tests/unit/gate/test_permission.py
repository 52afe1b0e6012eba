"""Lines, consent, do-not-call, states and senders: what each channel needs before it is used."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from shared.gate import ContactRequest, LineType, Reason, decide
from tests.unit.gate.passing import CALL, EMAIL, NOON_UTC, RULES, SMS, consent, sender

TODAY = NOON_UTC.date()


def reason_of(request: ContactRequest, **changes: Any) -> Reason | None:
    return decide(replace(request, **changes), RULES).reason


@pytest.mark.parametrize("line", ["mobile", "fixed_voip", "nonfixed_voip", "unknown"])
def test_call__personal_lines_need_written_consent(line: LineType) -> None:
    assert reason_of(CALL, line_type=line) is None
    for record in (None, consent(kind="oral"), consent(kind="opt_in"), consent(channels=("sms",))):
        refused = reason_of(CALL, line_type=line, consent=record, company_line_opt_in=True)
        assert refused == "CONSENT_MISSING"


@pytest.mark.parametrize(
    ("opt_in", "record", "expected"),
    [
        (True, None, None),
        (False, None, "CONSENT_MISSING"),
        (None, None, "CONSENT_MISSING"),
        (False, consent(), None),
        (False, consent(kind="oral"), "CONSENT_MISSING"),
        (True, consent(revoked=True), "CONSENT_MISSING"),
        (True, consent(revoked=None), "CONSENT_MISSING"),
        (True, consent(given_on=date(2020, 1, 1)), None),
        (False, consent(given_on=date(2020, 1, 1)), "CONSENT_STALE"),
    ],
)
def test_call__business_landline_needs_the_owners_opt_in_or_consent(
    opt_in: bool | None,
    record: Any,
    expected: Reason | None,
) -> None:
    landline = replace(CALL, line_type="landline", dnc_scrubbed_on=None, dnc_listed=None)
    assert reason_of(landline, company_line_opt_in=opt_in, consent=record) == expected


@pytest.mark.parametrize(
    "line", ["toll_free", "premium", "pager", "voicemail", "personal", "shared_cost", "uan"]
)
def test_lines__types_that_are_not_listed_are_refused(line: LineType) -> None:
    assert reason_of(CALL, line_type=line) == "LINE_TYPE"
    assert reason_of(SMS, line_type=line) == "LINE_TYPE"


@pytest.mark.parametrize("kind", ["written", "opt_in", "oral"])
def test_sms__any_recorded_opt_in_is_enough(kind: str) -> None:
    assert reason_of(SMS, consent=consent(kind=kind)) is None
    assert reason_of(SMS, consent=consent(kind=kind, channels=("call",))) == "CONSENT_MISSING"


def test_sms__landline_cannot_be_texted() -> None:
    assert reason_of(SMS, line_type="landline") == "LINE_TYPE"


@pytest.mark.parametrize(
    ("given", "checked", "expected"),
    [
        (TODAY, None, None),
        (TODAY - timedelta(days=45), None, None),
        (TODAY - timedelta(days=46), None, "CONSENT_STALE"),
        (TODAY - timedelta(days=900), TODAY - timedelta(days=45), None),
        (TODAY - timedelta(days=900), TODAY - timedelta(days=46), "CONSENT_STALE"),
        (TODAY - timedelta(days=46), TODAY - timedelta(days=60), "CONSENT_STALE"),
        (TODAY - timedelta(days=2), TODAY + timedelta(days=1), "CONSENT_STALE"),
        (TODAY + timedelta(days=1), None, "CONSENT_MISSING"),
        (None, TODAY, "CONSENT_MISSING"),
    ],
)
def test_consent__stale_after_45_days_unless_the_reassigned_numbers_were_asked(
    given: date | None, checked: date | None, expected: Reason | None
) -> None:
    record = consent(given_on=given, rnd_checked_on=checked)
    assert reason_of(CALL, consent=record) == expected
    assert reason_of(SMS, consent=record) == expected


def test_email__needs_no_consent_in_the_us_but_respects_one_taken_back() -> None:
    assert reason_of(EMAIL) is None
    assert reason_of(EMAIL, consent=consent(revoked=True)) == "CONSENT_MISSING"


@pytest.mark.parametrize(
    ("scrubbed", "expected"),
    [
        (TODAY - timedelta(days=31), None),
        (TODAY - timedelta(days=32), "SCRUB_STALE"),
        (TODAY + timedelta(days=1), "SCRUB_STALE"),
        (None, "SCRUB_STALE"),
    ],
)
def test_scrub__31_days_for_every_line_but_business_landlines(
    scrubbed: date | None, expected: Reason | None
) -> None:
    assert reason_of(CALL, dnc_scrubbed_on=scrubbed) == expected
    assert reason_of(SMS, dnc_scrubbed_on=scrubbed) == expected
    landline = replace(CALL, line_type="landline", company_line_opt_in=True, dnc_listed=True)
    assert reason_of(landline, dnc_scrubbed_on=scrubbed) is None


@pytest.mark.parametrize(("region", "code"), [("OK", "STATE_BLOCKED"), ("TX", "REGISTRATION")])
def test_states__blocked_and_unregistered_ones_can_still_be_mailed(region: str, code: Reason) -> None:
    central = {"region": region, "zones": ("America/Chicago",)}
    assert reason_of(CALL, **central) == code
    assert reason_of(SMS, **central) == code
    assert reason_of(EMAIL, **central) is None


def test_states__texas_opens_with_a_registration() -> None:
    texas = replace(CALL, region="TX", zones=("America/Chicago",))
    assert reason_of(texas, registered=None) == "REGISTRATION"
    assert reason_of(texas, registered=True) is None


def test_states__recording_is_all_party_where_the_law_or_nobody_says() -> None:
    assert RULES.all_party_recording("CA")
    assert not RULES.all_party_recording("NY")
    assert RULES.all_party_recording(None)


@pytest.mark.parametrize(
    ("request_", "item"),
    [
        (CALL, "number"),
        (SMS, "number"),
        (SMS, "campaign"),
        (EMAIL, "postal_address"),
        (EMAIL, "unsubscribe"),
        (EMAIL, "domain"),
    ],
)
def test_sender__each_item_of_its_setup(request_: ContactRequest, item: str) -> None:
    assert reason_of(request_, sender=sender(**{item: False})) == "SENDER_SETUP"


@pytest.mark.parametrize(
    ("day", "cap"), [(-1, 5), (0, 5), (6, 5), (7, 10), (14, 20), (20, 20), (21, 30), (4000, 30)]
)
def test_sender__mailbox_ramp(day: int, cap: int) -> None:
    assert reason_of(EMAIL, sender=sender(warmup_day=day, sent_today=cap - 1)) is None
    assert reason_of(EMAIL, sender=sender(warmup_day=day, sent_today=cap)) == "WARMUP_CAP"
    assert RULES.sender_cap("email", day) == cap


def test_sender__calls_an_hour_and_rest_between_calls() -> None:
    assert reason_of(CALL, sender=sender(sent_last_hour=19)) is None
    assert reason_of(CALL, sender=sender(sent_last_hour=20)) == "WARMUP_CAP"
    assert reason_of(EMAIL, sender=sender(sent_last_hour=29)) is None
    just = NOON_UTC - timedelta(minutes=4, seconds=59)
    assert reason_of(CALL, sender=sender(last_sent_at=just)) == "WARMUP_CAP"
    assert reason_of(CALL, sender=sender(last_sent_at=NOON_UTC - timedelta(minutes=5))) is None


@pytest.mark.parametrize("counts", [(1, 1, 1), (0, 3, 3), (0, 0, 6)])
def test_frequency__a_day_a_week_and_in_all(counts: tuple[int, int, int]) -> None:
    names = ("touches_24h", "touches_7d", "touches_total")
    assert reason_of(EMAIL, **dict(zip(names, counts, strict=True))) == "FREQ_CAP"
    below = tuple(max(0, count - 1) for count in counts)
    assert reason_of(EMAIL, **dict(zip(names, below, strict=True))) is None


def test_frequency__a_state_ceiling_only_lowers_the_owners_figure() -> None:
    generous = replace(
        RULES,
        pace=RULES.pace.model_copy(
            update={
                "frequency": RULES.pace.frequency.model_copy(update={"per_24h": 5, "per_7d": 9, "total": 9})
            }
        ),
    )
    caps = {
        (channel, state): generous.max_24h(channel, state)
        for channel in ("call", "email")
        for state in ("FL", "NY")
    }
    assert caps == {("call", "FL"): 3, ("call", "NY"): 5, ("email", "FL"): 5, ("email", "NY"): 5}
    florida = replace(CALL, region="FL", touches_24h=3)
    assert decide(florida, generous).reason == "FREQ_CAP"


def test_country__opened_by_the_owner_still_wants_its_own_consent() -> None:
    opened = RULES.contact.countries["CA"].model_copy(update={"allowed": True})
    contact = RULES.contact.model_copy(update={"countries": {**RULES.contact.countries, "CA": opened}})
    rules = replace(RULES, contact=contact)
    canadian = replace(EMAIL, country="CA", region="ON", zones=("America/Toronto",))
    assert decide(canadian, RULES).reason == "COUNTRY"
    assert decide(canadian, rules).reason == "CONSENT_MISSING"
    agreed = replace(canadian, consent=consent(kind="opt_in", channels=("email",)))
    assert decide(agreed, rules).allowed
    # State rows are of US states only, whatever a province is called.
    assert decide(replace(CALL, country="CA", region="OK", zones=("America/Toronto",)), rules).allowed
    thanksgiving = datetime(2026, 10, 12, 16, 0, tzinfo=UTC)
    assert decide(replace(agreed, at=thanksgiving), rules).reason == "HOLIDAY"
