"""Whatever a webhook's body says, it is read or refused; nothing else can happen."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.errors import WebhookRefused
from shared.providers.event import ProviderEvent
from shared.providers.resend import webhook as resend
from shared.providers.twilio import webhook as twilio
from shared.providers.vapi import webhook as vapi
from tests.contract.providers.payloads import NOW, payload

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)
SEEDED = settings(deadline=None, derandomize=True)
BODIES = [
    (vapi, "vapi", "end-of-call-report"),
    (vapi, "vapi", "tool-calls"),
    (vapi, "vapi", "status-update.ended"),
    (resend, "resend", "email.bounced"),
    (resend, "resend", "email.received"),
    (resend, "resend", "contact.updated"),
]


def can_be_stored(event: ProviderEvent) -> bool:
    """Whether Postgres takes the body: UTF-8, no NUL, no infinities."""
    text = json.dumps([event.body, event.details, event.event_key], allow_nan=False, ensure_ascii=False)
    return "\\u0000" not in text and bool(text.encode())


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Every place in a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    return [path, *(place for key, part in inner for place in places(part, (*path, key)))]


def replaced(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """A copy with another value in one place."""
    if not path:
        return new
    copy = value.copy()
    copy[path[0]] = replaced(value[path[0]], path[1:], new)
    return copy


@pytest.mark.parametrize(("module", "provider", "name"), BODIES)
@SEEDED
@given(data=st.data())
def test_any_value_in_any_place__is_read_or_refused(
    module: Any, provider: str, name: str, data: st.DataObject
) -> None:
    body = payload(provider, name)
    changed = replaced(body, data.draw(st.sampled_from(places(body))), data.draw(VALUES))
    try:
        event = module.parse(json.dumps(changed).encode(), now=NOW)
    except WebhookRefused:
        return
    assert can_be_stored(event)
    assert event.occurred_at.tzinfo is not None


@SEEDED
@given(st.binary(max_size=200))
def test_any_bytes__are_read_or_refused(raw: bytes) -> None:
    for parse in (vapi.parse, resend.parse, twilio.parse):
        try:
            assert can_be_stored(parse(raw, now=NOW))
        except WebhookRefused:
            continue


@SEEDED
@given(st.dictionaries(st.text(max_size=20), st.text(max_size=20), max_size=6))
def test_any_answer_to_a_poll__is_judged(report: dict[str, Any]) -> None:
    event = vapi.from_call(report | {"status": "ended"}, now=NOW)
    assert event is not None
    assert event.disposition == "call_failed" or "endedReason" in report


@pytest.mark.parametrize("body", ["STOP\x00", "\x00stop calling me"])
def test_stray_bytes__do_not_hide_a_stop(body: str) -> None:
    form = f"MessageSid=SM1&SmsStatus=received&From=%2B15555550123&Body={body}".encode()
    event = twilio.parse(form, now=NOW)
    assert event.suppress == "opt_out"
    assert can_be_stored(event)


@pytest.mark.parametrize("depth", [60, 100, 300, 400, 450, 900, 20_000])
def test_nesting__is_read_or_refused(depth: int) -> None:
    raw = b'{"type": "x", "message": {"type": "x", "call": ' + b'{"a":' * depth + b"1" + b"}" * depth + b"}}"
    for module in (vapi, resend):
        with pytest.raises(WebhookRefused):
            module.parse(raw, now=NOW)
