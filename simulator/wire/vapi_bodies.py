"""The shapes of Vapi's answers and webhooks, quirks included."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from simulator.wire.backstage import Party, as_dict, iso
from simulator.world.calls import CallOutcome
from simulator.world.dice import stable_uuid

ORG = "5f0a1c2d-3e4b-4c5d-8e6f-7a8b9c0d1e2f"
PHONE_NUMBER_ID = "c0a1c2d3-0000-4000-8000-000000000002"
SECRET = "EXAMPLE-SECRET-MUST-BE-REDACTED"  # noqa: S105 - planted to prove redaction
STORAGE = "https://storage.vapi.ai/EXAMPLE"
TRANSPORT_PER_MINUTE = 0.014

NEVER = datetime.max.replace(tzinfo=UTC)

Body = dict[str, Any]


@dataclass(frozen=True)
class Call:
    """One accepted call: the request, and everything that is going to happen to it.

    An `endless` one stays in progress until somebody hangs it up.
    """

    id: str
    request: Body
    party: Party
    created: datetime
    placed: datetime
    outcome: CallOutcome
    per_minute: float
    number: str
    endless: bool = False

    @property
    def answered(self) -> datetime:
        """When somebody or something picks up, or would have."""
        return self.placed + timedelta(seconds=1 + self.outcome.ring_s)

    @property
    def ended(self) -> datetime:
        """When the line is free again; never, for a call that hangs."""
        if self.endless:
            return NEVER
        return self.answered + timedelta(seconds=self.outcome.talk_s)

    def status(self, now: datetime) -> str:
        """Vapi's status of the call at this moment."""
        if now < self.placed:
            return "scheduled"
        if now < self.placed + timedelta(seconds=1):
            return "queued"
        if now >= self.ended:
            return "ended"
        return "in-progress" if self.outcome.connected and now >= self.answered else "ringing"

    def live(self, now: datetime) -> bool:
        """Whether it uses one of the lines that may run at once."""
        return self.placed <= now < self.ended

    @property
    def assistant(self) -> Body:
        """The assistant sent with the call, if it was sent inline, with its overrides."""
        return as_dict(self.request.get("assistant")) | self.overrides

    @property
    def overrides(self) -> Body:
        """What the request changes of the assistant."""
        return as_dict(self.request.get("assistantOverrides"))

    @property
    def minutes(self) -> float:
        """Talk time that is charged."""
        return round(self.outcome.talk_s / 60, 2)

    @property
    def cost(self) -> float:
        """US dollars; nothing for a call that nobody took."""
        return round(self.minutes * (self.per_minute + TRANSPORT_PER_MINUTE), 4)


def described(call: Call, *, status: str) -> Body:
    """The call as it stands in answers and inside webhooks."""
    body: Body = {
        "id": call.id,
        "orgId": ORG,
        "createdAt": iso(call.created),
        "updatedAt": iso(call.created),
        "type": "outboundPhoneCall",
        "phoneNumberId": call.request.get("phoneNumberId", PHONE_NUMBER_ID),
        "customer": call.request["customer"],
        "status": status,
        "phoneCallProvider": "twilio",
        "phoneCallTransport": "pstn",
    }
    kept = ("assistantId", "assistant", "assistantOverrides", "name", "schedulePlan")
    return body | {key: call.request[key] for key in kept if key in call.request}


def created(call: Call, urls: Body, limits: Body) -> Body:
    """The answer to a new call."""
    body = described(call, status=call.status(call.created))
    del body["phoneCallTransport"]
    return body | {
        "cost": 0,
        "monitor": urls,
        "transport": {"conversationType": "voice", "provider": "twilio", "accountSid": "AC" + "X" * 32},
        "subscriptionLimits": limits,
    }


def fetched(call: Call, now: datetime, urls: Body) -> Body:
    """The call as `GET /call/{id}` shows it at this moment."""
    status = call.status(now)
    body = described(call, status=status) | {"monitor": urls, "cost": 0}
    if now >= call.answered and call.outcome.connected:
        body["startedAt"] = iso(call.answered)
    return body | _ended(call) if status == "ended" else body


def _ended(call: Call) -> Body:
    artifact = {"transcript": transcript(call)}
    if call.outcome.connected:
        artifact["recordingUrl"] = f"{STORAGE}-mono.wav"
    return {
        "updatedAt": iso(call.ended),
        "endedReason": call.outcome.ended_reason,
        "endedAt": iso(call.ended),
        "cost": call.cost,
        "costBreakdown": breakdown(call),
        "analysis": analysis(call),
        "artifact": artifact,
        "phoneCallProviderId": "CA" + stable_uuid(call.id).replace("-", ""),
        "monitor": {},
    }


def breakdown(call: Call) -> Body:
    """Cost by part; the parts add up to the total."""
    parts = {name: round(call.cost * share, 4) for name, share in _SHARES.items()}
    parts["vapi"] = round(call.cost - sum(parts.values()), 4)
    return parts | {
        "total": call.cost,
        "llmPromptTokens": int(call.minutes * 2800),
        "llmCompletionTokens": int(call.minutes * 125),
        "ttsCharacters": int(call.minutes * 400),
        "analysisCostBreakdown": {"summary": 0.0, "summaryPromptTokens": 0, "summaryCompletionTokens": 0},
    }


_SHARES = {"transport": 0.13, "stt": 0.1, "llm": 0.05, "tts": 0.2}


def costs(call: Call) -> list[Body]:
    """The report's list of charges."""
    if not call.outcome.connected:
        return []
    parts = breakdown(call)
    model = {"provider": "anthropic", "model": "claude-haiku-4-5"}
    listen = {"provider": "deepgram", "model": "nova-3"}
    tokens = {"promptTokens": parts["llmPromptTokens"], "completionTokens": parts["llmCompletionTokens"]}
    letters = parts["ttsCharacters"]
    plain = {"minutes": call.minutes}
    return [
        {"type": "transport", "provider": "twilio", **plain, "cost": parts["transport"]},
        {"type": "transcriber", "transcriber": listen, **plain, "cost": parts["stt"]},
        {"type": "model", "model": model, **tokens, "cachedPromptTokens": 0, "cost": parts["llm"]},
        {"type": "voice", "voice": {"provider": "11labs"}, "characters": letters, "cost": parts["tts"]},
        {"type": "vapi", "subType": "normal", **plain, "cost": parts["vapi"]},
        {"type": "analysis", "analysisType": "summary", "model": model, **tokens, "cost": 0.0},
    ]


def transcript(call: Call) -> str:
    """The call as text."""
    speakers = {"bot": "AI", "user": "User"}
    return "".join(f"{speakers[role]}: {words}\n" for role, words in call.outcome.lines)


def messages(call: Call) -> list[Body]:
    """The call as timed messages, spread over the talk time."""
    step = call.outcome.talk_s / (len(call.outcome.lines) + 1)
    found = []
    for place, (role, words) in enumerate(call.outcome.lines):
        after = place * step + 0.8
        time = (call.answered + timedelta(seconds=after)).timestamp() * 1000
        span = step * 800
        line = {"role": role, "message": words, "time": time, "endTime": time + span}
        found.append(line | {"secondsFromStart": round(after, 2), "duration": span})
    return found


def analysis(call: Call) -> Body:
    """Vapi's analysis: what the assistant's plan asked for, as far as this call has it."""
    outcome = call.outcome
    if not outcome.lines:
        return {}
    success = outcome.disposition in {"meeting", "callback", "send_email"}
    summary = f"The call ended as {outcome.disposition.replace('_', ' ')}."
    body: Body = {"summary": summary, "successEvaluation": str(success).lower()}
    data = _asked_for(call, structured(outcome))
    return body | ({"structuredData": data} if data else {})


def structured(outcome: CallOutcome) -> Body:
    """The coded result of a call."""
    return {
        "disposition": outcome.disposition,
        "decision_maker": outcome.decision_maker,
        "callback_at": outcome.callback_at.isoformat() if outcome.callback_at else None,
        "meeting_at": outcome.meeting_at.isoformat() if outcome.meeting_at else None,
        "opt_out": outcome.opt_out,
    }


def _asked_for(call: Call, data: Body) -> Body:
    """What the schema has room for; without an inline assistant everything is known to be asked for."""
    if "assistant" not in call.request:
        return data
    plan = as_dict(as_dict(call.assistant.get("analysisPlan")).get("structuredDataPlan"))
    fields = as_dict(as_dict(plan.get("schema")).get("properties"))
    return {key: value for key, value in data.items() if key in fields and _fits(fields[key], value)}


def _fits(field: object, value: object) -> bool:
    allowed = as_dict(field).get("enum")
    return value is not None and (not isinstance(allowed, list) or value in allowed)


def message(call: Call, kind: str, at: datetime, more: Body, *, status: str) -> Body:
    """A webhook body around what is particular to its kind."""
    return {
        "message": {
            "type": kind,
            "timestamp": int(at.timestamp() * 1000),
            **more,
            "call": described(call, status=status),
            "customer": call.request["customer"],
            "phoneNumber": {
                "id": call.request.get("phoneNumberId", PHONE_NUMBER_ID),
                "provider": "twilio",
                "number": call.number,
                "twilioAccountSid": "AC" + "a" * 32,
                "twilioAuthToken": SECRET,
            },
            "assistant": call.assistant or {"name": "Outbound"},
        }
    }


def status_update(call: Call, status: str, at: datetime) -> Body:
    """`status-update`; the call inside an ended one still rings, as in real deliveries."""
    more: Body = {"status": status, "artifact": {"messages": [], "transcript": ""}}
    if status == "ended":
        more["endedReason"] = call.outcome.ended_reason
    return message(call, "status-update", at, more, status="ringing" if status == "ended" else status)


def tool_calls(call: Call, tool: Body, arguments: Mapping[str, object], at: datetime) -> Body:
    """`tool-calls` with one call of this tool; arguments are a JSON string."""
    name = as_dict(tool.get("function")).get("name")
    function = {"name": name, "arguments": json.dumps(arguments)}
    entry = {"id": f"toolu_{stable_uuid(call.id, name)[:8]}", "type": "function", "function": function}
    more = {
        "toolCallList": [entry],
        "toolWithToolCallList": [{**tool, "toolCall": entry}],
        "artifact": {"messages": []},
    }
    return message(call, "tool-calls", at, more, status="in-progress")


def report(call: Call, at: datetime) -> Body:
    """`end-of-call-report`, with its duplicates at the top and the state of the first ring."""
    outcome = call.outcome
    talk = transcript(call)
    artifact: Body = {"messages": messages(call), "transcript": talk}
    more: Body = {"endedReason": outcome.ended_reason, "cost": call.cost, "costs": costs(call)}
    more |= {"analysis": analysis(call), "artifact": artifact, "endedAt": iso(call.ended)}
    if outcome.connected:
        more["startedAt"] = iso(call.answered)
    if outcome.lines:
        artifact |= _recordings(at)
        more |= _duplicates(call, talk)
    return message(call, "end-of-call-report", at, more, status="ringing")


def _recordings(at: datetime) -> Body:
    mono, stereo = f"{STORAGE}-mono.wav", f"{STORAGE}-stereo.wav"
    return {
        "recordingUrl": mono,
        "stereoRecordingUrl": stereo,
        "recording": {"stereoUrl": stereo, "mono": {"combinedUrl": mono}},
        "structuredOutputs": {},
        "presignedUrlsExpiresAt": iso(at + timedelta(hours=1)),
    }


def _duplicates(call: Call, talk: str) -> Body:
    return {
        "durationMs": round(call.outcome.talk_s * 1000),
        "durationSeconds": call.outcome.talk_s,
        "durationMinutes": call.minutes,
        "summary": analysis(call).get("summary", ""),
        "transcript": talk,
        "messages": messages(call),
        "recordingUrl": f"{STORAGE}-mono.wav",
        "stereoRecordingUrl": f"{STORAGE}-stereo.wav",
    }
