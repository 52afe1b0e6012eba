"""Twilio's webhooks against its documented forms and signatures."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any
from urllib.parse import urlencode

import pytest

from shared.errors import WebhookRefused
from shared.providers.twilio.webhook import from_message, parse, verify
from tests.contract.providers.payloads import NOW, TOUCH, files, payload

FORMS = files("twilio", "status-callback", "inbound")
SENT = "SM1234567890abcdef1234567890abcd02"
CAME = "SM1234567890abcdef1234567890abcd03"


def form(name: str, **changes: str) -> bytes:
    return urlencode(payload("twilio", name)["params"] | changes).encode()


@pytest.mark.parametrize("name", FORMS)
def test_every_form__is_believed_and_read(name: str) -> None:
    file = payload("twilio", name)
    content = file["raw"].encode()
    verify(
        file["headers"],
        content,
        secret=file["auth_token_used_for_signature"],
        now=NOW,
        url=file["url"],
    )
    event = parse(content, headers=file["headers"], now=NOW)
    assert event.provider == "twilio"
    assert event.occurred_at == NOW
    assert event.body["MessageSid"] == event.provider_id


@pytest.mark.parametrize(
    ("name", "disposition", "bad_address", "no_sms"),
    [
        ("status-callback-sent", "sent", False, False),
        ("status-callback-delivered", "delivered", False, False),
        ("status-callback-undelivered-30003", "undelivered", False, False),
        ("status-callback-failed-30005", "sms_failed", True, False),
    ],
)
def test_status__gets_its_disposition(name: str, disposition: str, bad_address: bool, no_sms: bool) -> None:
    event = parse(form(name), query={"touch": TOUCH}, now=NOW)
    assert (event.disposition, event.bad_address) == (disposition, bad_address)
    assert event.details["no_sms"] is no_sms
    assert (event.delivery_id, event.provider_id, event.suppress) == (TOUCH, SENT, None)
    assert event.event_key == f"{SENT}:{payload('twilio', name)['params']['MessageStatus']}"


@pytest.mark.parametrize("status", ["queued", "accepted", "sending", "a-new-one"])
def test_status__on_the_way_means_nothing_yet(status: str) -> None:
    event = parse(form("status-callback-sent", MessageStatus=status), now=NOW)
    assert (event.disposition, event.milestones, event.delivery_id) == (None, (), None)


def test_delivered__is_a_milestone() -> None:
    assert parse(form("status-callback-delivered"), now=NOW).milestones == ("delivered",)


def test_landline__is_no_bad_number() -> None:
    event = parse(form("status-callback-failed-30005", ErrorCode="30006"), now=NOW)
    assert (event.bad_address, event.details["no_sms"]) == (False, True)


def test_opt_out_code_in_a_status__suppresses() -> None:
    event = parse(form("status-callback-failed-30005", ErrorCode="21610"), now=NOW)
    assert (event.disposition, event.suppress, event.milestones) == ("opted_out", "opt_out", ("opted_out",))


def test_sender_trouble_in_a_status__is_system_wide() -> None:
    event = parse(form("status-callback-failed-30005", ErrorCode="30034"), now=NOW)
    assert (event.details["system_wide"], event.bad_address) == (True, False)


def test_reply__comes_with_its_words() -> None:
    event = parse(form("inbound-sms"), now=NOW)
    assert event.reply is not None
    assert event.reply.text == "Sure, what times work?"
    assert (event.from_address, event.disposition, event.suppress) == ("+15555550123", "replied", None)
    assert event.milestones == ("replied",)


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"Body": "stop"},
        {"Body": " Stop. "},
        {"Body": "REVOKE"},
        {"Body": "opt out"},
        {"Body": "please stop texting me"},
        {"Body": "Yes, but remove me from the list"},
        {"Body": "nein danke", "OptOutType": "STOP"},
    ],
)
def test_stop__suppresses_at_once(changes: dict[str, str]) -> None:
    event = parse(form("inbound-stop", **changes), now=NOW)
    assert (event.disposition, event.suppress) == ("opted_out", "opt_out")
    assert event.milestones == ("replied", "opted_out")


def test_stop_word_of_an_advanced_opt_out__suppresses() -> None:
    event = parse(form("inbound-stop-advanced-opt-out"), now=NOW)
    assert (event.suppress, event.details["keyword"]) == ("opt_out", "STOP")


def test_start__lifts_nothing() -> None:
    event = parse(form("inbound-stop", Body="START", OptOutType="START"), now=NOW)
    assert (event.suppress, event.details["keyword"]) == (None, "START")


def test_other_form__is_kept_without_a_meaning() -> None:
    token = {"i-twilio-idempotency-token": "t-1"}
    event = parse(b"Level=ERROR&Sid=NO1", headers=token, now=NOW)
    assert (event.kind, event.event_key, event.disposition) == ("twilio.other", "t-1", None)


@pytest.mark.parametrize("body", [b"", b"\xff\xfe", b"{}", b"no form", b"&".join([b"a=1"] * 501)])
def test_unreadable_body__is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        parse(body, now=NOW)


def test_polled_messages__make_the_webhook_s_event() -> None:
    row = payload("twilio", "fetch-message-delivered")
    polled = from_message(row, now=NOW)
    assert polled.event_key == parse(form("status-callback-delivered"), now=NOW).event_key
    assert polled.disposition == "delivered"
    inbound = row | {"direction": "inbound", "sid": CAME, "body": "STOP", "status": "received"}
    came = from_message(inbound, now=NOW)
    assert came.event_key == parse(form("inbound-stop"), now=NOW).event_key
    assert came.suppress == "opt_out"


def test_polled_message__brings_its_price() -> None:
    row = payload("twilio", "list-messages-response")["messages"][0]
    assert from_message(row, now=NOW).cost_usd == pytest.approx(0.0083)


VECTOR = payload("twilio", "signature-test-vector")


def check(raw: bytes, headers: dict[str, str], url: str, secret: str = "12345") -> None:  # noqa: S107
    verify(headers, raw, secret=secret, now=NOW, url=url)


def test_signature__known_answer() -> None:
    check(
        urlencode(VECTOR["params"]).encode(),
        {"x-twilio-signature": VECTOR["X-Twilio-Signature"]},
        VECTOR["url"],
    )


def test_signature__of_a_json_body() -> None:
    json_vector = payload("twilio", "signature-json-body-vector")
    headers = {"X-Twilio-Signature": json_vector["X-Twilio-Signature"]}
    check(json_vector["raw_body"].encode(), headers, json_vector["url"])
    with pytest.raises(WebhookRefused):
        check(b'{"hello":"earth"}', headers, json_vector["url"])


def test_signature__covers_repeated_parameters() -> None:
    url = "https://app.example.com/hooks/twilio/inbound"
    data = url + "MediaUrla" + "MediaUrlb" + "To1"
    mac = base64.b64encode(hmac.new(b"12345", data.encode(), hashlib.sha1).digest()).decode()
    check(b"MediaUrl=b&To=1&MediaUrl=a", {"X-Twilio-Signature": mac}, url)


def test_signature__by_a_shared_key_with_sha256() -> None:
    url, settings = "https://app.example.com/hooks/twilio/inbound", "key=k1,algorithm=HMAC_SHA256"
    mac = base64.b64encode(hmac.new(b"shared", f"{url}To1".encode(), hashlib.sha256).digest()).decode()
    headers = {"X-Twilio-Signature": mac, "X-Twilio-Webhooks-Signature-Settings": settings}
    check(b"To=1", headers, url, secret="shared")
    with pytest.raises(WebhookRefused):
        check(b"To=1", {"X-Twilio-Signature": mac}, url, secret="shared")


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"headers": {}}, "webhook_missing_header"),
        ({"headers": {"X-Twilio-Signature": "AAAA"}}, "webhook_wrong_signature"),
        ({"headers": {"X-Twilio-Signature": "ä"}}, "webhook_wrong_signature"),
        ({"secret": "54321"}, "webhook_wrong_signature"),
        ({"secret": ""}, "webhook_no_secret"),
        ({"url": "https://evil.example.com/hooks/twilio/inbound"}, "webhook_wrong_signature"),
        ({"raw": b"{}"}, "webhook_malformed"),
        ({"raw": b"\xff"}, "webhook_malformed"),
    ],
)
def test_signature__is_refused(changes: dict[str, Any], code: str) -> None:
    file = payload("twilio", "inbound-stop")
    given = {"raw": file["raw"].encode(), "headers": file["headers"], "url": file["url"]} | changes
    with pytest.raises(WebhookRefused) as refusal:
        check(**given)
    assert refusal.value.code == code


def test_signature__with_an_unknown_algorithm_is_refused() -> None:
    file = payload("twilio", "inbound-stop")
    headers = file["headers"] | {"X-Twilio-Webhooks-Signature-Settings": "algorithm=HMAC_MD5"}
    with pytest.raises(WebhookRefused) as refusal:
        check(file["raw"].encode(), headers, file["url"])
    assert refusal.value.code == "webhook_unknown_algorithm"


def test_signature__does_not_let_a_changed_parameter_through() -> None:
    file = payload("twilio", "status-callback-delivered")
    with pytest.raises(WebhookRefused):
        check(file["raw"].replace("delivered", "failed").encode(), file["headers"], file["url"])
