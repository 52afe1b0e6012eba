"""The three clients on the wire: one request each, and the right error for whatever happens to it."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.errors import (
    ChannelDown,
    OutcomeUnknown,
    ProviderError,
    RateLimited,
    RecipientOptedOut,
    RecipientRefused,
    Unreachable,
)
from shared.providers.channel import Channel, Message
from shared.providers.resend.client import ResendEmail
from shared.providers.resend.payload import Attachment, email_payload
from shared.providers.twilio.client import TwilioLookup, TwilioSms, callback_url
from shared.providers.twilio.payload import sms_payload
from shared.providers.vapi.client import VapiCalls
from tests.contract.providers.payloads import NOW, TOUCH, payload
from tests.support.http_script import DROP, HANG, HttpScript, Reply, Step, closed_port, names

ACCOUNT = "ACaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
NUMBER = "+15555550123"
LATEST = NOW + timedelta(minutes=30)


def calls(url: str, deadline_s: float = 5.0) -> VapiCalls:
    return VapiCalls("key", base_url=url, deadline_s=deadline_s)


def email(url: str, deadline_s: float = 5.0) -> ResendEmail:
    return ResendEmail("re_key", base_url=url, deadline_s=deadline_s)


def sms(url: str, deadline_s: float = 5.0) -> TwilioSms:
    return TwilioSms(
        ACCOUNT,
        "token",
        messaging_service_sid="MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        status_callback="https://app.example.com/hooks/twilio/status",
        base_url=url,
        deadline_s=deadline_s,
    )


def message(channel: str) -> Message:
    payloads: dict[str, dict[str, Any]] = {
        "call": payload("vapi", "post-call-request"),
        "email": email_payload(
            touch_id=TOUCH,
            sender="Acme <hello@mail.example.com>",
            to="ada@example.com",
            subject="Quick question, Ada",
            text="Hi Ada…",
        ),
        "sms": sms_payload(to_e164=NUMBER, body="Hi Ada. Reply STOP to opt out.", now=NOW, latest=LATEST),
    }
    return Message(TOUCH, payloads[channel], LATEST)


Make = Callable[[str, float], Channel]
CHANNELS = pytest.mark.parametrize(
    ("make", "path"),
    [
        pytest.param(calls, "/call", id="vapi"),
        pytest.param(email, "/emails", id="resend"),
        pytest.param(sms, f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", id="twilio"),
    ],
)


def failure(make: Make, path: str, step: Step, deadline_s: float = 5.0) -> ProviderError:
    """What one send raises when the server plays this step; it must have been asked exactly once."""
    with HttpScript(step, Reply(201, {"id": "second", "sid": "second"})) as server:
        channel = make(server.url, deadline_s)
        with pytest.raises(ProviderError) as raised:
            channel.send(message(channel.name))
        assert names(server.seen) == [f"POST {path}"]
    assert NUMBER not in str(raised.value)
    assert "ada@" not in str(raised.value)
    return raised.value


@CHANNELS
def test_answer_lost_after_the_effect__is_unknown(make: Make, path: str) -> None:
    error = failure(make, path, DROP)
    assert type(error) is OutcomeUnknown
    assert error.outcome_unknown


@CHANNELS
def test_no_answer_in_time__is_unknown(make: Make, path: str) -> None:
    assert type(failure(make, path, HANG, deadline_s=0.5)) is OutcomeUnknown


@CHANNELS
@pytest.mark.parametrize("status", [500, 502, 503, 504])
def test_server_error__is_unknown(make: Make, path: str, status: int) -> None:
    assert type(failure(make, path, Reply(status, "<html>oops</html>"))) is OutcomeUnknown


@CHANNELS
def test_success_without_an_id__is_unknown(make: Make, path: str) -> None:
    assert type(failure(make, path, Reply(200, "<html>fine</html>"))) is OutcomeUnknown
    assert type(failure(make, path, Reply(201, {}))) is OutcomeUnknown


@CHANNELS
def test_too_many_requests__asks_to_wait(make: Make, path: str) -> None:
    error = failure(make, path, Reply(429, {"message": "slow down"}, {"Retry-After": "7"}))
    assert type(error) is RateLimited
    assert error.retry_after
    assert not error.outcome_unknown


@CHANNELS
def test_refused_connection__means_nothing_was_sent(make: Make, path: str) -> None:
    channel = make(closed_port(), 5.0)
    with pytest.raises(Unreachable) as raised:
        channel.send(message(channel.name))
    assert not raised.value.outcome_unknown
    assert raised.value.retryable


@CHANNELS
def test_redirect__is_not_followed(make: Make, path: str) -> None:
    with HttpScript() as elsewhere:
        failure(make, path, Reply(307, {}, {"Location": elsewhere.url}))
        assert elsewhere.seen == []


@CHANNELS
def test_requests__have_fresh_connections(make: Make, path: str) -> None:
    channel_answer = Reply(201, {"id": "one", "sid": "SM1", "status": "queued"})
    with HttpScript(channel_answer, channel_answer) as server:
        channel = make(server.url, 5.0)
        for _ in range(2):
            channel.send(message(channel.name))
        assert len(server.seen) == 2


@pytest.mark.parametrize(
    ("make", "status", "file", "expected", "code"),
    [
        (calls, 400, "error-400-concurrency", RateLimited, "vapi.capacity"),
        (calls, 400, "error-400-validation", RecipientRefused, "vapi.invalid_number"),
        (calls, 401, "error-401-missing-header", ChannelDown, "vapi.401"),
        (email, 403, "error-403-invalid_api_key", ChannelDown, "resend.invalid_api_key"),
        (email, 409, "error-409-concurrent_idempotent_requests", RateLimited, None),
        (email, 409, "error-409-invalid_idempotent_request", ChannelDown, None),
        (email, 422, "error-422-invalid_from_address", ChannelDown, "resend.invalid_from_address"),
        (email, 429, "error-429-daily_quota_exceeded", ChannelDown, "resend.daily_quota_exceeded"),
        (email, 429, "error-429-rate_limit_exceeded", RateLimited, "resend.rate_limit_exceeded"),
        (sms, 401, "error-20003", ChannelDown, "twilio.20003"),
        (sms, 429, "error-20429", RateLimited, "twilio.20429"),
        (sms, 400, "error-21211", RecipientRefused, "twilio.21211"),
        (sms, 403, "error-21408", RecipientRefused, "twilio.21408"),
        (sms, 400, "error-21610", RecipientOptedOut, "twilio.21610"),
        (sms, 400, "error-21614", RecipientRefused, "twilio.21614"),
    ],
)
def test_documented_errors__over_the_wire(
    make: Make, status: int, file: str, expected: type[ProviderError], code: str | None
) -> None:
    with HttpScript() as server:
        channel = make(server.url, 5.0)
        server.steps.append(Reply(status, payload(channel.provider, file)))
        with pytest.raises(ProviderError) as raised:
            channel.send(message(channel.name))
        assert len(server.seen) == 1
    assert type(raised.value) is expected
    assert code in (None, raised.value.code)


@pytest.mark.parametrize("step", [DROP, Reply(500, {"name": "application_error", "message": "x"})])
def test_resend__an_unknown_outcome_may_be_repeated_with_the_same_key(step: Step) -> None:
    with HttpScript(step, Reply(200, payload("resend", "send-response"))) as server:
        channel = email(server.url)
        with pytest.raises(OutcomeUnknown) as raised:
            channel.send(message("email"))
        assert raised.value.retryable
        channel.send(message("email"))
        first, second = server.seen
        assert first.raw == second.raw
        assert first.headers["idempotency-key"] == second.headers["idempotency-key"] == TOUCH


def test_unknown_outcome__of_a_call_or_text_is_never_retryable() -> None:
    assert not failure(calls, "/call", DROP).retryable
    assert not failure(sms, f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json", DROP).retryable


def test_resend__sends_one_mail_with_all_its_parts() -> None:
    content = email_payload(
        touch_id=TOUCH,
        sender="Acme <hello@mail.example.com>",
        to="ada@example.com",
        subject="Hello",
        text="Hi",
        html="<p>Hi</p>",
        unsubscribe_url="https://app.example.com/u/1",
        in_reply_to="<m1@example.com>",
        attachments=[Attachment("chart.png", b"\x89PNG", "image/png", "chart")],
    )
    with HttpScript(Reply(200, payload("resend", "send-response"))) as server:
        receipt = email(server.url).send(Message(TOUCH, content, LATEST))
        seen = server.seen[0]
    assert receipt.provider_id == "4ef9a417-02e9-4d39-ad75-9611e0fcc33c"
    assert seen.json == content
    assert content["headers"]["List-Unsubscribe"] == "<https://app.example.com/u/1>"
    assert content["headers"]["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert content["tags"] == [{"name": "touch_id", "value": TOUCH}]
    assert content["attachments"][0]["content"] == "iVBORw=="
    assert seen.headers["authorization"] == "Bearer re_key"
    assert seen.headers["user-agent"]


def test_resend__two_accounts_do_not_mix() -> None:
    answer = Reply(200, payload("resend", "send-response"))
    with HttpScript(answer) as one, HttpScript(answer) as two:
        first, second = ResendEmail("re_1", base_url=one.url), ResendEmail("re_2", base_url=two.url)
        first.send(message("email"))
        second.send(message("email"))
        assert one.seen[0].headers["authorization"] == "Bearer re_1"
        assert two.seen[0].headers["authorization"] == "Bearer re_2"


def test_resend__fetches_what_came_in() -> None:
    whole = payload("resend", "get-received-email")
    html_only = whole | {"text": None}
    with HttpScript(Reply(200, whole), Reply(200, html_only)) as server:
        mail = email(server.url).received("56761188")
        assert email(server.url).received("56761188").text == mail.text
        assert names(server.seen)[0] == "GET /emails/receiving/56761188"
    assert mail.text == "Not interested, please remove me."
    assert mail.in_reply_to == "<0100019a7c3e-EXAMPLE-000000@us-east-1.amazonses.com>"


@pytest.mark.parametrize(
    ("step", "expected"), [(DROP, Unreachable), (Reply(500, "x"), Unreachable), (Reply(403, {}), ChannelDown)]
)
def test_reads__have_no_unknown_outcome(step: Step, expected: type[ProviderError]) -> None:
    asks: list[Callable[[str], object]] = [
        lambda url: calls(url).get("c1"),
        lambda url: email(url).received("m1"),
        lambda url: sms(url).get("SM1"),
        lambda url: sms(url).find(to_e164=NUMBER, body="x", since=NOW),
        lambda url: TwilioLookup(ACCOUNT, "token", base_url=url).line_type(NUMBER),
    ]
    for ask in asks:
        with HttpScript(step) as server:
            with pytest.raises(ProviderError) as raised:
                ask(server.url)
            assert len(server.seen) == 1
        assert type(raised.value) is expected


def test_twilio__sends_one_text() -> None:
    with HttpScript(Reply(201, payload("twilio", "create-message-response"))) as server:
        receipt = sms(server.url).send(message("sms"))
        seen = server.seen[0]
    assert receipt.provider_id == "SM1234567890abcdef1234567890abcd02"
    assert seen.form == {
        "To": NUMBER,
        "Body": "Hi Ada. Reply STOP to opt out.",
        "MessagingServiceSid": "MGaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
        "StatusCallback": f"https://app.example.com/hooks/twilio/status?touch={TOUCH}",
        "ValidityPeriod": "1800",
        "SmartEncoded": "false",
    }
    assert seen.headers["authorization"].startswith("Basic ")


def test_twilio__sends_from_a_number_without_a_service() -> None:
    with HttpScript(Reply(201, payload("twilio", "create-message-response-from-number"))) as server:
        channel = TwilioSms(ACCOUNT, "token", from_number="+15555550100", base_url=server.url)
        channel.send(message("sms"))
        assert server.seen[0].form["From"] == "+15555550100"
        assert "StatusCallback" not in server.seen[0].form


def test_twilio__error_of_the_newer_form() -> None:
    problem = {"type": "https://example.com/e", "title": "Unsubscribed", "status": 400, "code": 21610}
    with HttpScript(Reply(400, problem)) as server, pytest.raises(RecipientOptedOut):
        sms(server.url).send(message("sms"))


def test_twilio__finds_a_text_by_number_and_exact_words() -> None:
    rows = payload("twilio", "list-messages-response")
    body = rows["messages"][0]["body"]
    since = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
    with HttpScript(*[Reply(200, rows)] * 3) as server:
        channel = sms(server.url)
        assert [one["sid"] for one in channel.find(to_e164=NUMBER, body=body, since=since)]
        assert channel.find(to_e164=NUMBER, body=body + "!", since=since) == []
        assert channel.find(to_e164=NUMBER, body=body, since=since + timedelta(minutes=1)) == []
        assert server.seen[0].query["To"] == NUMBER
        assert "DateSent>" not in server.seen[0].query


def test_twilio__lists_what_was_sent_and_what_came_in() -> None:
    page = payload("twilio", "list-messages-response")
    came = page["messages"][0] | {"direction": "inbound", "sid": "SM" + "3" * 32}
    with HttpScript(Reply(200, page | {"messages": [page["messages"][0], came]})) as server:
        found = sms(server.url).list_since(NOW)
        assert server.seen[0].query["DateSent>"] == "2026-11-20T15:02:00Z"
    assert [one["direction"] for one in found] == ["outbound-api", "inbound"]


def test_twilio__does_not_log_numbers(caplog: pytest.LogCaptureFixture) -> None:
    page = Reply(200, payload("twilio", "list-messages-response"))
    with caplog.at_level(logging.INFO), HttpScript(page) as server:
        sms(server.url).find(to_e164=NUMBER, body="x", since=NOW)
    assert "5555550123" not in caplog.text


def test_unusable_address__stops_the_channel() -> None:
    for channel in (calls("nonsense://x"), email("nonsense://x")):
        with pytest.raises(ChannelDown):
            channel.send(message(channel.name))


def test_callback_url__keeps_a_query() -> None:
    assert callback_url("https://a.example.com/s?x=1", "k") == "https://a.example.com/s?x=1&touch=k"


@pytest.mark.parametrize(("seconds", "validity"), [(1_800, 1_800), (0, 1), (-5, 1), (10**6, 36_000)])
def test_sms_payload__ends_with_the_window(seconds: int, validity: int) -> None:
    made = sms_payload(to_e164=NUMBER, body="x", now=NOW, latest=NOW + timedelta(seconds=seconds))
    assert made["validity_period"] == validity
