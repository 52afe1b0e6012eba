"""Whatever stands in a field, nothing is raised and nothing is allowed that a sound value would not allow."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields, replace
from datetime import UTC, date, datetime
from typing import Any, Final

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from shared.gate import Consent, ContactRequest, Reason, SenderState, decide
from tests.unit.gate.passing import CALL, EMAIL, NOON_UTC, RULES, SMS, consent, sender

TODAY: Final = NOON_UTC.date()
# Whatever a database row, a JSON file or a mistake of ours could bring.
ANYTHING: Final = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=6)
    | st.sampled_from(
        ["US", "NY", "call", "landline", "America/New_York", "written", "prospect", b"x", object()]
    )
    | st.dates(date(2000, 1, 1), date(2050, 1, 1))
    | st.datetimes()
    | st.datetimes(timezones=st.just(UTC)),
    lambda inner: (
        st.lists(inner, max_size=2) | st.tuples(inner) | st.dictionaries(st.text(max_size=3), inner)
    ),
    max_leaves=3,
)
Sound = Callable[[Any], bool]


def only(*values: object) -> Sound:
    """Nothing but these very values."""
    return lambda value: any(value is each for each in values)


def below(limit: float) -> Sound:
    """A count that has not reached its limit."""
    return lambda value: isinstance(value, int | float) and 0 <= value < limit


def within(days: int) -> Sound:
    """A date of the last so many days."""
    return lambda value: type(value) is date and 0 <= (TODAY - value).days <= days


# Of every field that can refuse: its code, and which values are sound for a call in working hours.
FIELDS: Final[dict[str, tuple[Reason, Sound]]] = {
    "live": ("NOT_LIVE", only(True)),
    "kill_switch": ("KILL_SWITCH", only(False)),
    "suppressed": ("SUPPRESSED", only(False)),
    "country": ("COUNTRY", lambda value: value == "US"),
    "address_known": ("BAD_DATA", only(True)),
    "channel": ("BAD_DATA", lambda value: value in ("call", "sms", "email")),
    "line_type": ("LINE_TYPE", lambda value: value in ("landline", "mobile")),
    "consent": ("CONSENT_MISSING", lambda value: isinstance(value, Consent)),
    "dnc_listed": ("NATIONAL_DNC", only(False)),
    "dnc_scrubbed_on": ("SCRUB_STALE", within(31)),
    "in_conversation": ("IN_CONVERSATION", only(False)),
    "touches_24h": ("FREQ_CAP", below(1)),
    "touches_7d": ("FREQ_CAP", below(3)),
    "touches_total": ("FREQ_CAP", below(6)),
    "sender": ("SENDER_SETUP", lambda value: isinstance(value, SenderState)),
    "budget_left": ("BUDGET", lambda value: isinstance(value, int | float) and value > 0),
    "vendor_open": ("VENDOR_LIMIT", only(True)),
    "held_out": ("HOLDOUT", only(False)),
}
OF_CONSENT: Final[dict[str, Sound]] = {
    "kind": lambda value: value == "written",
    "given_on": within(45),
    "revoked": only(False),
}
OF_SENDER: Final[dict[str, tuple[Reason, Sound]]] = {
    "number": ("SENDER_SETUP", only(True)),
    "healthy": ("SENDER_HEALTH", only(True)),
    "sent_today": ("WARMUP_CAP", below(50)),
    "sent_last_hour": ("WARMUP_CAP", below(20)),
}
SEEDED: Final = settings(max_examples=150, deadline=None, derandomize=True)


def _sound(check: Sound, value: Any) -> bool:
    try:
        return bool(check(value))
    except TypeError:
        return False


@SEEDED
@given(name=st.sampled_from(sorted(FIELDS)), value=ANYTHING)
def test_any_value__that_is_not_sound_refuses_with_the_code_of_its_field(name: str, value: Any) -> None:
    reason, check = FIELDS[name]
    assume(not _sound(check, value))
    assert decide(replace(CALL, **{name: value}), RULES).reason == reason


@SEEDED
@given(name=st.sampled_from(sorted(OF_CONSENT)), value=ANYTHING)
def test_any_value_in_a_consent__is_no_consent(name: str, value: Any) -> None:
    assume(not _sound(OF_CONSENT[name], value))
    said = decide(replace(CALL, consent=consent(**{name: value})), RULES).reason
    assert said in ("CONSENT_MISSING", "CONSENT_STALE")


@SEEDED
@given(name=st.sampled_from(sorted(OF_SENDER)), value=ANYTHING)
def test_any_value_in_a_sender__does_not_send(name: str, value: Any) -> None:
    reason, check = OF_SENDER[name]
    assume(not _sound(check, value))
    assert decide(replace(CALL, sender=sender(**{name: value})), RULES).reason == reason


@settings(max_examples=300, deadline=None, derandomize=True)
@given(
    base=st.sampled_from([CALL, SMS, EMAIL]),
    values=st.dictionaries(
        st.sampled_from([each.name for each in fields(ContactRequest)]), ANYTHING, max_size=5
    ),
)
def test_any_values__nothing_is_raised_and_an_allowed_one_has_sound_fields(
    base: ContactRequest, values: dict[str, Any]
) -> None:
    request = replace(base, **values)
    said = decide(request, RULES)
    assert said.allowed == (said.reason is None)
    if said.allowed and request.purpose == "prospect":
        needed = set(FIELDS) - {"line_type", "consent", "dnc_listed", "dnc_scrubbed_on"}
        assert [name for name in needed if not _sound(FIELDS[name][1], getattr(request, name))] == []
        assert isinstance(request.at, datetime)
