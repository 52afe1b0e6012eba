"""What the services say of themselves and of us: how fast, from which domain, with which campaign."""

from __future__ import annotations

import pytest

from shared.providers.twilio.client import TwilioSms
from tests.contract.providers.test_clients import ACCOUNT, email, message
from tests.support.http_script import HttpScript, Reply, names


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"ratelimit-limit": "5", "ratelimit-remaining": "4", "ratelimit-reset": "1"}, 0.25),
        ({"RateLimit-Remaining": "0", "RateLimit-Reset": "1"}, 1.0),
        ({"ratelimit-remaining": "1", "ratelimit-reset": "0"}, 0.0),
        ({}, None),
        ({"ratelimit-remaining": "many", "ratelimit-reset": "1"}, None),
        ({"ratelimit-remaining": "-1", "ratelimit-reset": "1"}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "86400"}, None),
        ({"ratelimit-remaining": "0", "ratelimit-reset": "nan"}, None),
    ],
)
def test_resend__says_itself_when_the_next_mail_may_go(headers: dict[str, str], pause: float | None) -> None:
    with HttpScript(Reply(200, {"id": "m1"}, headers)) as wire:
        assert email(wire.url).send(message("email")).pause_s == pause


def test_resend__names_the_domains_that_it_verified() -> None:
    rows = [
        {"name": "Mail.example.com", "status": "verified"},
        {"name": "new.example.com", "status": "pending"},
    ]
    with HttpScript(Reply(200, {"object": "list", "data": rows})) as wire:
        assert email(wire.url).verified_domains() == {"mail.example.com"}
        assert names(wire.seen) == ["GET /domains"]


@pytest.mark.parametrize(
    ("statuses", "verified"), [(["FAILED", "VERIFIED"], True), (["IN_PROGRESS"], False), ([], False)]
)
def test_twilio__knows_whether_the_carriers_took_the_campaign(statuses: list[str], verified: bool) -> None:
    rows = [{"sid": f"QE{n}", "campaign_status": status} for n, status in enumerate(statuses)]
    body = {
        "compliance": rows,
        "meta": {"key": "compliance", "page": 0, "page_size": 50, "next_page_url": None},
    }
    with HttpScript(Reply(200, body)) as wire:
        service = "MG" + "a" * 32
        texts = TwilioSms(ACCOUNT, "token", messaging_service_sid=service, registration_url=wire.url)
        assert texts.campaign_verified() is verified
        assert names(wire.seen) == [f"GET /v1/Services/{service}/Compliance/Usa2p"]
    assert TwilioSms(ACCOUNT, "token", from_number="+15555550100").campaign_verified() is False
