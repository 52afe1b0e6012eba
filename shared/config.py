"""Settings: read once from the environment, checked as a whole, all mistakes named at once."""

from __future__ import annotations

import difflib
import os
import uuid
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any, Literal, Self
from zoneinfo import available_timezones

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator

from shared.errors import ConfigurationError

PREFIX = "GROWTHLOOP_"
REQUIRED_TO_SEND = (
    "GROWTHLOOP_INSTALLATION_ID",
    "GROWTHLOOP_SECRET_KEY",
    "GROWTHLOOP_PUBLIC_URL",
    "GROWTHLOOP_BUSINESS_NAME",
    "GROWTHLOOP_POSTAL_ADDRESS",
    "GROWTHLOOP_OPT_OUT_NUMBER",
    "GROWTHLOOP_OWNER_EMAIL",
    "GROWTHLOOP_REPORT_FROM",
)


def _named(name: str, **extra: Any) -> Any:
    return Field(validation_alias=AliasChoices(name), **extra)


class SenderSetting(BaseModel):
    """One number or mailbox that may send. `reference` is the provider's id for it, where it has one."""

    model_config = ConfigDict(frozen=True)

    channel: Literal["call", "email", "sms"]
    address: str
    reference: str | None = None
    warmup_started_on: str | None = None

    @property
    def domain(self) -> str:
        """The domain of a mailbox; a number is its own."""
        return self.address.rpartition("@")[2].lower()


class Settings(BaseModel):
    """Everything that differs between two installations. Business rules live in `directives/`.

    Build it with `Settings.from_env`; the demo builds its own from nothing. Secrets are `SecretStr`: they
    do not show in logs or tracebacks.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    installation_id: uuid.UUID = _named("GROWTHLOOP_INSTALLATION_ID", default=uuid.UUID(int=0))
    app: str = _named("GROWTHLOOP_APP", default="growthloop")
    timezone: str = _named("GROWTHLOOP_TIMEZONE", default="America/New_York")
    release: str | None = _named("GROWTHLOOP_RELEASE", default=None)
    scheduler: Literal["stages", "dispatcher"] = _named("GROWTHLOOP_SCHEDULER", default="stages")
    data_dir: Path | None = _named("GROWTHLOOP_DATA_DIR", default=None)
    secret_key: SecretStr | None = _named("GROWTHLOOP_SECRET_KEY", default=None)
    public_url: str | None = _named("GROWTHLOOP_PUBLIC_URL", default=None)

    business_name: str = _named("GROWTHLOOP_BUSINESS_NAME", default="")
    owner_name: str = _named("GROWTHLOOP_OWNER_NAME", default="")
    postal_address: str = _named("GROWTHLOOP_POSTAL_ADDRESS", default="")
    booking_url: str = _named("GROWTHLOOP_BOOKING_URL", default="")
    opt_out_number: str = _named("GROWTHLOOP_OPT_OUT_NUMBER", default="")
    owner_email: str | None = _named("GROWTHLOOP_OWNER_EMAIL", default=None)
    owner_phone: str | None = _named("GROWTHLOOP_OWNER_PHONE", default=None, pattern=r"^\+[1-9]\d{6,14}$")
    report_from: str | None = _named("GROWTHLOOP_REPORT_FROM", default=None)
    ping_url: str | None = _named("GROWTHLOOP_PING_URL", default=None)
    website_url: str | None = _named("GROWTHLOOP_WEBSITE_URL", default=None)
    deploy_hook_url: SecretStr | None = _named("GROWTHLOOP_DEPLOY_HOOK_URL", default=None)
    reply_to: str | None = _named("GROWTHLOOP_REPLY_TO", default=None)

    call_senders: str = _named("GROWTHLOOP_CALL_SENDERS", default="")
    email_senders: str = _named("GROWTHLOOP_EMAIL_SENDERS", default="")
    sms_senders: str = _named("GROWTHLOOP_SMS_SENDERS", default="")

    database_url: SecretStr | None = _named("GROWTHLOOP_DATABASE_URL", default=None)
    supabase_url: str | None = _named("SUPABASE_URL", default=None)
    supabase_secret_key: SecretStr | None = _named("SUPABASE_SECRET_KEY", default=None)

    vapi_api_key: SecretStr | None = _named("VAPI_API_KEY", default=None)
    vapi_webhook_secret: SecretStr | None = _named("VAPI_WEBHOOK_SECRET", default=None)
    vapi_credential_id: str | None = _named("VAPI_CREDENTIAL_ID", default=None)
    vapi_base_url: str = _named("VAPI_BASE_URL", default="https://api.vapi.ai")
    resend_api_key: SecretStr | None = _named("RESEND_API_KEY", default=None)
    resend_webhook_secret: SecretStr | None = _named("RESEND_WEBHOOK_SECRET", default=None)
    resend_base_url: str = _named("RESEND_BASE_URL", default="https://api.resend.com")
    rb2b_token: SecretStr | None = _named("RB2B_TOKEN", default=None)
    twilio_account_sid: str | None = _named("TWILIO_ACCOUNT_SID", default=None)
    twilio_auth_token: SecretStr | None = _named("TWILIO_AUTH_TOKEN", default=None)
    twilio_base_url: str = _named("TWILIO_BASE_URL", default="https://api.twilio.com")
    twilio_lookup_base_url: str = _named("TWILIO_LOOKUP_BASE_URL", default="https://lookups.twilio.com")
    twilio_messaging_base_url: str = _named(
        "TWILIO_MESSAGING_BASE_URL", default="https://messaging.twilio.com"
    )

    anthropic_api_key: SecretStr | None = _named("ANTHROPIC_API_KEY", default=None)
    anthropic_base_url: str = _named("ANTHROPIC_BASE_URL", default="https://api.anthropic.com")
    github_token: SecretStr | None = _named("GROWTHLOOP_GITHUB_TOKEN", default=None)
    github_repository: str | None = _named(
        "GROWTHLOOP_GITHUB_REPOSITORY", default=None, pattern=r"^[\w.-]+/[\w.-]+$"
    )
    github_base_url: str = _named("GROWTHLOOP_GITHUB_BASE_URL", default="https://api.github.com")

    @field_validator("timezone")
    @classmethod
    def _is_iana(cls, value: str) -> str:
        if value not in available_timezones():
            raise ValueError(f"is not an IANA zone{_did_you_mean(value, available_timezones())}")
        return value

    @property
    def senders(self) -> tuple[SenderSetting, ...]:
        """All senders: `address` or `reference=address`, each with `@YYYY-MM-DD` of an earlier first use."""
        rows = (("call", self.call_senders), ("email", self.email_senders), ("sms", self.sms_senders))
        return tuple(
            _sender(channel, item) for channel, text in rows for item in text.split(",") if item.strip()
        )

    @property
    def sending_domains(self) -> tuple[str, ...]:
        """The domains that mail to people comes from, each once."""
        return tuple(sorted({sender.domain for sender in self.senders if sender.channel == "email"}))

    @classmethod
    def from_env(cls, environ: Mapping[str, str] | None = None) -> Self:
        """Read the environment. Raises one `ConfigurationError` that lists everything wrong with it."""
        environ = os.environ if environ is None else environ
        names = known_names()
        mistakes = [
            f"{name}: unknown setting{_did_you_mean(name, names)}"
            for name in sorted(environ)
            if name.startswith(PREFIX) and name not in names
        ]
        given = {name: environ[name] for name in names if environ.get(name, "") != ""}
        settings: Self | None = None
        try:
            settings = cls.model_validate(given)
            mistakes += _sender_mistakes(settings)
        except ValidationError as error:
            mistakes += [f"{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        if mistakes or settings is None:
            raise ConfigurationError("These settings are wrong:\n  " + "\n  ".join(mistakes))
        return settings

    def missing_to_go_live(self) -> list[str]:
        """Names of settings without which nothing may be sent to a person."""
        by_name = {_alias(field): getattr(self, name) for name, field in type(self).model_fields.items()}
        return [name for name in REQUIRED_TO_SEND if by_name[name] in (None, "", uuid.UUID(int=0))]


def known_names() -> list[str]:
    """Every environment variable this project reads."""
    return sorted(_alias(field) for field in Settings.model_fields.values())


def _alias(field: Any) -> str:
    return str(field.validation_alias.choices[0])


def _did_you_mean(value: str, names: Any) -> str:
    near = difflib.get_close_matches(value, list(names), n=1, cutoff=0.6)
    return f" (did you mean {near[0]}?)" if near else ""


def _sender(channel: str, item: str) -> SenderSetting:
    text, day = item.strip(), None
    head, at, tail = text.rpartition("@")
    if at and len(tail) == 10 and tail[4] == tail[7] == "-":
        text, day = head, tail
    reference, equals, address = text.partition("=")
    return SenderSetting.model_validate(
        {
            "channel": channel,
            "address": address if equals else text,
            "reference": reference if equals else None,
            "warmup_started_on": day,
        }
    )


def _sender_mistakes(settings: Settings) -> list[str]:
    mistakes = []
    for sender in settings.senders:
        name = f"GROWTHLOOP_{sender.channel.upper()}_SENDERS"
        if sender.channel == "email" and "@" not in sender.address:
            mistakes.append(f"{name}: {sender.address!r} is not a mailbox")
        if sender.channel != "email" and not sender.address.startswith("+"):
            mistakes.append(f"{name}: {sender.address!r} is not a number like +15555550100")
        if sender.warmup_started_on is not None and not _is_day(sender.warmup_started_on):
            mistakes.append(f"{name}: {sender.warmup_started_on!r} is not a day like 2026-01-31")
    return mistakes


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True
