"""What must hold for every request, not only for those somebody thought of."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, Final, get_args
from zoneinfo import ZoneInfo

from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from shared.gate import (
    REASONS,
    Consent,
    ContactRequest,
    SenderState,
    closes_at,
    decide,
    is_open,
    next_opening,
    place_of,
)
from shared.gate.request import CHANNELS, PURPOSES, LineType
from shared.zones import STATES
from tests.unit.gate.passing import CALL, EMAIL, READY, RULES, SMS, WRITTEN

ZONES: Final = (
    "America/New_York",
    "America/Chicago",
    "America/Denver",
    "America/Phoenix",
    "America/Los_Angeles",
    "America/Anchorage",
    "Pacific/Honolulu",
    "Pacific/Guam",
    "Australia/Lord_Howe",
    "Nowhere/Land",
)
instants = st.builds(
    lambda seconds, zone: datetime.fromtimestamp(seconds, ZoneInfo(zone)),
    st.integers(1_704_067_200, 1_956_528_000),  # 2024 to 2031
    st.sampled_from(("UTC", *ZONES[:9])),
)
# The middle of some working day between the coasts, so that the window is not what refuses everything.
daytimes = st.builds(
    lambda week, day, minutes: (
        datetime(2024, 1, 1, 18, tzinfo=UTC) + timedelta(days=7 * week + day, minutes=minutes)
    ),
    st.integers(0, 416),
    st.integers(0, 4),
    st.integers(0, 239),
)
days = st.dates(date(2023, 6, 1), date(2032, 1, 1))
flags = st.sampled_from([True, False, None])
sure = st.booleans()
counts = st.none() | st.integers(0, 100)


def recent(at: datetime) -> st.SearchStrategy[date]:
    return st.integers(0, 60).map(lambda n: at.astimezone(UTC).date() - timedelta(days=n))


def fields_at(at: datetime) -> dict[str, st.SearchStrategy[Any]]:
    """For each field of a request, any value it can have at that instant."""
    near = st.integers(-60, 600).map(lambda seconds: at - timedelta(seconds=seconds))
    consents = st.builds(
        Consent,
        kind=st.sampled_from(["written", "opt_in", "oral"]),
        channels=st.sampled_from([("call", "sms"), ("call",), ("sms",), ("call", "sms", "email"), ()]),
        given_on=st.none() | days | recent(at),
        revoked=st.booleans(),
        rnd_checked_on=st.none() | days | recent(at),
    )
    senders = st.builds(
        SenderState,
        *([sure] * 5),
        healthy=flags,
        warmup_day=st.none() | st.integers(0, 90),
        sent_today=counts,
        sent_last_hour=counts,
        last_sent_at=st.none() | near,
        resets_at=st.none() | instants,
    )
    caps = st.builds(
        lambda today, hour, last: replace(READY, sent_today=today, sent_last_hour=hour, last_sent_at=last),
        st.integers(0, 60),
        st.integers(0, 25),
        st.none() | near,
    )
    return {
        "purpose": st.sampled_from(PURPOSES),
        "live": flags,
        "kill_switch": flags,
        "suppressed": flags,
        "country": st.sampled_from(["US", "CA", "DE", "ZZ", None]),
        "region": st.none() | st.sampled_from(sorted(STATES)),
        "zones": st.lists(st.sampled_from(ZONES), max_size=3).map(tuple),
        "address_known": flags,
        "line_type": st.sampled_from([*get_args(LineType), None]),
        "consent": st.none() | consents,
        "dnc_scrubbed_on": st.none() | days | recent(at),
        "dnc_listed": flags,
        "company_line_opt_in": flags,
        "registered": flags,
        "in_conversation": flags,
        "touches_24h": counts,
        "touches_7d": counts,
        "touches_total": counts,
        "last_touch_at": st.none() | near,
        "sender": st.none() | senders | caps,
        "budget_left": st.none() | st.floats(-1, 100),
        "vendor_open": flags,
        "held_out": flags,
        "trigger_at": st.none() | near,
    }


@st.composite
def requests(draw: st.DrawFn) -> ContactRequest:
    """A passing request with up to six fields drawn anew, so that every code and every yes turns up."""
    at = draw(instants | daytimes)
    base = draw(st.sampled_from([CALL, SMS, EMAIL]))
    fresh = at.astimezone(UTC).date() - timedelta(days=3)
    usual = replace(base, at=at, consent=replace(WRITTEN, given_on=fresh), dnc_scrubbed_on=fresh)
    possible = fields_at(at)
    names = draw(st.lists(st.sampled_from(sorted(possible)), max_size=6, unique=True))
    changes: dict[str, Any] = {name: draw(possible[name]) for name in names}
    return replace(usual, **changes)


def answers_at_once(request: ContactRequest) -> bool:
    return request.purpose in ("reply", "confirm_opt_out") and request.trigger_at is not None


@given(requests())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_decide__is_pure_and_consistent(request: ContactRequest) -> None:
    decision = decide(request, RULES)
    assert decision == decide(replace(request, at=request.at.astimezone(UTC)), RULES)
    assert decision.allowed == (decision.reason is None)
    assert decision.reason is None or decision.reason in REASONS
    assert not (decision.allowed and decision.retry_at)


@given(requests())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_decide__allowed_implies_permission(request: ContactRequest) -> None:
    assume(decide(request, RULES).allowed)
    assert request.live
    assert request.kill_switch is False
    assert request.country == "US"
    assert request.suppressed is False or request.purpose == "confirm_opt_out"
    if request.channel == "email":
        assert request.sender
        assert request.sender.unsubscribe
        assert request.sender.postal_address
        return
    assert request.region != "OK"
    assert request.region != "TX" or request.registered
    if request.line_type == "landline" and request.company_line_opt_in:
        return
    assert request.consent
    assert request.channel in request.consent.channels
    assert request.channel == "sms" or request.consent.kind == "written"


@given(requests())
@settings(max_examples=200, deadline=None, derandomize=True)
def test_decide__never_outside_federal_hours_in_any_plausible_zone(request: ContactRequest) -> None:
    assume(not answers_at_once(request) and decide(request, RULES).allowed)
    clocks = [request.at.astimezone(ZoneInfo(zone)) for zone in request.zones]
    assert clocks
    assert all(time(8) <= clock.time() < time(21) and clock.weekday() < 5 for clock in clocks)


@given(requests())
@example(replace(CALL, at=datetime(2026, 3, 7, 12, tzinfo=UTC)))
@example(replace(CALL, vendor_open=False))
@settings(max_examples=250, deadline=None, derandomize=True)
def test_retry_at__is_a_moment_at_which_window_codes_no_longer_refuse(request: ContactRequest) -> None:
    retry_at = decide(request, RULES).retry_at
    assume(retry_at is not None)
    assert retry_at is not None
    assert retry_at >= request.at
    assert is_open(retry_at, place_of(request), RULES)
    again = decide(replace(request, at=retry_at, trigger_at=None), RULES)
    assert again.reason not in ("OUTSIDE_WINDOW", "HOLIDAY")


@given(instants, st.lists(st.sampled_from(ZONES[:9]), min_size=1, max_size=3), st.sampled_from(CHANNELS))
@settings(max_examples=150, deadline=None, derandomize=True)
def test_next_opening__nothing_is_open_before_it(at: datetime, zones: list[str], channel: str) -> None:
    place = replace(place_of(CALL), channel=channel, region=None, zones=tuple(zones))  # type: ignore[arg-type]
    start = at.astimezone(UTC).replace(minute=0, second=0, microsecond=0)
    opening = next_opening(start, place, RULES)
    until = opening or start + timedelta(days=3)
    while start < until:
        assert not is_open(start, place, RULES)
        start += timedelta(minutes=30)
    if opening:
        closing = closes_at(opening, place, RULES)
        assert closing is not None
        assert opening < closing <= opening + timedelta(hours=10)
