"""Faults as a client meets them: the provider's own words, the right header, and time that passes."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, timedelta
from typing import Any

import httpx
import pytest

from simulator.faults import Faults, read_entries
from simulator.faults.entries import POINTS
from simulator.truth import Truth
from simulator.wire.http import Request
from tests.contract.providers.payloads import payload
from tests.contract.simulator.shapes import differences
from tests.contract.simulator.stand import KEYS, Stand, standing
from tests.unit.simulator.worlds import MONDAY, ada_world

MAIL = {"from": "a@example.com", "to": ["ada@example.com"], "subject": "Hi", "text": "Hello"}
CALL = {
    "assistantId": "a",
    "phoneNumberId": "b",
    "customer": {"number": "+15555550123", "name": "Ada", "externalId": "key"},
}
SENT = {"authorization": f"Bearer {KEYS.resend_key}"}


@contextmanager
def _under(*tables: dict[str, Any], seed: int = 1) -> Iterator[tuple[Stand, Truth]]:
    truth = Truth("test", seed)
    faults = Faults(read_entries(tables, "test.toml"), truth, start=MONDAY, zone=UTC)
    with standing(ada_world(), faults=faults) as stand:
        yield stand, truth


def _mail(stand: Stand) -> httpx.Response:
    return stand.http.post(f"{stand.server.urls.resend}/emails", json=MAIL, headers=SENT)


def _accepted(stand: Stand) -> int:
    return len(stand.server.record.contacts)


def test_effect_dropped__is_done_and_not_answered() -> None:
    with _under({"kind": "effect_dropped"}) as (stand, truth):
        with pytest.raises(httpx.TransportError):
            _mail(stand)
        assert _accepted(stand) == 1
        assert [each.target for each in truth.injected] == ["resend.send ada@example.com"]


def test_timed_out__is_done_and_the_wait_has_passed() -> None:
    with _under({"kind": "timed_out", "takes": "40s"}) as (stand, _):
        with pytest.raises(httpx.TransportError):
            _mail(stand)
        assert _accepted(stand) == 1
        assert stand.clock.now == MONDAY + timedelta(seconds=40)


def test_slow__answers_after_virtual_time() -> None:
    with _under({"kind": "slow", "takes": "8s"}) as (stand, _):
        assert _mail(stand).status_code == 200
        assert stand.clock.now == MONDAY + timedelta(seconds=8)


@pytest.mark.parametrize(("retry_after", "header"), [("90s", "90"), (None, None)])
def test_rate_limit__says_how_long_to_wait_or_not(retry_after: str | None, header: str | None) -> None:
    table = {"kind": "rate_limited"} | ({"retry_after": retry_after} if retry_after else {})
    with _under(table) as (stand, _):
        answer = _mail(stand)
        assert (answer.status_code, answer.headers.get("retry-after")) == (429, header)
        assert differences(answer.json(), payload("resend", "error-429-rate_limit_exceeded")) == []
        assert _accepted(stand) == 0


def test_provider_down__takes_no_connection_for_its_span() -> None:
    table = {"kind": "provider_down", "provider": "resend", "length": "16h"}
    with _under(table) as (stand, _):
        with pytest.raises(httpx.TransportError):
            _mail(stand)
        assert stand.vapi("GET", "/call").status_code == 200
        stand.clock.advance_to(MONDAY + timedelta(hours=2))
        assert _mail(stand).status_code == 200


@pytest.mark.parametrize(
    ("provider", "method", "path", "status", "example"),
    [
        ("resend", "POST", "/emails", 429, ("resend", "error-429-daily_quota_exceeded")),
        ("apollo", "POST", "/api/v1/people/match", 429, ("apollo", "error-429")),
        ("hunter", "GET", "/v2/domain-search", 402, ("hunter", "error-402")),
        ("exa", "POST", "/search", 402, ("exa", "error-402")),
        ("anthropic", "POST", "/v1/messages", 429, ("anthropic", "error-429-spend-limit")),
        ("google_calendar", "POST", "/calendar/v3/freeBusy", 403, ("google_calendar", "error-403-rate")),
        ("ghl", "POST", "/contacts/upsert", 429, ("ghl", "error-401")),
        ("vapi", "POST", "/call", 402, ("vapi", "error-401-missing-header")),
        ("twilio", "POST", "/2010-04-01/Accounts/x/Messages.json", 429, ("twilio", "error-20429")),
    ],
)
def test_quota__is_refused_as_this_provider_does(
    provider: str, method: str, path: str, status: int, example: tuple[str, str]
) -> None:
    with _under({"kind": "quota_reached", "points": ["*"]}) as (stand, _):
        url = getattr(stand.server.urls, provider)
        answer = stand.http.request(method, url + path, json={} if method == "POST" else None)
        assert answer.status_code == status
        free = ("error.errors[].reason",) if provider == "google_calendar" else ()
        assert differences(answer.json(), payload(*example), free=free) == []


@pytest.mark.parametrize(
    ("provider", "method", "path", "status", "example"),
    [
        ("apollo", "POST", "/api/v1/people/match", 429, ("apollo", "error-429")),
        ("hunter", "GET", "/v2/domain-search", 429, ("hunter", "error-429")),
        ("exa", "POST", "/search", 429, ("exa", "error-429")),
        ("github", "GET", f"/repos/{KEYS.github_repository}/issues", 429, ("github", "error-403-secondary")),
        ("anthropic", "POST", "/v1/messages", 429, ("anthropic", "error-429")),
        ("google_calendar", "POST", "/calendar/v3/freeBusy", 429, ("google_calendar", "error-403-rate")),
    ],
)
def test_rate_limit__is_refused_as_this_provider_does(
    provider: str, method: str, path: str, status: int, example: tuple[str, str]
) -> None:
    with _under({"kind": "rate_limited", "points": ["*"]}) as (stand, _):
        answer = stand.http.request(method, getattr(stand.server.urls, provider) + path)
        assert answer.status_code == status
        assert differences(answer.json(), payload(*example)) == []


def test_list_that_lags__shows_a_call_only_later() -> None:
    with _under({"kind": "list_lags", "by": "10m"}) as (stand, truth):
        ident = stand.vapi("POST", "/call", json=CALL).json()["id"]
        assert stand.vapi("GET", "/call").json() == []
        assert stand.vapi("GET", f"/call/{ident}").status_code == 200
        stand.clock.advance_to(MONDAY + timedelta(minutes=10))
        assert [call["id"] for call in stand.vapi("GET", "/call").json()] == [ident]
        assert {each.detectable for each in truth.injected} == {False}


@pytest.mark.parametrize("path", ["/emails", "/logs"])
def test_mail_list_that_lags__shows_a_mail_only_later(path: str) -> None:
    with _under({"kind": "list_lags", "by": "10m"}) as (stand, _):
        _mail(stand)

        def listed() -> int:
            found = stand.http.get(stand.server.urls.resend + path, headers=SENT).json()["data"]
            return len(found)

        assert listed() == 0
        stand.clock.advance_to(MONDAY + timedelta(minutes=10))
        assert listed() == 1


def test_list_down__leaves_everything_else_alone() -> None:
    with _under({"kind": "list_down"}) as (stand, _):
        assert stand.vapi("GET", "/call").status_code == 503
        assert stand.vapi("POST", "/call", json=CALL).status_code == 201


def _first_connected() -> int:
    """A seed of the world in which Ada's first call is answered."""
    for seed in range(60):
        with standing(ada_world(seed)) as stand:
            stand.vapi("POST", "/call", json=CALL)
            if any(b'"in-progress"' in each.body for each in stand.planned()):
                return seed
    raise AssertionError("nobody answers")


def test_call_that_never_ends__is_reported_when_somebody_hangs_it_up() -> None:
    truth = Truth("test", 1)
    entries = read_entries([{"kind": "call_never_ends"}], "test.toml")
    faults = Faults(entries, truth, start=MONDAY, zone=UTC)
    with standing(ada_world(_first_connected()), faults=faults) as stand:
        made = stand.vapi("POST", "/call", json=CALL).json()
        assert [each.body["message"]["status"] for each in stand.run_dry()] == ["ringing", "in-progress"]
        stand.clock.advance_to(MONDAY + timedelta(hours=3))
        assert stand.vapi("GET", f"/call/{made['id']}").json()["status"] == "in-progress"
        assert [each.kind for each in truth.injected] == ["call_never_ends"]
        hung_up = stand.http.post(made["monitor"]["controlUrl"], json={"type": "end-call"})
        assert hung_up.status_code == 200
        report = stand.run_dry()[-1].body["message"]
        assert (report["type"], report["endedReason"]) == ("end-of-call-report", "manually-canceled")
        assert stand.vapi("GET", f"/call/{made['id']}").json()["status"] == "ended"


@pytest.mark.parametrize(
    ("kind", "status"), [("model_overloaded", 529), ("model_refused", 200), ("model_malformed", 200)]
)
def test_model_fault__answers_in_place_of_the_behaviour(kind: str, status: int) -> None:
    headers = {"x-api-key": KEYS.anthropic_key, "anthropic-version": "2026-10-21"}
    with _under({"kind": kind}) as (stand, truth):
        url = f"{stand.server.urls.anthropic}/v1/messages"
        answer = stand.http.post(url, json=payload("anthropic", "request-structured"), headers=headers)
        assert answer.status_code == status
        if status == 200:
            assert answer.json()["stop_reason"] in {"refusal", "max_tokens"}
        assert [each.kind for each in truth.injected] == [kind]


REQUESTS: tuple[tuple[str, str, str], ...] = (
    *(("vapi", "POST", "/call"), ("vapi", "GET", "/call"), ("vapi", "GET", "/call/x")),
    *(("vapi", "GET", "/assistant"), ("vapi", "POST", "/control/x"), ("resend", "POST", "/emails")),
    *(("resend", "GET", "/emails/x"), ("resend", "GET", "/logs"), ("resend", "GET", "/domains")),
    *(("twilio", "POST", "/x/Messages.json"), ("twilio", "GET", "/x/Messages.json")),
    ("twilio", "GET", "/v2/PhoneNumbers/x"),
    *(("apollo", "POST", "/api/v1/mixed_people/api_search"), ("apollo", "POST", "/api/v1/people/match")),
    *(("apollo", "GET", "/api/v1/webhook_result/1"), ("apollo", "GET", "/api/v1/auth/health")),
    *(("hunter", "GET", "/v2/domain-search"), ("hunter", "GET", "/v2/email-finder")),
    *(("hunter", "GET", "/v2/email-verifier"), ("hunter", "GET", "/v2/account")),
    *(("exa", "POST", "/search"), ("exa", "GET", "/v0/teams/me"), ("slack", "POST", "/services/x")),
    *(("anthropic", "POST", "/v1/messages"), ("anthropic", "GET", "/v1/models")),
    *(("ghl", "POST", "/contacts/upsert"), ("ghl", "POST", "/contacts/x/tags")),
    *(("ghl", "POST", "/calendars/events/appointments"), ("ghl", "GET", "/calendars/events")),
    *(
        ("ghl", "GET", "/calendars/x/free-slots"),
        ("ghl", "GET", "/contacts/x"),
        ("ghl", "PUT", "/contacts/x"),
    ),
    *(("github", "POST", "/repos/o/r/issues"), ("github", "GET", "/repos/o/r/issues")),
    *(("github", "PATCH", "/repos/o/r/issues/1"), ("github", "GET", "/search/issues")),
    *(("github", "POST", "/repos/o/r/issues/1/comments"), ("github", "GET", "/repos/o/r/issues/1/comments")),
    ("github", "GET", "/repos/o/r/issues/1"),
    *(("google_calendar", method, "/calendar/v3/calendars/x/events") for method in ("POST", "GET")),
    *(("google_calendar", m, "/calendar/v3/calendars/x/events/y") for m in ("GET", "PATCH", "DELETE")),
    ("google_calendar", "POST", "/calendar/v3/freeBusy"),
)


def test_operations__are_those_that_a_world_file_may_name() -> None:
    with standing(ada_world()) as stand:
        found = {
            stand.server.point(provider, Request(method, path, {}, {}, b""))
            for provider, method, path in REQUESTS
        }
    assert found == set(POINTS)


def test_same_seed__hits_the_same_requests_in_any_order() -> None:
    def run(names: list[str]) -> dict[str, int]:
        with _under({"kind": "server_error", "rate": 0.5, "points": ["resend.send"]}) as (stand, _):
            body = {name: MAIL | {"to": [name]} for name in names}
            url = f"{stand.server.urls.resend}/emails"
            return {n: stand.http.post(url, json=body[n], headers=SENT).status_code for n in names}

    names = [f"p{n}@example.com" for n in range(20)]
    straight, back = run(names), run(names[::-1])
    assert straight == back
    assert set(straight.values()) == {200, 503}
