"""The fake of Vapi against the payload files and against this project's own client and webhook reader."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from shared.directives.render import RenderedCall
from shared.directives.scripts import Voice
from shared.errors import ChannelDown, OutcomeUnknown, RateLimited, RecipientRefused
from shared.providers.channel import Message
from shared.providers.vapi import webhook
from shared.providers.vapi.assistant import CallSetup, call_payload
from shared.providers.vapi.client import VapiCalls
from simulator.world import World
from simulator.world.calls import dial
from tests.contract.providers.payloads import TOUCH, payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import MONDAY, ada, ada_world

NUMBER = "+15555550123"
INSIDE = ("message.call.assistantOverrides", "message.assistant", "message.analysis.structuredData")
FREE = (*INSIDE, "message.toolWithToolCallList[]", "assistantOverrides", "analysis.structuredData")
SETUP = CallSetup(
    "c0a1",
    "https://app.example.com/hooks/vapi",
    "cred",
    recording=True,
    max_duration_s=600,
    zone="America/New_York",
)
SAID = RenderedCall(
    persona="Sarah",
    voice=Voice(provider="11labs", voice_id="voice"),
    first_message="Hello, this is Sarah, an AI assistant of Example Services. Is now a bad time?",
    system_prompt="Sell.",
    voicemail="Hello.",
)


def _request() -> dict[str, Any]:
    body: dict[str, Any] = payload("vapi", "post-call-request")
    del body["schedulePlan"]
    return body


def _inline() -> dict[str, Any]:
    latest = MONDAY + timedelta(hours=3)
    return call_payload(
        touch_id=TOUCH,
        script_key="intro",
        script_version="1",
        said=SAID,
        setup=SETUP,
        to_e164=NUMBER,
        earliest=MONDAY,
        latest=latest,
    )


def _world_where_it_ends_as(disposition: str) -> World:
    """A world in which Ada's first call at noon ends so."""
    for seed in range(3000):
        world = ada_world(seed, **{"mobile phone": "", "corporate phone": NUMBER})
        if dial(world, ada(world), NUMBER, n=1, at=MONDAY).disposition == disposition:
            return world
    raise AssertionError(disposition)


@pytest.fixture
def stand() -> Iterator[Stand]:
    with standing(_world_where_it_ends_as("not_interested")) as running:
        yield running


def _webhooks(world: World, request: dict[str, Any]) -> list[dict[str, Any]]:
    with standing(world) as stand:
        assert stand.vapi("POST", "/call", json=request).status_code == 201
        return [sent.body for sent in stand.run_dry()]


def test_created_call__has_the_documented_shape(stand: Stand) -> None:
    answer = stand.vapi("POST", "/call", json=_request())
    assert answer.status_code == 201
    assert differences(answer.json(), payload("vapi", "post-call-response"), free=FREE) == []


def test_ended_call__has_the_documented_shape(stand: Stand) -> None:
    made = stand.vapi("POST", "/call", json=_request()).json()
    stand.run_dry()
    found = stand.vapi("GET", f"/call/{made['id']}").json()
    assert differences(found, payload("vapi", "get-call-ended"), free=FREE) == []
    assert found["status"] == "ended"


def test_call__passes_through_its_states_in_virtual_time(stand: Stand) -> None:
    ident = stand.vapi("POST", "/call", json=_request()).json()["id"]
    states = []
    for planned in stand.planned():
        stand.clock.advance_to(planned.at)
        states.append(stand.vapi("GET", f"/call/{ident}").json()["status"])
    assert states == ["ringing", "in-progress", "ended", "ended"]


@pytest.mark.parametrize(
    ("disposition", "name"),
    [
        ("not_interested", "end-of-call-report"),
        ("meeting", "end-of-call-report"),
        ("no_answer", "end-of-call-report.no-answer"),
        ("invalid_number", "end-of-call-report.misdialed"),
        ("voicemail", "end-of-call-report.voicemail"),
    ],
)
def test_report__has_the_documented_shape(disposition: str, name: str) -> None:
    report = _webhooks(_world_where_it_ends_as(disposition), _request())[-1]
    wanted = payload("vapi", name)
    free = (*FREE, "message.costs", "message.artifact.messages[]", "message.messages[]")
    assert differences(report, wanted, free=free) == []
    assert report["message"]["endedReason"] in {
        wanted["message"]["endedReason"],
        "assistant-ended-call",
    }


def test_report__has_the_quirks_of_real_ones() -> None:
    report = _webhooks(_world_where_it_ends_as("not_interested"), _request())[-1]["message"]
    wanted = payload("vapi", "end-of-call-report")["message"]
    assert report["call"]["status"] == "ringing"
    assert "startedAt" not in report["call"]
    assert report["phoneNumber"]["twilioAuthToken"] == "EXAMPLE-SECRET-MUST-BE-REDACTED"
    assert (report["summary"], report["transcript"]) == (
        report["analysis"]["summary"],
        report["artifact"]["transcript"],
    )
    assert {line["role"] for line in report["messages"]} == {"bot", "user"}
    shapes = [line for line in wanted["messages"] if line["role"] in {"bot", "user"}]
    assert differences(report["messages"], shapes) == []
    assert differences(report["costs"], wanted["costs"], free=("[].transcriber", "[].voice")) == []
    assert report["cost"] == pytest.approx(sum(cost["cost"] for cost in report["costs"]), abs=0.001)


@pytest.mark.parametrize("status", ["in-progress", "ended"])
def test_status_update__has_the_documented_shape(status: str) -> None:
    bodies = _webhooks(_world_where_it_ends_as("not_interested"), _request())
    found = [body for body in bodies if body["message"].get("status") == status]
    assert len(found) == 1
    assert differences(found[0], payload("vapi", f"status-update.{status}"), free=FREE) == []


def test_tool_calls__has_the_documented_shape() -> None:
    bodies = _webhooks(_world_where_it_ends_as("dnc"), _request())
    found = [body for body in bodies if body["message"]["type"] == "tool-calls"]
    assert len(found) == 1
    assert differences(found[0], payload("vapi", "tool-calls"), free=FREE) == []


@pytest.mark.parametrize(
    ("headers", "changes", "status", "name"),
    [
        ({}, {}, 401, "error-401-missing-header"),
        ({"authorization": "Bearer wrong"}, {}, 401, "error-401-missing-header"),
        (None, {"customer": {"number": "555-0123"}}, 400, "error-400-validation"),
        (None, {"metadata": {}}, 400, "error-400-validation"),
        (None, {"assistantId": ""}, 400, "error-400-validation"),
    ],
)
def test_refusal__is_the_documented_one(
    stand: Stand, headers: dict[str, str] | None, changes: dict[str, Any], status: int, name: str
) -> None:
    given = {"authorization": f"Bearer {KEYS.vapi_key}"} if headers is None else headers
    url = stand.server.urls.vapi + "/call"
    answer = stand.http.post(url, headers=given, json=_request() | changes)
    assert answer.status_code == status
    assert differences(answer.json(), payload("vapi", name)) == []
    assert stand.server.record.contacts == []
    if name == "error-401-missing-header" and not headers:
        assert answer.json() == payload("vapi", name)


def test_concurrency__the_eleventh_call_is_refused_until_a_line_is_free(stand: Stand) -> None:
    answers = [stand.vapi("POST", "/call", json=_request()) for _ in range(11)]
    assert [answer.status_code for answer in answers] == [201] * 10 + [400]
    assert answers[-1].json() == payload("vapi", "error-400-concurrency")
    assert answers[9].json()["subscriptionLimits"]["remainingConcurrentCalls"] == 0
    stand.run_dry()
    assert stand.vapi("POST", "/call", json=_request()).status_code == 201


def test_list__filters_by_time_and_shows_newest_first(stand: Stand) -> None:
    made = []
    for minute in (0, 5, 10):
        stand.clock.advance_to(MONDAY + timedelta(minutes=minute))
        made.append(stand.vapi("POST", "/call", json=_request()).json()["id"])
    span = {"createdAtGe": "2026-10-05T15:05:00.000Z", "createdAtLe": "2026-10-05T15:10:00.000Z"}
    found = stand.vapi("GET", "/call", params=span).json()
    assert [call["id"] for call in found] == made[:0:-1]
    assert [call["id"] for call in stand.vapi("GET", "/call", params={"limit": 1}).json()] == [made[2]]


def test_scheduled_call__is_placed_at_its_time(stand: Stand) -> None:
    later = {"earliestAt": "2026-10-05T16:00:00Z", "latestAt": "2026-10-05T16:30:00Z"}
    made = stand.vapi("POST", "/call", json=_request() | {"schedulePlan": later}).json()
    assert made["status"] == "scheduled"
    assert stand.server.record.contacts[0].at == MONDAY + timedelta(hours=1)


def test_assistant__decides_where_webhooks_go_and_which() -> None:
    server = {"url": "https://elsewhere.example.com/v"}
    overrides = {"server": server, "serverMessages": ["end-of-call-report"]}
    world = _world_where_it_ends_as("meeting")
    with standing(world) as stand:
        stand.vapi("POST", "/call", json=_request() | {"assistantOverrides": overrides})
        sent = stand.run_dry()
    assert [(one.url, one.body["message"]["type"]) for one in sent] == [
        ("https://elsewhere.example.com/v", "end-of-call-report")
    ]


def test_call_longer_than_allowed__is_cut() -> None:
    overrides = {"maxDurationSeconds": 30}
    world = _world_where_it_ends_as("meeting")
    report = _webhooks(world, _request() | {"assistantOverrides": overrides})[-1]["message"]
    assert (report["endedReason"], report["durationSeconds"]) == ("exceeded-max-duration", 30)


@pytest.mark.parametrize(
    "disposition",
    [
        "meeting",
        "callback",
        "send_email",
        "not_interested",
        "gatekeeper",
        "conversation",
        "early_hangup",
        "dnc",
        "wrong_number",
        "voicemail",
        "no_answer",
        "busy",
        "invalid_number",
        "carrier_blocked",
        "call_failed",
    ],
)
def test_webhooks__are_believed_and_read_as_what_truly_happened(disposition: str) -> None:
    with standing(_world_where_it_ends_as(disposition)) as stand:
        stand.vapi("POST", "/call", json=_inline())
        events = []
        for sent in stand.run_dry():
            webhook.verify(sent.headers, sent.raw, secret=KEYS.vapi_hmac_secret, now=sent.at)
            events.append(webhook.parse(sent.raw, headers=sent.headers, now=sent.at))
        assert stand.server.record.outcomes()["call"] == {disposition: 1}
    assert events[-1].disposition == disposition
    assert {event.delivery_id for event in events} == {TOUCH}
    assert len({event.event_key for event in events}) == len(events)
    assert bool(events[-1].suppress) == (disposition in {"dnc", "wrong_number"})


@pytest.mark.parametrize(
    ("disposition", "tool", "argument"),
    [
        ("meeting", "book", "meeting_at"),
        ("callback", "call_back", "callback_at"),
        ("dnc", "do_not_call", None),
    ],
)
def test_tool__is_used_with_the_arguments_of_its_schema(
    disposition: str, tool: str, argument: str | None
) -> None:
    bodies = _webhooks(_world_where_it_ends_as(disposition), _inline())
    used = [body["message"] for body in bodies if body["message"]["type"] == "tool-calls"]
    function = used[0]["toolCallList"][0]["function"]
    data = bodies[-1]["message"]["analysis"]["structuredData"]
    assert (len(used), function["name"]) == (1, tool)
    if argument:
        assert json.loads(function["arguments"])[argument] == data[argument]


def test_tool__the_assistant_does_not_have_is_not_used() -> None:
    request = _inline()
    request["assistant"]["model"]["tools"] = []
    bodies = _webhooks(_world_where_it_ends_as("dnc"), request)
    assert {body["message"]["type"] for body in bodies} == {"status-update", "end-of-call-report"}


def test_analysis__holds_only_what_the_plan_asks_for() -> None:
    request = _inline()
    fields = request["assistant"]["analysisPlan"]["structuredDataPlan"]["schema"]["properties"]
    del fields["decision_maker"]
    report = _webhooks(_world_where_it_ends_as("not_interested"), request)[-1]["message"]
    assert report["analysis"]["structuredData"] == {"disposition": "not_interested", "opt_out": False}


def _message() -> Message:
    return Message(TOUCH, _inline(), MONDAY + timedelta(hours=3))


def test_our_client__places_reads_lists_and_ends_calls(stand: Stand) -> None:
    calls = VapiCalls(KEYS.vapi_key, base_url=stand.server.urls.vapi)
    receipt = calls.send(_message())
    assert receipt.room == 9
    assert [c["id"] for c in calls.list_since(MONDAY, MONDAY)] == [receipt.provider_id]
    assert webhook.from_call(calls.get(receipt.provider_id), now=MONDAY) is None
    assert calls.end(receipt.provider_id)
    stand.run_dry()
    event = webhook.from_call(calls.get(receipt.provider_id), now=stand.clock.now)
    assert event is not None
    assert event.disposition == "not_interested"
    assert not calls.end(receipt.provider_id)
    calls.probe()


def test_our_client__takes_a_lost_answer_for_an_unknown_outcome() -> None:
    world = _world_where_it_ends_as("not_interested")
    with standing(world, fault=lambda point, _: "drop" if point == "vapi.create_call" else None) as stand:
        calls = VapiCalls(KEYS.vapi_key, base_url=stand.server.urls.vapi)
        with pytest.raises(OutcomeUnknown):
            calls.send(_message())
        assert len(calls.list_since(MONDAY, MONDAY)) == 1


@pytest.mark.parametrize(
    ("verdict", "error"), [("429", RateLimited), ("500", OutcomeUnknown), ("401", ChannelDown)]
)
def test_our_client__names_what_went_wrong(verdict: str, error: type[Exception]) -> None:
    with standing(ada_world(), fault=lambda _point, _request: verdict) as stand:
        calls = VapiCalls(KEYS.vapi_key, base_url=stand.server.urls.vapi)
        with pytest.raises(error):
            calls.send(_message())
        assert stand.server.record.contacts == []


def test_our_client__learns_of_an_impossible_number(stand: Stand) -> None:
    calls = VapiCalls(KEYS.vapi_key, base_url=stand.server.urls.vapi)
    body = _inline() | {"customer": {"number": "12", "externalId": TOUCH}}
    with pytest.raises(RecipientRefused):
        calls.send(Message(TOUCH, body, MONDAY))
