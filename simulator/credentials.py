"""Keys and addresses that both sides of the loopback know. All of them are made up."""

from __future__ import annotations

import base64
from dataclasses import dataclass

WEBHOOK_SECRET = "whsec_" + base64.b64encode(b"example-webhook-secret-24b").decode()


@dataclass(frozen=True)
class Credentials:
    """What the fakes accept and sign with, and where webhooks go when a request names no address.

    `public_url` is the loop's own address as the providers see it; Twilio signs it.
    """

    vapi_key: str = "vapi-example-key"
    vapi_hmac_secret: str = "vapi-example-hmac-secret"  # noqa: S105 - made up
    resend_key: str = "re_example_key"
    resend_webhook_secret: str = WEBHOOK_SECRET
    twilio_account_sid: str = "AC" + "a" * 32
    twilio_auth_token: str = "12345"  # noqa: S105 - made up
    twilio_number: str = "+15555550100"
    sending_domains: tuple[str, ...] = ("mail.example.com", "example.com")
    vapi_concurrency: int = 10
    vapi_url: str = "https://app.example.com/hooks/vapi"
    resend_url: str = "https://app.example.com/hooks/resend"
    twilio_inbound_url: str = "https://app.example.com/hooks/twilio/inbound"
    apollo_key: str = "apollo-example-key"
    hunter_key: str = "hunter-example-key"
    exa_key: str = "exa-example-key"
    ghl_token: str = "pit-example-token"  # noqa: S105 - made up
    ghl_location: str = "ve9EXAMPLEvShlRW1KT"
    slack_path: str = "/services/T00000000/B00000000/EXAMPLE"
    google_token: str = "ya29.example"  # noqa: S105 - made up
    google_calendars: tuple[str, ...] = ("rep@example.com",)
    github_token: str = "github_pat_example"  # noqa: S105 - made up
    github_repository: str = "acme/app"
    anthropic_key: str = "sk-ant-example"
    rb2b_url: str = "https://app.example.com/hooks/rb2b/example-token"


FORGER = Credentials(
    vapi_hmac_secret="guessed",  # noqa: S106 - what a forger tries
    resend_webhook_secret="whsec_" + base64.b64encode(b"guessed-guessed-guessed!").decode(),
    twilio_auth_token="guessed",  # noqa: S106 - what a forger tries
)
"""Somebody who knows our addresses but none of our secrets."""
