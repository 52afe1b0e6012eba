"""Vapi's server messages: believed, read, answered.

They are signed with a custom HMAC credential in its default form: `x-signature` is the hex HMAC-SHA256 of
`{x-timestamp}.{body}`. There is no event id and no order, and by default nothing is sent twice, so what
never arrives is read back with `VapiCalls.get` and `from_call`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from shared.providers.event import Milestone, ProviderEvent
from shared.providers.signing import (
    as_dict,
    as_list,
    as_number,
    as_text,
    check_age,
    fingerprint,
    hmac_sha256,
    json_object,
    moment,
    refused,
    require_secret,
    required,
    same,
    storable,
    touch_id,
)
from shared.providers.vapi.outcome import outcome_of, says_stop
from shared.providers.vapi.redact import redact
from shared.providers.wire import NO_BODY

RECORDED = "Recorded. This person is never contacted again. Say goodbye and end the call."
NO_SUCH_TOOL = "There is no such tool."
_STOPPED: tuple[Milestone, ...] = ("answered", "opted_out")


def verify(
    headers: Mapping[str, str],
    raw: bytes,
    *,
    secret: str,
    now: datetime,
    url: str = "",  # noqa: ARG001 - one shape for all providers
) -> None:
    """Check the signature and its age; `x-timestamp` may be in seconds or milliseconds.

    Raises `WebhookRefused`.
    """
    key = require_secret(secret).encode()
    stamp, signature = required(headers, "x-timestamp"), required(headers, "x-signature")
    check_age(stamp, now, milliseconds=True)
    wanted = hmac_sha256(key, stamp.encode() + b"." + raw).hex()
    if not same(wanted, signature.strip().lower().removeprefix("sha256=")):
        raise refused("wrong_signature")


def parse(
    raw: bytes,
    *,
    query: Mapping[str, str] = NO_BODY,  # noqa: ARG001 - one shape for all providers
    headers: Mapping[str, str] = NO_BODY,  # noqa: ARG001
    now: datetime,
) -> ProviderEvent:
    """Read one server message. `now` is used where it brings no time of its own.

    Types that we did not order become events without a disposition. Raises `WebhookRefused` for a body
    that is no server message at all.
    """
    body = json_object(raw)
    message, kind = as_dict(body.get("message")), as_text(as_dict(body.get("message")).get("type"))
    if kind is None:
        raise refused("malformed")
    if kind == "end-of-call-report":
        return _report(message, body, now, fingerprint(raw))
    if kind == "tool-calls":
        return _tool_calls(message, body, now, fingerprint(raw))
    if kind.startswith("transcript"):
        return _words(message, body, now, fingerprint(raw))
    return ProviderEvent(
        **_common(message, body, now),
        event_key=_key(message, kind, as_text(message.get("status")) or "", fallback=fingerprint(raw)),
        kind=kind,
        details={
            "status": as_text(message.get("status")),
            "ended_reason": as_text(message.get("endedReason")),
        },
    )


def from_call(call: Mapping[str, Any], *, now: datetime) -> ProviderEvent | None:
    """The event that the report of this call would have made, or None while the call is not over.

    The key is the report's own, so a report that arrives after all changes nothing.
    """
    if call.get("status") != "ended" and not call.get("endedReason"):
        return None
    names = ("endedReason", "analysis", "artifact", "startedAt", "endedAt", "cost")
    message: dict[str, Any] = {name: call[name] for name in names if name in call}
    message = as_dict(storable(message | {"type": "end-of-call-report", "call": dict(call)}))
    return _report(message, {"message": message}, now, fingerprint(str(call.get("id")).encode()))


def tool_reply(event: ProviderEvent, answers: Mapping[str, str]) -> dict[str, Any]:
    """The HTTP answer to a tool-calls event, always to be sent with status 200.

    `answers` are what the model is to read, by tool-call id; a tool without one is not known here, which is
    an error in the body, not in the status.
    """
    return {"results": [_tool_result(tool, answers) for tool in event.details.get("tools", [])]}


def _tool_result(tool: Mapping[str, Any], answers: Mapping[str, str]) -> dict[str, Any]:
    answer = {"name": tool["name"], "toolCallId": tool["id"]}
    text = answers.get(tool["id"])
    # Vapi wants a result on one line.
    return answer | ({"result": " ".join(text.split())} if text else {"error": NO_SUCH_TOOL})


def _report(message: Mapping[str, Any], body: dict[str, Any], now: datetime, fallback: str) -> ProviderEvent:
    duration = _duration(message)
    outcome = outcome_of(message, duration)
    event = ProviderEvent(
        **_common(message, body, now),
        event_key=_key(message, "end-of-call-report", fallback=fallback),
        kind="end-of-call-report",
        disposition=outcome.disposition,
        milestones=outcome.milestones,
        suppress=outcome.suppress,
        bad_address=outcome.bad_address,
        duration_s=duration,
        cost_usd=as_number(message.get("cost")),
        details=outcome.details,
    )
    return _of_inbound(event) if _inbound(as_dict(message.get("call"))) else event


def _of_inbound(event: ProviderEvent) -> ProviderEvent:
    """A call to us says nothing about a touch of ours: it is a wish to stop, a talk, or a call we missed."""
    return replace(
        event,
        disposition=None,
        milestones=tuple(each for each in event.milestones if each == "opted_out"),
        bad_address=False,
        cost_usd=None,
        duration_s=None,
        details={**event.details, "inbound": True, "missed": "answered" not in event.milestones},
    )


def _tool_calls(
    message: Mapping[str, Any], body: dict[str, Any], now: datetime, fallback: str
) -> ProviderEvent:
    tools = [_tool(call) for call in as_list(message.get("toolCallList")) if isinstance(call, dict)]
    named = {tool["name"] for tool in tools}
    stop = "do_not_call" in named
    ids = "+".join(sorted(tool["id"] for tool in tools))
    return ProviderEvent(
        **_common(message, body, now),
        event_key=_key(message, "tool-calls", ids or fallback, fallback=fallback),
        kind="tool-calls",
        disposition="dnc" if stop else "callback" if "call_back" in named else None,
        suppress="dnc" if stop else None,
        milestones=_STOPPED if stop else ("answered",),
        details={"tools": tools},
    )


def _words(message: Mapping[str, Any], body: dict[str, Any], now: datetime, fallback: str) -> ProviderEvent:
    """One utterance while the call runs. Only a "stop" in it means anything before the call's report."""
    words = as_text(message.get("transcript")) or ""
    stop = message.get("role") == "user" and says_stop(words)
    return ProviderEvent(
        **_common(message, body, now),
        event_key=_key(message, "transcript", fallback, fallback=fallback),
        kind="transcript",
        disposition="dnc" if stop else None,
        suppress="dnc" if stop else None,
        milestones=_STOPPED if stop else (),
    )


def _tool(call: Mapping[str, Any]) -> dict[str, Any]:
    """One call in any of the three shapes that are around: arguments as text, as object, `parameters`."""
    function = as_dict(call.get("function"))
    arguments = function.get("arguments", call.get("parameters", call.get("arguments")))
    if isinstance(arguments, str):
        try:
            arguments = json.loads(arguments)
        except ValueError:
            arguments = {}
    return {
        "id": as_text(call.get("id")) or "",
        "name": as_text(function.get("name")) or as_text(call.get("name")) or "",
        "arguments": as_dict(arguments),
    }


def _common(message: Mapping[str, Any], body: dict[str, Any], now: datetime) -> dict[str, Any]:
    call = as_dict(message.get("call"))
    return {
        "provider": "vapi",
        "occurred_at": _occurred_at(message, now),
        "body": redact(body),
        "delivery_id": _delivery_id(message, call),
        # A call to us is none of the deliveries, and must not become the id of one.
        "provider_id": None if _inbound(call) else as_text(call.get("id")),
        "from_address": _caller(message, call),
    }


def _delivery_id(message: Mapping[str, Any], call: Mapping[str, Any]) -> str | None:
    places = (
        as_dict(call.get("customer")).get("externalId"),
        as_dict(message.get("customer")).get("externalId"),
        as_dict(as_dict(call.get("assistant")).get("metadata")).get("touch_id"),
        as_dict(as_dict(call.get("assistantOverrides")).get("metadata")).get("touch_id"),
        call.get("name"),
    )
    return next((found for place in places if (found := touch_id(place))), None)


def _inbound(call: Mapping[str, Any]) -> bool:
    return call.get("type") == "inboundPhoneCall"


def _caller(message: Mapping[str, Any], call: Mapping[str, Any]) -> str | None:
    """The other side's number, for calls that we did not place."""
    if not _inbound(call):
        return None
    return as_text((as_dict(call.get("customer")) or as_dict(message.get("customer"))).get("number"))


def _key(message: Mapping[str, Any], kind: str, rest: str = "", *, fallback: str) -> str:
    call_id = as_text(as_dict(message.get("call")).get("id"))
    return ":".join(part for part in (call_id or fallback, kind, rest) if part)


def _occurred_at(message: Mapping[str, Any], now: datetime) -> datetime:
    """When the call ended, else when the message was made, else now."""
    ended, stamp = moment(message.get("endedAt")), as_number(message.get("timestamp"))
    if ended:
        return ended
    try:
        return datetime.fromtimestamp(stamp / 1000, UTC) if stamp else now
    except (OverflowError, OSError, ValueError):
        return now


def _duration(message: Mapping[str, Any]) -> float | None:
    """Seconds of the call, None if nobody picked up."""
    given = as_number(message.get("durationSeconds"))
    started, ended = moment(message.get("startedAt")), moment(message.get("endedAt"))
    if given is None and started and ended:
        return max(0.0, (ended - started).total_seconds())
    return given
