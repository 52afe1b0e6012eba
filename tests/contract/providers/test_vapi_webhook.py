"""Vapi's webhooks against its documented bodies."""

from __future__ import annotations

import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import WebhookRefused
from shared.providers.vapi.reasons import reason_class
from shared.providers.vapi.webhook import from_call, parse, tool_reply, verify
from tests.contract.providers.payloads import NOW, TOUCH, files, payload, raw

CALL = "019a7c3e-5b1d-7000-8f3a-2f6d0c9b1e42"
EVENTS = [
    name
    for name in files("vapi", "end-of", "hang", "status", "tool-calls", "assistant-request")
    if "our-reply" not in name
]


def report(**changes: Any) -> bytes:
    """The finished call, changed; `turns` are the other side's words, `said` the analysis."""
    body = payload("vapi", "end-of-call-report")
    message = body["message"]
    turns, said = changes.pop("turns", None), changes.pop("said", None)
    if turns is not None:
        message["messages"] = message["artifact"]["messages"] = [
            {"role": "user", "message": turn} for turn in turns
        ]
        message["transcript"] = message["artifact"]["transcript"] = "".join(f"User: {t}\n" for t in turns)
    if said is not None:
        message["analysis"]["structuredData"] = said
    message.update(changes)
    return json.dumps(body).encode()


@pytest.mark.parametrize("name", EVENTS)
def test_every_event__is_read_and_keeps_no_secret(name: str) -> None:
    event = parse(raw("vapi", name), now=NOW)
    assert event.provider == "vapi"
    assert event.event_key
    assert event.occurred_at.tzinfo is not None
    stored = json.dumps(event.body)
    assert "EXAMPLE-SECRET-MUST-BE-REDACTED" not in stored
    assert "You are Alex" not in stored


def test_secrets__do_not_survive_at_any_depth() -> None:
    body = payload("vapi", "end-of-call-report")
    planted = "EXAMPLE-SECRET-MUST-BE-REDACTED"
    body["message"]["call"] |= {
        "monitor": {"controlUrl": planted, "listenUrl": planted},
        "assistant": {
            "name": "Sarah",
            "model": {"messages": [{"role": "system", "content": planted}]},
            "server": {"headers": {"Authorization": planted}},
            "credentials": [{"apiKey": planted}],
        },
        "phoneNumber": {"twilioApiKey": planted, "twilioApiSecret": planted},
    }
    event = parse(json.dumps(body).encode(), now=NOW)
    assert planted not in json.dumps(event.body)
    assert event.body["message"]["call"]["assistant"] == {"name": "Sarah"}


def test_token_counts__are_kept_for_the_cost() -> None:
    costs = parse(raw("vapi", "end-of-call-report"), now=NOW).body["message"]["costs"]
    assert next(cost for cost in costs if cost["type"] == "model")["promptTokens"] == 4210


@pytest.mark.parametrize(
    ("name", "disposition", "bad_address"),
    [
        ("end-of-call-report", "conversation", False),
        ("end-of-call-report.no-answer", "no_answer", False),
        ("end-of-call-report.voicemail", "voicemail", False),
        ("end-of-call-report.misdialed", "invalid_number", True),
        ("end-of-call-report.system-no-credits", "call_failed", False),
        ("end-of-call-report.vapifault", "call_failed", False),
    ],
)
def test_reports__get_their_disposition(name: str, disposition: str, bad_address: bool) -> None:
    event = parse(raw("vapi", name), now=NOW)
    assert event.disposition == disposition
    assert event.bad_address is bad_address
    assert event.delivery_id == TOUCH
    assert event.provider_id == CALL
    assert event.event_key == f"{CALL}:end-of-call-report"
    assert event.suppress is None


def test_finished_call__brings_duration_cost_and_time() -> None:
    event = parse(raw("vapi", "end-of-call-report"), now=NOW)
    assert (event.duration_s, event.cost_usd) == (91.2, 0.1504)
    assert event.occurred_at == datetime(2026, 11, 20, 15, 1, 43, 500_000, tzinfo=UTC)
    assert event.milestones == ("answered",)
    assert event.details["summary"] == "Ada agreed to a demo on Tuesday at 4pm ET."


def test_account_trouble__is_told_apart_from_the_lead() -> None:
    details = parse(raw("vapi", "end-of-call-report.system-no-credits"), now=NOW).details
    assert details["system_wide"]
    assert details["phone_never_rang"]


@pytest.mark.parametrize(
    ("said", "disposition", "milestones", "suppress"),
    [
        (
            {"disposition": "meeting", "decision_maker": True, "meeting_at": "2026-11-24T16:00:00-05:00"},
            "meeting",
            ("answered", "dm_contact", "conversation", "booked"),
            None,
        ),
        (
            {"disposition": "not_interested", "decision_maker": True},
            "not_interested",
            ("answered", "dm_contact", "conversation"),
            None,
        ),
        ({"disposition": "gatekeeper", "decision_maker": False}, "gatekeeper", ("answered",), None),
        ({"disposition": "wrong_number"}, "wrong_number", ("answered",), "wrong_number"),
        ({"disposition": "dnc"}, "dnc", ("answered", "opted_out"), "dnc"),
        ({"disposition": "callback", "opt_out": True}, "dnc", ("answered", "opted_out"), "dnc"),
        ({"disposition": "voicemail"}, "voicemail", (), None),
        ({"disposition": "no such word"}, "conversation", ("answered",), None),
        ({}, "conversation", ("answered",), None),
    ],
)
def test_analysis__codes_a_call_with_a_person(
    said: dict[str, Any], disposition: str, milestones: tuple[str, ...], suppress: str | None
) -> None:
    event = parse(report(said=said), now=NOW)
    assert (event.disposition, event.milestones, event.suppress) == (disposition, milestones, suppress)


def test_stop_in_their_own_words__suppresses_whatever_the_analysis_says() -> None:
    event = parse(
        report(turns=["Who is this?", "Take me off your list."], said={"disposition": "callback"}), now=NOW
    )
    assert (event.disposition, event.suppress) == ("dnc", "dnc")


def test_do_not_call_tool_in_the_report__suppresses() -> None:
    body = json.loads(report(said={"disposition": "gatekeeper"}))
    call = {"id": "t1", "type": "function", "function": {"name": "do_not_call", "arguments": "{}"}}
    body["message"]["artifact"]["messages"].append({"role": "tool_calls", "toolCalls": [call]})
    assert parse(json.dumps(body).encode(), now=NOW).suppress == "dnc"


@pytest.mark.parametrize(
    ("changes", "disposition"),
    [
        ({"endedReason": "customer-busy", "turns": []}, "busy"),
        ({"endedReason": "customer-ended-call", "turns": []}, "early_hangup"),
        ({"turns": ["Hello?"], "said": {}, "durationSeconds": 6.0}, "early_hangup"),
        ({"endedReason": "silence-timed-out", "turns": []}, "no_answer"),
        (
            {"endedReason": "call.in-progress.error-providerfault-outbound-sip-403-forbidden", "turns": []},
            "carrier_blocked",
        ),
        ({"endedReason": "some-reason-of-next-year", "turns": []}, "call_failed"),
        (
            {
                "endedReason": "call.in-progress.error-vapifault-worker-died",
                "said": {"disposition": "not_interested"},
            },
            "not_interested",
        ),
        (
            {"endedReason": "customer-did-not-answer", "turns": [], "said": {"disposition": "meeting"}},
            "no_answer",
        ),
    ],
)
def test_call__is_coded_by_what_happened(changes: dict[str, Any], disposition: str) -> None:
    assert parse(report(**changes), now=NOW).disposition == disposition


def test_ended_reasons__all_have_the_recorded_class() -> None:
    recorded = payload("vapi", "ended-reasons")["reasons"]
    assert {reason: reason_class(reason) for reason in recorded} == recorded
    assert len(recorded) == 595


@pytest.mark.parametrize("name", ["tool-calls", "tool-calls.object-args"])
def test_tool_calls__give_the_same_in_both_argument_forms(name: str) -> None:
    event = parse(raw("vapi", name), now=NOW)
    slot = {"slot": "2026-11-24T16:00:00-05:00"}
    assert event.details["tools"] == [{"id": "toolu_01AbC", "name": "bookAppointment", "arguments": slot}]
    assert event.event_key == f"{CALL}:tool-calls:toolu_01AbC"


def test_tool_calls__are_read_in_the_form_of_the_docs() -> None:
    event = parse(raw("vapi", "tool-calls.docs-variant"), now=NOW)
    arguments = {"emailAddress": "john@example.com", "message": "Hi!"}
    assert event.details["tools"] == [{"id": "abc123", "name": "sendEmail", "arguments": arguments}]
    assert event.occurred_at == NOW


def tool_call(name: str, arguments: str = "{}") -> bytes:
    body = payload("vapi", "tool-calls")
    body["message"]["toolCallList"][0]["function"] = {"name": name, "arguments": arguments}
    return json.dumps(body).encode()


def test_do_not_call__suppresses_at_once() -> None:
    event = parse(tool_call("do_not_call", '{"words": "never again"}'), now=NOW)
    assert (event.suppress, event.disposition, event.delivery_id) == ("dnc", "dnc", TOUCH)


def test_call_back__is_a_result_of_the_call_at_once() -> None:
    event = parse(tool_call("call_back"), now=NOW)
    assert (event.suppress, event.disposition, event.milestones) == (None, "callback", ("answered",))


def test_tool_reply__takes_our_answer_on_one_line() -> None:
    event = parse(tool_call("book"), now=NOW)
    ours = payload("vapi", "tool-calls.our-reply")["results"][0]
    answer = tool_reply(event, {"toolu_01AbC": ours["result"].replace(",", ",\n ")})
    assert answer == {"results": [ours | {"name": "book", "result": ours["result"].replace(",", ", ")}]}
    assert event.suppress is None


def test_tool_reply__to_an_unknown_tool_is_an_error_in_the_body() -> None:
    event = parse(tool_call("transfer_money", "no json"), now=NOW)
    assert event.details["tools"][0]["arguments"] == {}
    assert "error" in tool_reply(event, {})["results"][0]


def utterance(words: str, role: str = "user", kind: str = 'transcript[transcriptType="final"]') -> bytes:
    body = payload("vapi", "tool-calls")
    body["message"] |= {"type": kind, "role": role, "transcriptType": "final", "transcript": words}
    return json.dumps(body).encode()


@pytest.mark.parametrize("kind", ["transcript", 'transcript[transcriptType="final"]'])
@pytest.mark.parametrize("words", ["Stop calling me.", "Take us off your list", "User's Keypad Entry: 9"])
def test_utterance__of_a_stop_suppresses_while_the_call_runs(kind: str, words: str) -> None:
    event = parse(utterance(words, kind=kind), now=NOW)
    assert (event.kind, event.suppress, event.disposition) == ("transcript", "dnc", "dnc")
    assert (event.delivery_id, event.milestones) == (TOUCH, ("answered", "opted_out"))


@pytest.mark.parametrize(
    ("words", "role"),
    [
        ("Stop by on Monday.", "user"),
        ("User's Keypad Entry: 1", "user"),
        ("User's Keypad Entry: 95", "user"),
        ("Say stop at any time and I will not call again.", "assistant"),
        ("Stop calling me.", "assistant"),
    ],
)
def test_utterance__of_anything_else_means_nothing_yet(words: str, role: str) -> None:
    event = parse(utterance(words, role), now=NOW)
    assert (event.suppress, event.disposition, event.milestones) == (None, None, ())


def test_key_in_the_report__is_a_stop() -> None:
    body = payload("vapi", "end-of-call-report")
    body["message"]["artifact"]["messages"].append({"role": "user", "message": "User's Keypad Entry: 9#"})
    assert parse(json.dumps(body).encode(), now=NOW).suppress == "dnc"


def test_status_updates__have_keys_of_their_own_and_no_disposition() -> None:
    going = parse(raw("vapi", "status-update.in-progress"), now=NOW)
    ended = parse(raw("vapi", "status-update.ended"), now=NOW)
    assert going.event_key == f"{CALL}:status-update:in-progress"
    assert ended.event_key == f"{CALL}:status-update:ended"
    assert going.disposition is ended.disposition is None
    assert ended.details["ended_reason"] == "customer-did-not-answer"


def test_unknown_type__is_kept_without_a_meaning() -> None:
    event = parse(b'{"message": {"type": "thing-of-2030", "call": null}}', now=NOW)
    assert (event.kind, event.disposition, event.delivery_id) == ("thing-of-2030", None, None)


def test_inbound_call__is_found_by_its_number() -> None:
    assert parse(raw("vapi", "assistant-request"), now=NOW).from_address == "+15555550123"
    assert parse(raw("vapi", "hang"), now=NOW).from_address is None


def test_foreign_reference__is_not_taken_for_ours() -> None:
    event = parse(raw("vapi", "hang").replace(TOUCH.encode(), b"order-17"), now=NOW)
    assert event.delivery_id is None


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"{}",
        b'{"message": []}',
        b'{"message": {"type": 3}}',
        b"\xff\xfe",
        b"[" * 9999,
    ],
)
def test_unreadable_body__is_refused(body: bytes) -> None:
    with pytest.raises(WebhookRefused):
        parse(body, now=NOW)


@pytest.mark.parametrize("name", EVENTS)
def test_truncated_body__is_refused(name: str) -> None:
    whole = raw("vapi", name).strip()
    for length in range(0, len(whole) - 1, max(1, len(whole) // 40)):
        with pytest.raises(WebhookRefused):
            parse(whole[:length], now=NOW)


def test_polled_call__makes_the_event_of_its_report() -> None:
    polled = from_call(payload("vapi", "get-call-ended"), now=NOW)
    assert polled is not None
    assert polled.event_key == f"{CALL}:end-of-call-report"
    assert (polled.delivery_id, polled.cost_usd) == (TOUCH, 0.1504)
    assert polled.duration_s == pytest.approx(91.2)
    assert from_call(payload("vapi", "post-call-response"), now=NOW) is None


VECTOR = payload("vapi", "hmac-signature-vector")
SIGNED_AT = datetime.fromtimestamp(int(VECTOR["headers"]["x-timestamp"]), UTC)


def check(
    *,
    now: datetime = SIGNED_AT,
    secret: str = VECTOR["secret"],
    body: str = VECTOR["raw_body"],
    **headers: str,
) -> None:
    given = VECTOR["headers"] | {name.replace("_", "-"): value for name, value in headers.items()}
    verify({name: value for name, value in given.items() if value}, body.encode(), secret=secret, now=now)


def test_signature__known_answer() -> None:
    check()
    check(x_signature="sha256=" + VECTOR["headers"]["x-signature"].upper())
    verify({"X-Timestamp": VECTOR["headers"]["x-timestamp"], "X-SIGNATURE": VECTOR["headers"]["x-signature"]},
           VECTOR["raw_body"].encode(), secret=VECTOR["secret"], now=SIGNED_AT)  # fmt: skip


def test_signature__accepts_milliseconds() -> None:
    stamp = str(int(SIGNED_AT.timestamp() * 1000))
    mac = hmac.new(VECTOR["secret"].encode(), f"{stamp}.{VECTOR['raw_body']}".encode(), hashlib.sha256)
    check(x_timestamp=stamp, x_signature=mac.hexdigest())


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"x_signature": ""}, "webhook_missing_header"),
        ({"x_timestamp": ""}, "webhook_missing_header"),
        ({"x_timestamp": "soon"}, "webhook_malformed"),
        ({"x_timestamp": "nan"}, "webhook_malformed"),
        ({"x_timestamp": "inf"}, "webhook_malformed"),
        ({"x_signature": "00"}, "webhook_wrong_signature"),
        ({"x_signature": "é"}, "webhook_wrong_signature"),
        ({"body": "{}"}, "webhook_wrong_signature"),
        ({"secret": "another"}, "webhook_wrong_signature"),
        ({"secret": ""}, "webhook_no_secret"),
        ({"now": SIGNED_AT + timedelta(seconds=301)}, "webhook_stale"),
        ({"now": SIGNED_AT - timedelta(seconds=301)}, "webhook_stale"),
    ],
)
def test_signature__is_refused(changes: dict[str, Any], code: str) -> None:
    with pytest.raises(WebhookRefused) as refusal:
        check(**changes)
    assert refusal.value.code == code


def test_signature__holds_for_five_minutes_either_way() -> None:
    check(now=SIGNED_AT + timedelta(seconds=300))
    check(now=SIGNED_AT - timedelta(seconds=300))
