"""The fake of Resend against the payload files, the official package, and our own client and reader."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest
import resend
from resend.exceptions import ResendError

from shared.errors import ChannelDown, OutcomeUnknown
from shared.providers.channel import Message
from shared.providers.resend import webhook
from shared.providers.resend.client import ResendEmail
from shared.providers.resend.payload import email_payload
from simulator.world import World
from simulator.world.emails import receive
from tests.contract.providers.payloads import TOUCH, payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Sent, Stand, standing
from tests.unit.simulator.worlds import ADA_ID, MONDAY, ada, ada_world

FREE = ("data.tags", "headers")
LINK = "https://app.example.com/u/7f0d6c1e"


def _world_where(kind: str, reply_class: str | None = None) -> World:
    """A world in which this happens to Ada's first mail."""
    for seed in range(200_000):
        world = ada_world(seed)
        found = receive(world, ada(world), n=1, at=MONDAY).happenings
        if any(h.kind == kind and reply_class in {None, h.reply_class} for h in found):
            return world
    raise AssertionError(kind)


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing(_world_where("replied", "positive")) as running:
        yield running


@pytest.fixture
def package(stand: Stand, monkeypatch: pytest.MonkeyPatch) -> Iterator[Stand]:
    monkeypatch.setattr(resend, "api_url", stand.server.urls.resend)
    monkeypatch.setattr(resend, "api_key", KEYS.resend_key)
    yield stand
    session = getattr(resend.default_http_client, "_session", None)
    if session is not None:
        session.close()


def _request(**changes: Any) -> dict[str, Any]:
    body: dict[str, Any] = payload("resend", "send-request")
    return body | changes


def _post(stand: Stand, body: dict[str, Any], key: str = KEYS.resend_key, **headers: str) -> httpx.Response:
    given = {"authorization": f"Bearer {key}", **{name.replace("_", "-"): v for name, v in headers.items()}}
    return stand.http.post(stand.server.urls.resend + "/emails", headers=given, json=body)


def _get(stand: Stand, path: str) -> httpx.Response:
    headers = {"authorization": f"Bearer {KEYS.resend_key}"}
    return stand.http.get(stand.server.urls.resend + path, headers=headers)


def _events(sent: list[Sent], kind: str) -> list[Any]:
    webhooks = [one.body for one in sent if "svix-id" in one.headers]
    return [body for body in webhooks if body["type"] == f"email.{kind}"]


def test_answers__have_the_documented_shapes(stand: Stand) -> None:
    made = _post(stand, _request())
    assert made.status_code == 200
    assert differences(made.json(), payload("resend", "send-response")) == []
    stand.run_dry()
    one = _get(stand, f"/emails/{made.json()['id']}").json()
    assert differences(one, payload("resend", "get-email")) == []
    assert differences(_get(stand, "/emails").json(), payload("resend", "list-emails")) == []


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("soft_bounced", "bounced.transient"),
        ("opened", "opened"),
        ("clicked", "clicked"),
        ("complained", "complained"),
        ("delayed", "delivery_delayed"),
    ],
)
def test_webhook__has_the_documented_shape(kind: str, name: str) -> None:
    with standing(_world_where(kind)) as stand:
        _post(stand, _request())
        sent = stand.run_dry()
    wanted = payload("resend", f"email.{name}")
    found = _events(sent, wanted["type"].removeprefix("email."))
    assert found
    assert differences(found[0], wanted, free=FREE) == []
    assert found[0]["data"]["tags"] == {tag["name"]: tag["value"] for tag in _request()["tags"]}
    first = _events(sent, "sent")
    assert differences(first[0], payload("resend", "email.sent"), free=FREE) == []


def test_second_mail_to_a_dead_address__is_suppressed() -> None:
    with standing(_world_where("bounced")) as stand:
        _post(stand, _request())
        _post(stand, _request(subject="Again"))
        found = _events(stand.run_dry(), "suppressed")
    assert len(found) == 1
    assert differences(found[0], payload("resend", "email.suppressed"), free=FREE) == []


def test_reply__arrives_without_text_which_is_fetched(stand: Stand) -> None:
    made = _post(stand, _request()).json()["id"]
    assert _get(stand, "/emails/receiving").json()["data"] == []
    event = _events(stand.run_dry(), "received")[0]
    assert differences(event, payload("resend", "email.received"), free=FREE) == []
    full = _get(stand, f"/emails/receiving/{event['data']['email_id']}").json()
    assert differences(full, payload("resend", "get-received-email"), free=FREE) == []
    assert full["headers"]["in-reply-to"] == _get(stand, f"/emails/{made}").json()["message_id"]
    assert event["data"]["to"] == ["reply@in.example.com"]
    assert "text" not in event["data"]


def test_idempotency__the_same_request_gives_the_first_answer_for_a_day(stand: Stand) -> None:
    first = _post(stand, _request(), idempotency_key="k1")
    stand.clock.advance_to(MONDAY + timedelta(hours=23))
    again = _post(stand, _request(), idempotency_key="k1")
    assert again.json() == first.json()
    assert len(stand.server.record.contacts) == 1
    stand.clock.advance_to(MONDAY + timedelta(hours=24))
    assert _post(stand, _request(), idempotency_key="k1").json() != first.json()
    assert len(stand.server.record.contacts) == 2


def test_idempotency__another_payload_under_one_key_is_refused(stand: Stand) -> None:
    _post(stand, _request(), idempotency_key="k1")
    other = _post(stand, _request(subject="Other"), idempotency_key="k1")
    assert (other.status_code, other.json()) == (
        409,
        payload("resend", "error-409-invalid_idempotent_request"),
    )


def test_refusals__are_the_documented_ones(stand: Stand) -> None:
    cases = [
        (_post(stand, _request(), key="re_wrong"), 403, "invalid_api_key"),
        (stand.http.post(stand.server.urls.resend + "/emails", json=_request()), 401, "missing_api_key"),
        (_post(stand, _request(), user_agent=""), 403, "validation_error"),
        (_post(stand, _request(**{"from": "Acme"})), 422, "invalid_from_address"),
        (_post(stand, _request(**{"from": "a@elsewhere.example"})), 403, "validation_error"),
        (_post(stand, _request(to=["nobody"])), 422, "validation_error"),
        (_post(stand, _request(subject="")), 422, "missing_required_field"),
        (_post(stand, _request(), idempotency_key="k" * 257), 400, "invalid_idempotency_key"),
    ]
    assert [(a.status_code, a.json()["name"]) for a, _, _ in cases] == [(s, name) for _, s, name in cases]
    shape = payload("resend", "error-403-invalid_api_key")
    assert all(differences(answer.json(), shape) == [] for answer, _, _ in cases)
    assert cases[0][0].json() == shape
    assert cases[3][0].json() == payload("resend", "error-422-invalid_from_address")
    assert stand.server.record.contacts == []


def test_rate_limit__is_told_in_headers_and_by_fault_only(stand: Stand) -> None:
    assert _post(stand, _request()).headers["ratelimit-limit"] == "5"
    stand.server.fault = lambda _point, _request: "429"
    refused = _post(stand, _request())
    assert refused.json() == payload("resend", "error-429-rate_limit_exceeded")
    assert refused.headers["retry-after"] == "1"


def test_logs__bring_back_the_request_with_its_tags(stand: Stand) -> None:
    made = _post(stand, _request()).json()["id"]
    row = _get(stand, "/logs").json()["data"][0]
    log = _get(stand, f"/logs/{row['id']}").json()
    assert row.keys() == {"id", "created_at", "endpoint", "method", "response_status", "user_agent"}
    assert log["request_body"]["tags"] == _request()["tags"]
    assert log["response_body"] == {"id": made}


def test_list__is_paged_by_cursor_newest_first(stand: Stand) -> None:
    made = []
    for minute in range(3):
        stand.clock.advance_to(MONDAY + timedelta(minutes=minute))
        made.append(_post(stand, _request(subject=f"Mail {minute}")).json()["id"])
    first = _get(stand, "/emails?limit=2").json()
    assert ([row["id"] for row in first["data"]], first["has_more"]) == (made[:0:-1], True)
    rest = _get(stand, f"/emails?limit=2&after={made[1]}").json()
    assert ([row["id"] for row in rest["data"]], rest["has_more"]) == ([made[0]], False)


@pytest.mark.parametrize(
    ("kind", "visits", "posts"),
    [("unsubscribed_one_click", 0, 1), ("unsubscribed_on_page", 1, 1), ("scanned", 1, 0)],
)
def test_unsubscribing__uses_the_link_as_mail_programs_do(kind: str, visits: int, posts: int) -> None:
    with standing(_world_where(kind)) as stand:
        headers = {
            "List-Unsubscribe": f"<{LINK}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
        _post(stand, _request(headers=headers))
        acts = [sent for sent in stand.run_dry() if sent.url == LINK]
        assert stand.visited.count(LINK) == visits
        assert [act.raw for act in acts] == [b"List-Unsubscribe=One-Click"] * posts
        assert bool(stand.server.record.stops) == bool(posts)


def test_unsubscribing__without_a_link_becomes_a_complaint() -> None:
    with standing(_world_where("unsubscribed_one_click")) as stand:
        _post(stand, _request(headers={}))
        assert _events(stand.run_dry(), "complained")
        assert stand.server.record.stops


PAGE = '<button name="slot" value="2026-10-06T14:00Z">10:00 AM</button>'
BOOK = "https://app.example.com/b/3f0c"


def _booked(sent: list[Sent]) -> list[bytes]:
    return [one.raw for one in sent if one.url == BOOK]


def test_booking__looks_at_the_page_and_posts_one_of_its_times() -> None:
    with standing(_world_where("booking")) as stand:
        stand.page = PAGE
        _post(stand, _request(text=f"Hello Ada\n\nPick a time: {BOOK}\n\nLeave: {LINK}", html=None))
        assert _booked(stand.run_dry()) == [b"slot=2026-10-06T14%3A00Z"]
        assert stand.visited.count(BOOK) == 1
        assert [act.kind for act in stand.server.record.acts(ADA_ID)][-1] == "booked"


def test_booking__needs_a_link_in_the_mail() -> None:
    with standing(_world_where("booking")) as stand:
        stand.page = PAGE
        _post(stand, _request(text="Hello Ada", html=None))
        stand.run_dry()
        assert stand.visited == []
        assert "booked" not in {act.kind for act in stand.server.record.acts(ADA_ID)}


def test_scanner__opens_the_booking_page_and_books_nothing() -> None:
    with standing(_world_where("scanned")) as stand:
        stand.page = PAGE
        headers = {"List-Unsubscribe": f"<{LINK}>"}
        _post(stand, _request(text=f"Hello Ada: {BOOK}", html=None, headers=headers))
        assert _booked(stand.run_dry()) == []
        assert stand.visited == [LINK, BOOK]


def test_owner_mail__is_delivered_and_nobodys_contact(stand: Stand) -> None:
    _post(stand, _request(to=["owner@example.org"]))
    kinds = [sent.body["type"] for sent in stand.run_dry()]
    assert kinds == ["email.sent", "email.delivered"]
    assert stand.server.record.sent() == {"call": 0, "email": 0, "sms": 0}


def test_official_package__sends_reads_and_lists(package: Stand) -> None:
    made = resend.Emails.send(_request(), {"idempotency_key": "k1"})  # type: ignore[arg-type]
    assert resend.Emails.get(made["id"])["subject"] == _request()["subject"]
    package.run_dry()
    assert [row["id"] for row in resend.Emails.list()["data"]] == [made["id"]]
    received = resend.Emails.Receiving.list()["data"]
    assert resend.Emails.Receiving.get(received[0]["id"])["text"]
    assert resend.Logs.get(resend.Logs.list()["data"][0]["id"])["response_status"] == 200
    assert resend.Domains.list()["data"][0]["status"] == "verified"


def test_official_package__verifies_the_signature(package: Stand) -> None:
    """The package compares the timestamp with the machine's clock, so the world starts at its present."""
    now = datetime.now(UTC)
    with standing(_world_where("delivered"), start=now) as stand:
        _post(stand, _request())
        sent = stand.run_dry()[0]
    names = {name.removeprefix("svix-"): value for name, value in sent.headers.items() if "svix" in name}
    options = {"payload": sent.raw.decode(), "headers": names, "webhook_secret": KEYS.resend_webhook_secret}
    resend.Webhooks.verify(options)  # type: ignore[arg-type]
    with pytest.raises(ValueError):
        resend.Webhooks.verify(options | {"payload": "{}"})  # type: ignore[arg-type]


def test_official_package__sees_a_lost_answer_as_a_client_error(package: Stand) -> None:
    package.server.fault = lambda _point, _request: "drop"
    with pytest.raises(ResendError) as caught:
        resend.Emails.send(_request(), {"idempotency_key": "k1"})  # type: ignore[arg-type]
    assert caught.value.error_type == "HttpClientError"
    package.server.fault = lambda _point, _request: None
    resend.Emails.send(_request(), {"idempotency_key": "k1"})  # type: ignore[arg-type]
    assert len(package.server.record.contacts) == 1


def _message() -> Message:
    body = email_payload(
        touch_id=TOUCH,
        sender="Acme <hello@mail.example.com>",
        to="ada@example.com",
        subject="A question",
        text=f"Hello Ada\n\nLeave: {LINK}",
        reply_to="reply@in.example.com",
        unsubscribe_url=LINK,
    )
    return Message(TOUCH, body, MONDAY + timedelta(hours=3))


def test_our_client__repeats_a_lost_send_without_a_second_mail(stand: Stand) -> None:
    ours = ResendEmail(KEYS.resend_key, base_url=stand.server.urls.resend)
    stand.server.fault = lambda _point, _request: "drop"
    with pytest.raises(OutcomeUnknown):
        ours.send(_message())
    stand.server.fault = lambda _point, _request: None
    ours.send(_message())
    assert stand.server.record.sent()["email"] == 1


def test_our_client__stops_the_channel_on_a_wrong_key(stand: Stand) -> None:
    with pytest.raises(ChannelDown):
        ResendEmail("re_wrong", base_url=stand.server.urls.resend).send(_message())


@pytest.mark.parametrize(
    ("kind", "disposition"),
    [
        ("delivered", "delivered"),
        ("bounced", "bounced"),
        ("soft_bounced", "soft_bounced"),
        ("complained", "complained"),
    ],
)
def test_webhooks__are_believed_and_read_as_what_truly_happened(kind: str, disposition: str) -> None:
    with standing(_world_where(kind)) as stand:
        ResendEmail(KEYS.resend_key, base_url=stand.server.urls.resend).send(_message())
        events = []
        for sent in [one for one in stand.run_dry() if "svix-id" in one.headers]:
            secret = KEYS.resend_webhook_secret
            webhook.verify(sent.headers, sent.raw, secret=secret, now=sent.at)
            events.append(webhook.parse(sent.raw, headers=sent.headers, now=sent.at))
    assert disposition in {event.disposition for event in events}
    assert {event.delivery_id for event in events if event.kind != "email.received"} == {TOUCH}
    assert len({event.event_key for event in events}) == len(events)
