"""The error tables of the three providers."""

from __future__ import annotations

from datetime import timedelta

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
from shared.providers.resend import errors as resend
from shared.providers.twilio import errors as twilio
from shared.providers.vapi import errors as vapi
from tests.contract.providers.payloads import files, payload


@pytest.mark.parametrize(
    ("status", "words", "expected"),
    [
        (400, "Over Concurrency Limit", RateLimited),
        (429, "", RateLimited),
        (400, "Numbers bought on Vapi have a daily outbound call limit.", RateLimited),
        (400, ["customer.number must be a valid phone number in the E.164 format"], RecipientRefused),
        (400, ["assistant.firstMessage must be a string"], ChannelDown),
        (400, "Your wallet has not enough credits", ChannelDown),
        (401, "Missing Authorization Header.", ChannelDown),
        (402, "", ChannelDown),
        (403, "Key not allowed", ChannelDown),
        (404, "Phone number not found", ChannelDown),
        (308, "", ChannelDown),
        (500, "", OutcomeUnknown),
        (503, "Over Concurrency Limit", OutcomeUnknown),
        (408, "", OutcomeUnknown),
        (418, "", ProviderError),
    ],
)
def test_vapi__by_words_before_status(
    status: int, words: str | list[str], expected: type[ProviderError]
) -> None:
    assert type(vapi.classify(status, {"message": words})) is expected


@pytest.mark.parametrize(
    "body", [None, [], "text", {"message": None}, {"message": [1, None]}, {"message": {}}]
)
def test_vapi__any_body_is_classified(body: object) -> None:
    assert type(vapi.classify(400, body)) is ChannelDown
    assert type(vapi.classify(500, body, effect=False)) is Unreachable


@pytest.mark.parametrize(
    ("status", "name", "words", "expected"),
    [
        (400, "validation_error", "Invalid `to` field. The email address needs to follow…", RecipientRefused),
        (422, "validation_error", "Invalid `to` field.", RecipientRefused),
        (422, "invalid_from_address", "Invalid `from` field. It needs to follow the `to` rules", ChannelDown),
        (422, "missing_required_field", "Missing `subject` field.", ProviderError),
        (422, "invalid_attachment", "", ProviderError),
        (400, "invalid_idempotency_key", "", ProviderError),
        (401, "missing_api_key", "", ChannelDown),
        (401, "restricted_api_key", "", ChannelDown),
        (403, "validation_error", "The mail.example.com domain is not verified.", ChannelDown),
        (403, "validation_error", "You can only send testing emails to your own address", ChannelDown),
        (404, "not_found", "", ProviderError),
        (409, "concurrent_idempotent_requests", "", RateLimited),
        (409, "invalid_idempotent_request", "", ChannelDown),
        (429, "rate_limit_exceeded", "", RateLimited),
        (429, "daily_quota_exceeded", "", ChannelDown),
        (429, "monthly_quota_exceeded", "", ChannelDown),
        (451, "security_error", "", ChannelDown),
        (500, "application_error", "", OutcomeUnknown),
        (500, "internal_server_error", "", OutcomeUnknown),
    ],
)
def test_resend__by_name_and_field(status: int, name: str, words: str, expected: type[ProviderError]) -> None:
    assert type(resend.classify(status, name, words)) is expected


def test_resend__follows_retry_after_in_any_case() -> None:
    waits = [
        resend.classify(429, "rate_limit_exceeded", "", headers).retry_after
        for headers in ({"Retry-After": "3"}, {"retry-after": "3"}, {"Retry-After": "Wed, 21 Oct"}, {})
    ]
    assert waits == [timedelta(seconds=3)] * 2 + [resend.RATE_WAIT] * 2


@pytest.mark.parametrize(
    ("codes", "expected"),
    [
        ([21610], RecipientOptedOut),
        ([21211, 21217, 21614, 21612, 30004, 30005, 30006, 21408, 30450], RecipientRefused),
        ([20429, 21611, 30001, 30003, 30008, 30017, 30022, 30023, 30027, 63038], RateLimited),
        ([20003, 20005, 10001, 30002, 21212, 21603, 21606, 21608, 21703, 30032, 30034], ChannelDown),
        ([20500, 20503, 30410], OutcomeUnknown),
        ([21602, 21617, 30007, 99999], ProviderError),
    ],
)
def test_twilio__by_code(codes: list[int], expected: type[ProviderError]) -> None:
    assert {type(twilio.classify(400, code)) for code in codes} == {expected}


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, ProviderError),
        (401, ChannelDown),
        (429, RateLimited),
        (500, OutcomeUnknown),
        (0, OutcomeUnknown),
    ],
)
def test_twilio__without_a_code_by_status(status: int, expected: type[ProviderError]) -> None:
    assert type(twilio.classify(status, None)) is expected


def test_twilio__files_carry_the_codes_they_are_named_for() -> None:
    for name in files("twilio", "error-"):
        body = payload("twilio", name)
        error = twilio.classify(body["status"], body["code"])
        assert error.code == f"twilio.{name.removeprefix('error-')}"


def test_every_refusal__keeps_its_attributes() -> None:
    assert twilio.classify(400, 21610).permanent_for_lead
    assert vapi.classify(402, None).system_wide
    assert twilio.classify(503, None).outcome_unknown
    assert not twilio.classify(503, None).retryable
    assert resend.classify(500, "application_error", "").retryable
