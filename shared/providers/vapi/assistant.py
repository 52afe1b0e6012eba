"""The assistant that goes along with each call; nothing of it is kept at Vapi.

The words come rendered from the directives: who calls, that it is an AI and that it may be recorded stand
first in them, as compliance text that no script can change. Here stands how the call behaves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from shared.directives.render import RenderedCall
from shared.errors import ConfigurationError
from shared.providers.vapi.client import iso
from shared.providers.vapi.outcome import ANALYSED

GOODBYE = "You will not be called again. Goodbye."
# The callee's words come while the call runs: a "stop" is found in them by rules, whatever the model does.
SERVER_MESSAGES = (
    "status-update",
    "end-of-call-report",
    "tool-calls",
    "hang",
    'transcript[transcriptType="final"]',
)
MODEL = "claude-haiku-4-5-20251001"
LONGEST_VOICEMAIL = 1_000  # what Vapi takes
KEY_WAIT_S = 0.5  # a key counts when no other follows for so long: an opt-out by key within 2 s
SILENCE_S = 20
TOOL_TIMEOUT_S = 4  # with the goodbye behind it, a call that was to end is over within 10 s


@dataclass(frozen=True)
class CallSetup:
    """How calls of this installation are set up.

    `credential_id` names the HMAC credential at Vapi with which the webhooks are signed. `recording` follows
    from the callee's state. `max_duration_s` is 10 to 43,200. `zone` (IANA) is the callee's: days and
    hours are agreed on their clock.
    """

    phone_number_id: str
    server_url: str
    credential_id: str
    recording: bool
    max_duration_s: int
    zone: str
    model: str = MODEL


def call_payload(
    *,
    touch_id: str,
    script_key: str,
    script_version: str,
    said: RenderedCall,
    setup: CallSetup,
    to_e164: str,
    earliest: datetime,
    latest: datetime,
) -> dict[str, Any]:
    """A whole CreateCallDTO for `POST /call`.

    `earliest` is the moment of the decision: Vapi demands it beside `latest`, after which it may not dial.
    Raises `ConfigurationError` for a voicemail that Vapi would cut.
    """
    return {
        "name": touch_id,
        "assistant": _assistant(touch_id, script_key, script_version, said, setup, earliest),
        "phoneNumberId": setup.phone_number_id,
        "customer": {"number": to_e164, "externalId": touch_id},
        "schedulePlan": {"earliestAt": iso(earliest), "latestAt": iso(latest)},
    }


def _assistant(
    touch_id: str, script_key: str, script_version: str, said: RenderedCall, setup: CallSetup, at: datetime
) -> dict[str, Any]:
    return {
        "name": f"{said.persona} {script_version}"[:40],
        "metadata": {"touch_id": touch_id, "script": script_key, "version": script_version},
        "firstMessage": said.first_message,
        "firstMessageMode": "assistant-speaks-first",
        # By default nobody can interrupt it, not even by the "stop" that it invites to.
        "firstMessageInterruptionsEnabled": True,
        "keypadInputPlan": {"enabled": True, "timeoutSeconds": KEY_WAIT_S},
        "model": _model(said, setup, at),
        "voice": {"provider": said.voice.provider, "voiceId": said.voice.voice_id},
        # The default on the phone is the noise of an office, which hints at a person.
        "backgroundSound": "off",
        "maxDurationSeconds": setup.max_duration_s,
        "silenceTimeoutSeconds": SILENCE_S,
        "voicemailDetection": {"provider": "vapi"},
        "voicemailMessage": _voicemail(said),
        "endCallPhrases": [GOODBYE.rstrip("."), "goodbye"],
        "serverMessages": list(SERVER_MESSAGES),
        "clientMessages": [],
        "server": _server(setup, timeout_s=20) | {"backoffPlan": _BACKOFF},
        "analysisPlan": _ANALYSIS,
        "artifactPlan": {
            "recordingEnabled": setup.recording,
            "videoRecordingEnabled": False,
            "pcapEnabled": False,
        },
        "monitorPlan": {"listenEnabled": False, "controlEnabled": True},
    }


def _model(said: RenderedCall, setup: CallSetup, at: datetime) -> dict[str, Any]:
    words = (said.system_prompt, clock_words(at, setup.zone))
    return {
        "provider": "anthropic",
        "model": setup.model,
        "messages": [{"role": "system", "content": each} for each in words],
        "tools": [*_tools(setup), {"type": "endCall"}],
    }


def clock_words(at: datetime, zone: str) -> str:
    """What day it is where the phone rings, so that "tomorrow at three" can become a time."""
    local = at.astimezone(ZoneInfo(zone))
    offset = f"{local:%z}"
    return (
        f"This call begins on {local:%A}, {local.day} {local:%B %Y}, at {local:%H:%M}, where the person is. "
        f"Give times to tools in ISO 8601 with the offset {offset[:3]}:{offset[3:]}, "
        f"such as {local:%Y-%m-%dT%H:%M}{offset[:3]}:{offset[3:]}."
    )


def _voicemail(said: RenderedCall) -> str:
    """The words for a machine. Its end names the way to opt out, so it is never cut to fit."""
    if len(said.voicemail) > LONGEST_VOICEMAIL:
        raise ConfigurationError(f"A voicemail of {len(said.voicemail)} characters is over Vapi's 1,000.")
    return said.voicemail


def _tools(setup: CallSetup) -> list[dict[str, Any]]:
    stop = _tool(
        "do_not_call",
        "The person does not want to be called or contacted any more. Says goodbye and ends the call.",
        {"words": "What the person said."},
        setup,
    )
    stop["messages"] = [
        {"type": "request-start", "content": "Understood."},
        *(
            # Also when we cannot answer: the report of the call brings the wish again.
            {"type": kind, "content": GOODBYE, "endCallAfterSpokenEnabled": True}
            for kind in ("request-complete", "request-failed")
        ),
    ]
    book = {"meeting_at": "The time that the person chose. Leave it out to learn the free times."}
    back = {"callback_at": "The time that the person named.", "note": "What they want to know."}
    return [
        stop,
        _tool("book", "Learn the free times for the meeting, or book the one that they chose.", book, setup),
        _tool("call_back", "Keep that the person wants to be called again, and when.", back, setup),
    ]


def _tool(name: str, purpose: str, parameters: Mapping[str, str], setup: CallSetup) -> dict[str, Any]:
    properties = {key: {"type": "string", "description": text} for key, text in parameters.items()}
    return {
        "type": "function",
        "function": {
            "name": name,
            "description": purpose,
            "parameters": {"type": "object", "properties": properties, "required": []},
        },
        "server": _server(setup, timeout_s=TOOL_TIMEOUT_S),
    }


def _server(setup: CallSetup, *, timeout_s: int) -> dict[str, Any]:
    return {"url": setup.server_url, "credentialId": setup.credential_id, "timeoutSeconds": timeout_s}


_BACKOFF = {
    "type": "exponential",
    "maxRetries": 10,
    "baseDelaySeconds": 10,
    "excludedStatusCodes": [400, 401, 403, 413],
}
"""Without a plan Vapi sends each event once. Refused ones are not worth repeating."""

_ANALYSIS = {
    "minMessagesThreshold": 2,
    "summaryPlan": {"enabled": True, "timeoutSeconds": 30},
    "successEvaluationPlan": {"enabled": False},
    "structuredDataPlan": {
        "enabled": True,
        "timeoutSeconds": 30,
        "schema": {
            "type": "object",
            "properties": {
                "disposition": {
                    "type": "string",
                    "enum": list(ANALYSED),
                    "description": "How the call ended. dnc: asked not to be called. gatekeeper: somebody "
                    "who does not decide. early_hangup: hung up before hearing why we call. voicemail: "
                    "only a machine spoke.",
                },
                "decision_maker": {
                    "type": "boolean",
                    "description": "Whether the person who decides for the company spoke.",
                },
                "callback_at": {
                    "type": "string",
                    "format": "date-time",
                    "description": "The time at which they asked to be called, with offset; else left out.",
                },
                "meeting_at": {
                    "type": "string",
                    "format": "date-time",
                    "description": "The time of the meeting they agreed to, with offset; else left out.",
                },
                "opt_out": {
                    "type": "boolean",
                    "description": "Whether anybody asked, in whatever words, not to be contacted again.",
                },
            },
            "required": ["disposition", "decision_maker", "opt_out"],
        },
    },
}
