"""Settings: read as a whole, every mistake named at once, secrets never shown."""

from __future__ import annotations

import traceback
import uuid
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.config import PREFIX, REQUIRED_TO_SEND, Settings, known_names
from shared.errors import ConfigurationError

SECRET = "do-not-show-this"
SECRETS = {
    "GROWTHLOOP_SECRET_KEY": SECRET,
    "GROWTHLOOP_DATABASE_URL": f"postgresql://postgres:{SECRET}@db.example.com/postgres",
    "SUPABASE_SECRET_KEY": SECRET,
    "GROWTHLOOP_DEPLOY_HOOK_URL": SECRET,
    "VAPI_API_KEY": SECRET,
    "VAPI_WEBHOOK_SECRET": SECRET,
    "RESEND_API_KEY": SECRET,
    "RESEND_WEBHOOK_SECRET": SECRET,
    "RB2B_TOKEN": SECRET,
    "TWILIO_AUTH_TOKEN": SECRET,
    "ANTHROPIC_API_KEY": SECRET,
    "GROWTHLOOP_GITHUB_TOKEN": SECRET,
}
COMPLETE = {
    "GROWTHLOOP_INSTALLATION_ID": "6a1f1c52-7f0f-4b6e-9f5e-0d5a0f2f6c11",
    "GROWTHLOOP_SECRET_KEY": "k",
    "GROWTHLOOP_PUBLIC_URL": "https://loop.example.com",
    "GROWTHLOOP_BUSINESS_NAME": "Example Answering",
    "GROWTHLOOP_POSTAL_ADDRESS": "1 Example Street, Springfield, NY 10001",
    "GROWTHLOOP_OPT_OUT_NUMBER": "+18005550100",
    "GROWTHLOOP_OWNER_EMAIL": "owner@example.com",
    "GROWTHLOOP_REPORT_FROM": "reports@example.com",
}


def mistakes(environ: dict[str, str]) -> str:
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env(environ)
    return str(caught.value)


def test_no_settings_at_all__are_those_of_a_trial_on_this_machine() -> None:
    settings = Settings.from_env({})
    assert settings.timezone == "America/New_York"
    assert settings.senders == ()
    assert settings.missing_to_go_live() == list(REQUIRED_TO_SEND)


def test_what_is_set_to_nothing__counts_as_not_set() -> None:
    assert Settings.from_env(dict.fromkeys(known_names(), "")) == Settings.from_env({})


def test_other_programs_settings__are_no_concern() -> None:
    assert Settings.from_env({"PATH": "/bin", "VAPI_SOMETHING": "x"}) == Settings.from_env({})


def test_all_mistakes__are_named_at_once() -> None:
    said = mistakes(
        {
            "GROWTHLOOP_TIMZONE": "Europe/Berlin",
            "GROWTHLOOP_INSTALLATION_ID": "seven",
            "GROWTHLOOP_TIMEZONE": "America/NewYork",
            "GROWTHLOOP_SCHEDULER": "cron",
        }
    )
    for name in ("TIMZONE", "INSTALLATION_ID", "TIMEZONE", "SCHEDULER"):
        assert f"\n  GROWTHLOOP_{name}: " in said


def test_wrong_senders__are_named_beside_an_unknown_setting() -> None:
    said = mistakes({"GROWTHLOOP_OWNR_NAME": "x", "GROWTHLOOP_EMAIL_SENDERS": "hello.example.com"})
    assert "GROWTHLOOP_OWNR_NAME: unknown setting (did you mean GROWTHLOOP_OWNER_NAME?)" in said
    assert "GROWTHLOOP_EMAIL_SENDERS: 'hello.example.com' is not a mailbox" in said


def test_an_unknown_name_that_is_like_none__is_still_a_mistake() -> None:
    assert mistakes({"GROWTHLOOP_7": "1"}).partition("GROWTHLOOP_7: unknown setting")[1]


@pytest.mark.parametrize(
    ("zone", "meant"),
    [("America/NewYork", "America/New_York"), ("Europe/Berln", "Europe/Berlin"), ("EST5EDR", "EST5EDT")],
)
def test_a_zone_that_is_none__is_told_the_near_miss(zone: str, meant: str) -> None:
    assert f"is not an IANA zone (did you mean {meant}?)" in mistakes({"GROWTHLOOP_TIMEZONE": zone})


@pytest.mark.parametrize("channel", ["CALL", "SMS"])
@pytest.mark.parametrize("number", ["5550100", "id=5550100", "hello@example.com"])
def test_a_sender_without_a_full_number__is_refused(channel: str, number: str) -> None:
    assert "is not a number like +15555550100" in mistakes({f"GROWTHLOOP_{channel}_SENDERS": number})


@pytest.mark.parametrize("day", ["2026-02-30", "2026-13-01", "yyyy-mm-dd"])
def test_a_senders_first_day_that_is_none__is_refused(day: str) -> None:
    said = mistakes({"GROWTHLOOP_EMAIL_SENDERS": f"sarah@mail.example.com@{day}"})
    assert f"GROWTHLOOP_EMAIL_SENDERS: {day!r} is not a day like 2026-01-31" in said


def test_a_sender__has_reference_address_and_first_day() -> None:
    settings = Settings.from_env(
        {
            "GROWTHLOOP_CALL_SENDERS": "pn-1=+12125550100@2026-01-31, +12125550101",
            "GROWTHLOOP_EMAIL_SENDERS": "sarah@mail.example.com@2026-02-01,john@mail.example.com",
        }
    )
    found = [(s.channel, s.reference, s.address, s.warmup_started_on) for s in settings.senders]
    assert found == [
        ("call", "pn-1", "+12125550100", "2026-01-31"),
        ("call", None, "+12125550101", None),
        ("email", None, "sarah@mail.example.com", "2026-02-01"),
        ("email", None, "john@mail.example.com", None),
    ]


def test_what_is_complete__lacks_nothing_to_go_live() -> None:
    assert Settings.from_env(COMPLETE).missing_to_go_live() == []


@pytest.mark.parametrize("name", REQUIRED_TO_SEND)
def test_what_is_missing_to_go_live__is_named(name: str) -> None:
    settings = Settings.from_env({key: value for key, value in COMPLETE.items() if key != name})
    assert settings.missing_to_go_live() == [name]


def test_an_installation_id_of_zeros__is_none() -> None:
    settings = Settings.from_env(COMPLETE | {"GROWTHLOOP_INSTALLATION_ID": str(uuid.UUID(int=0))})
    assert settings.missing_to_go_live() == ["GROWTHLOOP_INSTALLATION_ID"]


def test_secrets__are_in_no_printed_form() -> None:
    settings = Settings.from_env(SECRETS)
    shown = (repr(settings), str(settings), settings.model_dump_json(), repr(settings.model_dump()))
    assert not any(SECRET in text for text in shown)


def test_secrets__are_in_no_error_or_traceback() -> None:
    environ = SECRETS | {"GROWTHLOOP_TIMEZONE": "Mars/Base", "GROWTHLOOP_SECRET_KY": SECRET}
    with pytest.raises(ConfigurationError) as caught:
        Settings.from_env(environ)
    assert SECRET not in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_every_secret_setting__is_covered_by_these_tests() -> None:
    kinds = {str(f.validation_alias.choices[0]): str(f.annotation) for f in Settings.model_fields.values()}  # type: ignore[union-attr]
    assert {name for name, kind in kinds.items() if "SecretStr" in kind} == set(SECRETS)


@given(st.dictionaries(st.sampled_from(known_names()), st.text(max_size=40)))
def test_any_values__give_settings_or_a_configuration_error(environ: dict[str, str]) -> None:
    with suppress(ConfigurationError):
        assert isinstance(Settings.from_env(environ), Settings)


@given(st.text(alphabet="ABCDEFGHIJKLMNOPQRSTUVWXYZ_", min_size=1, max_size=30))
def test_any_name_under_our_prefix__is_known_or_refused(rest: str) -> None:
    name = PREFIX + rest
    if name not in known_names():
        assert name in mistakes({name: "x"})
