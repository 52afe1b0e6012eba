"""The providers of one installation, built on first use from its settings."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from pydantic import SecretStr

from shared.config import Settings
from shared.errors import ConfigurationError
from shared.links import public_url
from shared.providers.channel import Channel, ChannelName

if TYPE_CHECKING:
    from shared.providers.claude.client import Claude
    from shared.providers.github.client import GitHubIssues
    from shared.providers.resend.client import ResendEmail
    from shared.providers.twilio.client import TwilioLookup, TwilioSms
    from shared.providers.vapi.client import VapiCalls


class Providers:
    """Channels by name. An SDK is imported when its channel is first used, not before."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings

    def channel(self, name: ChannelName) -> Channel:
        """The provider of a channel. Raises `ConfigurationError` naming the setting that is missing."""
        if name == "call":
            return self.calls
        return self.email if name == "email" else self.sms

    @cached_property
    def calls(self) -> VapiCalls:
        """Vapi."""
        from shared.providers.vapi.client import VapiCalls

        key = _secret(self._settings.vapi_api_key, "VAPI_API_KEY")
        return VapiCalls(key, base_url=self._settings.vapi_base_url)

    @cached_property
    def email(self) -> ResendEmail:
        """Resend; also carries the owner's mails."""
        from shared.providers.resend.client import ResendEmail

        key = _secret(self._settings.resend_api_key, "RESEND_API_KEY")
        return ResendEmail(key, base_url=self._settings.resend_base_url)

    @cached_property
    def sms(self) -> TwilioSms:
        """Twilio Messages; a sender's reference is its messaging service, which holds the campaign."""
        from shared.providers.twilio.client import TwilioSms

        sender = next((each for each in self._settings.senders if each.channel == "sms"), None)
        if sender is None:
            raise ConfigurationError("GROWTHLOOP_SMS_SENDERS is not set: no number may text.")
        return TwilioSms(
            self._account_sid(),
            self._token(),
            messaging_service_sid=sender.reference,
            from_number=None if sender.reference else sender.address,
            status_callback=public_url(self._settings, "/hooks/twilio/status"),
            base_url=self._settings.twilio_base_url,
            registration_url=self._settings.twilio_messaging_base_url,
        )

    @cached_property
    def lookup(self) -> TwilioLookup:
        """Twilio Lookup: what kind of line a number is."""
        from shared.providers.twilio.client import TwilioLookup

        return TwilioLookup(
            self._account_sid(), self._token(), base_url=self._settings.twilio_lookup_base_url
        )

    @cached_property
    def claude(self) -> Claude | None:
        """Claude, where there is a key; without one the built-in analyst answers."""
        from shared.providers.claude.client import Claude

        key = self._settings.anthropic_api_key
        if key is None:
            return None
        return Claude(key.get_secret_value(), base_url=self._settings.anthropic_base_url)

    @cached_property
    def issues(self) -> GitHubIssues | None:
        """The repository for proposed changes, where one is set."""
        from shared.providers.github.client import GitHubIssues

        token, repository = self._settings.github_token, self._settings.github_repository
        if token is None or repository is None:
            return None
        return GitHubIssues(token.get_secret_value(), repository, base_url=self._settings.github_base_url)

    def _account_sid(self) -> str:
        if not self._settings.twilio_account_sid:
            raise ConfigurationError("TWILIO_ACCOUNT_SID is not set.")
        return self._settings.twilio_account_sid

    def _token(self) -> str:
        return _secret(self._settings.twilio_auth_token, "TWILIO_AUTH_TOKEN")


def _secret(value: SecretStr | None, name: str) -> str:
    if value is None:
        raise ConfigurationError(f"{name} is not set.")
    return value.get_secret_value()
