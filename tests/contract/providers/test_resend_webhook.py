"""Resend's webhooks against its documented bodies, and the cases that Svix lists for a verifier."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import WebhookRefused
from shared.providers.resend.webhook import from_received, parse, verify
from tests.contract.providers.payloads import NOW, TOUCH, files, payload, raw

EVENTS = files("resend", "email.", "contact.")
MAIL = "4ef9a417-02e9-4d39-ad75-9611e0fcc33c"


@pytest.mark.parametrize("name", EVENTS)
def test_every_event__is_read(name: str) -> None:
    event = parse(raw("resend", name), headers={"Svix-Id": "msg_1"}, now=NOW)
    key = f"{event.provider_id}:received" if name == "email.received" else "msg_1"
    assert (event.provider, event.event_key) == ("resend", key)
    assert event.kind == payload("resend", name)["type"]
    assert "203.0.113.7" not in json.dumps(event.body)


@pytest.mark.parametrize(
    ("name", "disposition", "milestones", "suppress", "bad_address"),
    [
        ("email.sent", "sent", (), None, False),
        ("email.delivered", "delivered", ("delivered",), None, False),
        ("email.delivery_delayed", "delayed", (), None, False),
        ("email.opened", "opened", (), None, False),
        ("email.clicked", "clicked", (), None, False),
        ("email.bounced", "bounced", ("bounced",), "hard_bounce", True),
        ("email.bounced.transient", "soft_bounced", (), None, False),
        ("email.complained", "complained", ("complained",), "complaint", False),
        ("email.suppressed", "bounced", ("bounced",), "hard_bounce", True),
        ("email.failed", "email_failed", (), None, False),
        ("email.scheduled", None, (), None, False),
    ],
)
def test_fates_of_a_mail(
    name: str, disposition: str | None, milestones: tuple[str, ...], suppress: str | None, bad_address: bool
) -> None:
    event = parse(raw("resend", name), now=NOW)
    assert (event.disposition, event.milestones) == (disposition, milestones)
    assert (event.suppress, event.bad_address) == (suppress, bad_address)
    assert (event.delivery_id, event.provider_id) == (TOUCH, MAIL)
    assert event.occurred_at == datetime(2026, 11, 20, 15, 0, 2, 674_000, tzinfo=UTC)
    assert event.details["message_id"].startswith("<0100019a7c3e")


def test_used_up_quota__is_not_the_lead_s_fault() -> None:
    details = parse(raw("resend", "email.failed"), now=NOW).details
    assert (details["reason"], details["system_wide"]) == ("reached_daily_quota", True)


def test_previous_complaint__counts_as_a_complaint() -> None:
    body = raw("resend", "email.suppressed").replace(b"previous_bounce", b"previous_complaint")
    event = parse(body, now=NOW)
    assert (event.disposition, event.suppress, event.bad_address) == ("complained", "complaint", False)


def test_tags__are_read_as_array_too() -> None:
    body = payload("resend", "email.sent")
    body["data"]["tags"] = [{"name": "campaign", "value": "q4"}, {"name": "touch_id", "value": TOUCH}]
    assert parse(json.dumps(body).encode(), now=NOW).delivery_id == TOUCH


def test_received_mail__waits_for_its_words() -> None:
    event = parse(raw("resend", "email.received"), now=NOW)
    assert event.from_address == "ada@example.com"
    assert event.details["email_id"] == "56761188-7520-42d8-8898-ff6fc54ce618"
    assert event.reply is not None
    assert (event.reply.text, event.reply.subject) == ("", "Re: Quick question, Ada")
    assert event.disposition is event.suppress is event.delivery_id is None


def received(**changes: Any) -> bytes:
    body = payload("resend", "email.received")
    body["data"].update(changes)
    return json.dumps(body).encode()


def test_received_mail__to_a_plus_address_is_matched() -> None:
    assert parse(received(to=[f"Acme <reply+{TOUCH}@in.example.com>"]), now=NOW).delivery_id == TOUCH


def test_received_mail__with_a_subject_that_says_stop_suppresses_at_once() -> None:
    assert parse(received(subject="Unsubscribe"), now=NOW).suppress == "opt_out"
    assert parse(received(subject="Re: how to unsubscribe from chaos"), now=NOW).suppress is None


def test_unsubscribed_contact__is_suppressed() -> None:
    event = parse(raw("resend", "contact.updated"), now=NOW)
    assert (event.from_address, event.suppress) == ("ada@example.com", "opt_out")
    subscribed = raw("resend", "contact.updated").replace(b"true", b"false")
    assert parse(subscribed, now=NOW).suppress is None


def test_copies_without_an_id__share_a_key() -> None:
    one, two = (parse(raw("resend", "email.sent"), now=NOW).event_key for _ in range(2))
    assert one == two != parse(raw("resend", "email.opened"), now=NOW).event_key


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b'"x"', b"{}", b'{"type": null}', b"\xff", b"<html>"])
def test_unreadable_body__is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        parse(body, now=NOW)


@pytest.mark.parametrize("name", EVENTS)
def test_truncated_body__is_refused(name: str) -> None:
    whole = raw("resend", name).strip()
    for length in range(0, len(whole) - 1, 37):
        with pytest.raises(WebhookRefused):
            parse(whole[:length], now=NOW)


def test_odd_but_valid_bodies__are_kept_without_a_meaning() -> None:
    for body in ({"type": "email.bounced", "data": None}, {"type": "suppression.created", "data": [1]}):
        event = parse(json.dumps(body).encode(), now=NOW)
        assert (event.delivery_id, event.suppress) == (None, None)


VECTOR = payload("resend", "svix-signature-vector")
AT = datetime.fromtimestamp(int(VECTOR["headers"]["svix-timestamp"]), UTC)
RIGHT = VECTOR["headers"]["svix-signature"]


def check(
    *, now: datetime = AT, secret: str = VECTOR["secret"], body: str = VECTOR["raw_body"], **headers: str
) -> None:
    given = VECTOR["headers"] | {f"svix-{name}": value for name, value in headers.items()}
    verify({name: value for name, value in given.items() if value}, body.encode(), secret=secret, now=now)


def signed(stamp: str) -> str:
    key = base64.b64decode(VECTOR["secret"].removeprefix("whsec_"))
    content = f"{VECTOR['headers']['svix-id']}.{stamp}.{VECTOR['raw_body']}"
    return "v1," + base64.b64encode(hmac.new(key, content.encode(), hashlib.sha256).digest()).decode()


def test_signature__known_answer() -> None:
    check()


def test_signature__secret_without_its_prefix() -> None:
    check(secret=VECTOR["secret"].removeprefix("whsec_"))


def test_signature__one_of_several_is_enough() -> None:
    wrong = "v1,Ceo5qEr07ixe2NLpvHk3FH9bwy/WavXrAFQ/9tdO6mc="
    check(signature=f"{wrong} v2,{RIGHT.partition(',')[2]} {RIGHT} {wrong}")


def test_signature__holds_for_five_minutes_either_way() -> None:
    check(now=AT + timedelta(minutes=5))
    check(now=AT - timedelta(minutes=5))


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"id": ""}, "webhook_missing_header"),
        ({"timestamp": ""}, "webhook_missing_header"),
        ({"signature": ""}, "webhook_missing_header"),
        ({"timestamp": "hello"}, "webhook_malformed"),
        ({"signature": "v1,dawfeoifkpqwoekfpqoekf"}, "webhook_wrong_signature"),
        ({"signature": RIGHT.replace("v1,", "v2,")}, "webhook_wrong_signature"),
        ({"signature": RIGHT.replace("v1,", "")}, "webhook_wrong_signature"),
        ({"signature": "v1,ü"}, "webhook_wrong_signature"),
        ({"id": "msg_other"}, "webhook_wrong_signature"),
        ({"body": '{"test": 1}'}, "webhook_wrong_signature"),
        ({"secret": "whsec_" + base64.b64encode(b"another secret").decode()}, "webhook_wrong_signature"),
        ({"secret": ""}, "webhook_no_secret"),
        ({"secret": "whsec_"}, "webhook_no_secret"),
        ({"secret": "whsec_%%%"}, "webhook_no_secret"),
        ({"now": AT + timedelta(minutes=5, seconds=1)}, "webhook_stale"),
        ({"now": AT - timedelta(minutes=5, seconds=1)}, "webhook_stale"),
    ],
)
def test_signature__is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(WebhookRefused) as refusal:
        check(**changes)
    assert refusal.value.code == code


def test_signature__a_right_one_for_an_old_time_is_stale() -> None:
    old = str(int(AT.timestamp()) - 301)
    with pytest.raises(WebhookRefused) as refusal:
        check(timestamp=old, signature=signed(old))
    assert refusal.value.code == "webhook_stale"


def test_inbound_mail_read_back__is_the_same_event_as_its_webhook() -> None:
    announced = parse(raw("resend", "email.received"), headers={"Svix-Id": "msg_1"}, now=NOW)
    row = json.loads(raw("resend", "email.received"))["data"]
    found = from_received({**row, "id": row["email_id"]}, now=NOW)
    same = ("provider", "event_key", "kind", "delivery_id", "provider_id", "from_address", "reply")
    assert {name: getattr(found, name) for name in same} == {name: getattr(announced, name) for name in same}
    assert found.details["needs_text"]
