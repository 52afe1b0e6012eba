"""Twilio's line types, and the free request by which each client tells whether its provider is there."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from shared.errors import ChannelDown, Unreachable
from shared.providers.resend.client import ResendEmail
from shared.providers.twilio.client import TwilioLookup, TwilioSms
from shared.providers.vapi.client import VapiCalls
from tests.support.http_script import HttpScript, Reply, closed_port, names

ACCOUNT = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
NUMBER = "+15555550123"


def calls(url: str) -> VapiCalls:
    return VapiCalls("key", base_url=url)


def email(url: str) -> ResendEmail:
    return ResendEmail("re_key", base_url=url)


def sms(url: str) -> TwilioSms:
    return TwilioSms(ACCOUNT, "token", from_number="+15555550100", base_url=url)


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ({"type": "mobile", "carrier_name": "Example Wireless"}, "mobile"),
        ({"type": "landline"}, "landline"),
        ({"type": "fixedVoip"}, "fixed_voip"),
        ({"type": "nonFixedVoip"}, "nonfixed_voip"),
        ({"type": "tollFree"}, "toll_free"),
        ({"type": "pager"}, "pager"),
        ({"type": None, "error_code": 60601}, "unknown"),
        (None, "unknown"),
    ],
)
def test_lookup__names_the_kind_of_line(line: dict[str, Any] | None, kind: str) -> None:
    body = {"phone_number": NUMBER, "valid": True, "line_type_intelligence": line}
    with HttpScript(Reply(200, body)) as server:
        found = TwilioLookup(ACCOUNT, "token", base_url=server.url).line_type(NUMBER)
        assert names(server.seen) == [f"GET /v2/PhoneNumbers/{NUMBER}"]
        assert server.seen[0].query == {"Fields": "line_type_intelligence"}
    assert (found.kind, found.price_usd) == (kind, 0.008)
    assert found.carrier == (line or {}).get("carrier_name")


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, {"phone_number": NUMBER, "valid": False}),
        Reply(404, {"code": 20404, "message": "not found", "status": 404}),
    ],
)
def test_lookup__tells_a_number_that_is_none(reply: Reply) -> None:
    with HttpScript(reply) as server:
        found = TwilioLookup(ACCOUNT, "token", base_url=server.url).line_type(NUMBER)
    assert (found.kind, found.price_usd) == ("invalid", 0.0)


@pytest.mark.parametrize(
    ("make", "path", "fine"),
    [
        (calls, "/assistant", []),
        (email, "/domains", {"data": []}),
        (sms, f"/2010-04-01/Accounts/{ACCOUNT}.json", {"sid": ACCOUNT, "status": "active"}),
    ],
)
def test_probe__asks_once_and_raises_what_a_send_would(
    make: Callable[[str], VapiCalls | ResendEmail | TwilioSms], path: str, fine: Any
) -> None:
    with HttpScript(Reply(200, fine), Reply(401, {"message": "no", "statusCode": 401})) as server:
        make(server.url).probe()
        assert names(server.seen) == [f"GET {path}"]
        with pytest.raises(ChannelDown):
            make(server.url).probe()
    with pytest.raises(Unreachable):
        make(closed_port()).probe()


def test_probe__sees_a_suspended_twilio_account() -> None:
    with (
        HttpScript(Reply(200, {"sid": ACCOUNT, "status": "suspended"})) as server,
        pytest.raises(ChannelDown),
    ):
        sms(server.url).probe()
