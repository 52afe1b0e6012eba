"""The fake of Twilio against the payload files, the official package, and our own client and reader."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from shared.errors import OutcomeUnknown, RecipientOptedOut
from shared.providers.channel import Message
from shared.providers.twilio import webhook
from shared.providers.twilio.client import TwilioLookup, TwilioSms
from shared.providers.twilio.payload import sms_payload
from simulator.world import World
from simulator.world.texts import TextOutcome, receive_text
from tests.contract.providers.payloads import TOUCH, payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import ADA_ID, MONDAY, ada, ada_world

NUMBER = "+15555550123"
SERVICE = "MG" + "a" * 32
CALLBACK = f"https://app.example.com/hooks/twilio/status?touch={TOUCH}"
EXAMPLE = "Hi Ada, Alex from Acme. Reply STOP to opt out."


def _world_where(true: Callable[[TextOutcome], bool]) -> World:
    """A world in which this is true of Ada's first text."""
    for seed in range(5000):
        world = ada_world(seed)
        if true(receive_text(world, ada(world), NUMBER, n=1, at=MONDAY, agreed=True)):
            return world
    raise AssertionError


def _delivered(outcome: TextOutcome) -> bool:
    return outcome.disposition == "delivered"


def _keyword(outcome: TextOutcome) -> bool:
    return outcome.reply is not None and outcome.reply.keyword


def _answered(outcome: TextOutcome) -> bool:
    return outcome.disposition == "replied"


@pytest.fixture
def http() -> Iterator[TwilioHttpClient]:
    client = TwilioHttpClient(timeout=15)
    yield client
    if client.session is not None:
        client.session.close()


def _client(stand: Stand, http: TwilioHttpClient, token: str = KEYS.twilio_auth_token) -> Client:
    client = Client(KEYS.twilio_account_sid, token, http_client=http)  # type: ignore[no-untyped-call]
    client.api.base_url = client.lookups.base_url = stand.server.urls.twilio
    return client


def _send(stand: Stand, **fields: str) -> requests.Response:
    form = {"To": NUMBER, "Body": EXAMPLE, "MessagingServiceSid": SERVICE, "StatusCallback": CALLBACK}
    return _call(stand, "POST", "/Messages.json", data={**form, **fields})


def _call(stand: Stand, method: str, path: str, **request: Any) -> requests.Response:
    url = f"{stand.server.urls.twilio}/2010-04-01/Accounts/{KEYS.twilio_account_sid}{path}"
    auth = (KEYS.twilio_account_sid, KEYS.twilio_auth_token)
    return requests.request(method, url, auth=auth, timeout=15, **request)


def _fields(name: str) -> dict[str, Any]:
    found: dict[str, Any] = payload("twilio", name)["params"]
    return found


@pytest.mark.parametrize(
    ("fields", "name"),
    [
        ({}, "create-message-response"),
        ({"MessagingServiceSid": "", "From": "+15555550100"}, "create-message-response-from-number"),
    ],
)
def test_created_message__has_the_documented_shape(fields: dict[str, str], name: str) -> None:
    with standing(_world_where(_delivered)) as stand:
        answer = _send(stand, **fields)
    given = {key: value for key, value in fields.items() if value}
    wanted = payload("twilio", name)
    assert answer.status_code == 201
    assert given.keys() <= {"From"}
    assert differences(answer.json(), wanted) == []
    same = ("status", "num_segments", "price", "date_sent", "body", "direction", "from")
    assert {key: answer.json()[key] for key in same} == {key: wanted[key] for key in same}


def test_message_and_list__have_the_documented_shapes() -> None:
    with standing(_world_where(_delivered)) as stand:
        sid = _send(stand).json()["sid"]
        stand.run_dry()
        one = _call(stand, "GET", f"/Messages/{sid}.json").json()
        page = _call(stand, "GET", "/Messages.json", params={"To": NUMBER}).json()
    assert differences(one, payload("twilio", "fetch-message-delivered")) == []
    assert one["status"] == "delivered"
    assert differences(page, payload("twilio", "list-messages-response")) == []


@pytest.mark.parametrize(
    ("true", "name"),
    [
        (_delivered, "status-callback-delivered"),
        (lambda o: o.error_code == 30003, "status-callback-undelivered-30003"),
        (lambda o: o.error_code == 30005, "status-callback-failed-30005"),
    ],
)
def test_status_callbacks__have_the_documented_fields(true: Callable[[TextOutcome], bool], name: str) -> None:
    with standing(_world_where(true)) as stand:
        _send(stand)
        sent = [one for one in stand.run_dry() if one.url == CALLBACK]
    assert [one.form["MessageStatus"] for one in sent] == ["sent", _fields(name)["MessageStatus"]]
    optional = {"RawDlrDoneDate", "MessagingServiceSid"}
    assert sent[0].form.keys() - optional == _fields("status-callback-sent").keys() - optional
    assert sent[1].form.keys() - optional == _fields(name).keys() - optional
    assert sent[1].form.get("ErrorCode") == _fields(name).get("ErrorCode")


def test_stop__comes_in_with_the_documented_fields_and_blocks_the_number() -> None:
    with standing(_world_where(_keyword)) as stand:
        _send(stand)
        inbound = [one for one in stand.run_dry() if one.url == KEYS.twilio_inbound_url]
        refused = _send(stand, Body="Once more")
        assert stand.server.record.sent()["sms"] == 1
        assert stand.server.record.stops
    fields = inbound[0].form
    assert fields.keys() - {"MessagingServiceSid"} == _fields("inbound-stop").keys()
    assert fields["Body"].upper() in {"STOP", "UNSUBSCRIBE", "QUIT"}
    assert (refused.status_code, refused.json()) == (400, payload("twilio", "error-21610"))


def test_refusals__are_the_documented_ones() -> None:
    with standing(ada_world()) as stand:
        cases = {
            "error-21211": _send(stand, To="+15005550001-"),
            "error-21408": _send(stand, To="+442079460001"),
        }
        codes = [
            _send(stand, **fields).json()["code"]
            for fields in ({"To": ""}, {"Body": ""}, {"MessagingServiceSid": ""}, {"Body": "x" * 1601})
        ]
        assert stand.server.record.contacts == []
    assert codes == [21604, 21602, 21603, 21617]
    for name, answer in cases.items():
        wanted = payload("twilio", name)
        assert differences(answer.json(), wanted) == []
        assert (answer.status_code, answer.json()["code"]) == (wanted["status"], wanted["code"])


def test_official_package__sends_fetches_and_lists(http: TwilioHttpClient) -> None:
    with standing(_world_where(_answered)) as stand:
        client = _client(stand, http)
        made = client.messages.create(to=NUMBER, messaging_service_sid=SERVICE, body=EXAMPLE)
        fresh = client.messages.list(date_sent_after=MONDAY - timedelta(days=1))
        stand.run_dry()
        assert fresh == []
        assert str(client.messages(str(made.sid)).fetch().status) == "delivered"
        assert [one.sid for one in client.messages.list(to=NUMBER)] == [made.sid]
        ways = [str(one.direction) for one in client.messages.list(date_sent_after=MONDAY, page_size=1)]
        assert ways == ["inbound", "outbound-api"]
        assert str(client.api.accounts(KEYS.twilio_account_sid).fetch().status) == "active"


def test_official_package__looks_numbers_up(http: TwilioHttpClient) -> None:
    with standing(ada_world()) as stand:
        client = _client(stand, http)
        found = client.lookups.v2.phone_numbers(NUMBER).fetch(fields="line_type_intelligence")
        bare = client.lookups.v2.phone_numbers(NUMBER).fetch()
    kind: Any = found.line_type_intelligence
    assert kind["type"] == ada_world().lines[NUMBER].listed_type
    assert found.valid
    assert bare.line_type_intelligence is None


def test_official_package__raises_for_a_wrong_token(http: TwilioHttpClient) -> None:
    with standing(ada_world()) as stand:
        client = _client(stand, http, "wrong")
        with pytest.raises(TwilioRestException) as caught:
            client.messages.create(to=NUMBER, messaging_service_sid=SERVICE, body=EXAMPLE)
    wanted = payload("twilio", "error-20003")
    assert (caught.value.status, caught.value.code) == (wanted["status"], wanted["code"])


def test_official_package__accepts_every_signature() -> None:
    with standing(_world_where(_answered)) as stand:
        _send(stand)
        sent = stand.run_dry()
    validator = RequestValidator(KEYS.twilio_auth_token)  # type: ignore[no-untyped-call]
    assert len(sent) == 3
    for one in sent:
        signature = one.headers["x-twilio-signature"]
        assert validator.validate(one.url, one.form, signature)  # type: ignore[no-untyped-call]


def _ours(stand: Stand) -> TwilioSms:
    return TwilioSms(
        KEYS.twilio_account_sid,
        KEYS.twilio_auth_token,
        messaging_service_sid=SERVICE,
        status_callback="https://app.example.com/hooks/twilio/status",
        base_url=stand.server.urls.twilio,
    )


def _message(key: str = TOUCH) -> Message:
    latest = MONDAY + timedelta(hours=3)
    return Message(key, sms_payload(to_e164=NUMBER, body=EXAMPLE, now=MONDAY, latest=latest), latest)


def test_our_client__finds_a_text_whose_answer_was_lost() -> None:
    with standing(
        _world_where(_delivered), fault=lambda point, _: "drop" if point == "twilio.send" else None
    ) as stand:
        ours = _ours(stand)
        with pytest.raises(OutcomeUnknown):
            ours.send(_message())
        assert len(ours.find(to_e164=NUMBER, body=EXAMPLE, since=MONDAY)) == 1
        assert stand.server.record.contacts[0].reference == TOUCH


def test_our_client__learns_of_an_opt_out() -> None:
    with standing(_world_where(_keyword)) as stand:
        ours = _ours(stand)
        ours.send(_message())
        stand.run_dry()
        with pytest.raises(RecipientOptedOut):
            ours.send(_message("7f0d6c1e-0000-5000-8000-000000000002"))


def test_our_client__looks_a_line_type_up() -> None:
    with standing(ada_world()) as stand:
        lookup = TwilioLookup(
            KEYS.twilio_account_sid, KEYS.twilio_auth_token, base_url=stand.server.urls.twilio
        )
        truth = ada_world().lines[NUMBER].listed_type
        assert lookup.line_type(NUMBER).kind == truth


@pytest.mark.parametrize(
    ("true", "disposition"),
    [(_delivered, "delivered"), (_answered, "replied"), (_keyword, "opted_out")],
)
def test_webhooks__are_believed_and_read_as_what_truly_happened(
    true: Callable[[TextOutcome], bool], disposition: str
) -> None:
    with standing(_world_where(true)) as stand:
        _ours(stand).send(_message())
        events = []
        for sent in stand.run_dry():
            token = KEYS.twilio_auth_token
            webhook.verify(sent.headers, sent.raw, secret=token, now=sent.at, url=sent.url)
            query = {"touch": TOUCH} if "touch=" in sent.url else {}
            events.append(webhook.parse(sent.raw, query=query, headers=sent.headers, now=sent.at))
        assert stand.server.record.outcomes()["sms"] == {disposition: 1}
    assert events[1].disposition == "delivered"
    assert [event.delivery_id for event in events[:2]] == [TOUCH, TOUCH]
    if disposition != "delivered":
        assert events[2].reply is not None
        assert events[2].from_address == NUMBER
        assert bool(events[2].suppress) == (disposition == "opted_out")


BOOK = "https://app.example.com/b/3f0c"


def _books(outcome: TextOutcome) -> bool:
    return outcome.booking_at is not None


def test_booking__looks_at_the_page_in_the_text_and_posts_one_of_its_times() -> None:
    with standing(_world_where(_books)) as stand:
        stand.page = '<button name="slot" value="2026-10-06T14:00Z">10:00 AM</button>'
        _send(stand, Body=f"Worth 15 min? {BOOK} Reply STOP to opt out")
        sent = [one.raw for one in stand.run_dry() if one.url == BOOK]
        assert sent == [b"slot=2026-10-06T14%3A00Z"]
        assert stand.visited == [BOOK]
        kinds = [(act.channel, act.kind) for act in stand.server.record.acts(ADA_ID)]
        assert kinds == [("sms", "positive"), ("sms", "booked")]


def test_booking__needs_a_link_in_the_text() -> None:
    with standing(_world_where(_books)) as stand:
        _send(stand)
        stand.run_dry()
        assert stand.visited == []
