"""The call that is sent to Vapi, against the limits of its OpenAPI file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.directives.render import RenderedCall
from shared.directives.scripts import Voice
from shared.errors import ConfigurationError
from shared.providers.vapi.assistant import CallSetup, call_payload
from shared.providers.vapi.outcome import HUMAN_DISPOSITIONS
from tests.contract.providers.payloads import NOW, TOUCH

SAID = RenderedCall(
    persona="Sarah",
    voice=Voice(provider="vapi", voice_id="Savannah"),
    first_message="Hello, this is Sarah, an AI assistant. This call may be recorded. Is this the owner?",
    system_prompt="You talk with somebody about gutters.",
    voicemail="I wanted to ask about gutters. To opt out, call 800-555-0100.",
)
SETUP = CallSetup(
    phone_number_id="c0a1c2d3-0000-4000-8000-000000000002",
    server_url="https://app.example.com/hooks/vapi",
    credential_id="cred-1",
    recording=True,
    max_duration_s=300,
    zone="America/Denver",
)


def made(said: RenderedCall = SAID, setup: CallSetup = SETUP) -> dict[str, Any]:
    return call_payload(
        touch_id=TOUCH,
        script_key="scripts/roofers_first_call",
        script_version="3f2a",
        said=said,
        setup=setup,
        to_e164="+15555550123",
        earliest=NOW,
        latest=NOW + timedelta(minutes=10),
    )


def test_call__carries_our_reference_and_ends_with_the_window() -> None:
    call = made()
    assert call["customer"] == {"number": "+15555550123", "externalId": TOUCH}
    assert call["name"] == TOUCH
    assert call["assistant"]["metadata"]["touch_id"] == TOUCH
    assert call["schedulePlan"] == {
        "earliestAt": "2026-11-20T15:02:00.000Z",
        "latestAt": "2026-11-20T15:12:00.000Z",
    }
    assert json.loads(json.dumps(call)) == call


def test_words__are_said_as_they_were_rendered() -> None:
    assistant = made()["assistant"]
    assert assistant["firstMessage"] == SAID.first_message
    assert assistant["firstMessageMode"] == "assistant-speaks-first"
    script, clock = assistant["model"]["messages"]
    assert script == {"role": "system", "content": SAID.system_prompt}
    assert clock["content"].startswith(
        "This call begins on Friday, 20 November 2026, at 08:02, where the person is."
    )
    assert "the offset -07:00, such as 2026-11-20T08:02-07:00" in clock["content"]
    assert assistant["voice"] == {"provider": "vapi", "voiceId": "Savannah"}
    assert assistant["maxDurationSeconds"] == 300


def test_recording__is_off_where_it_must_be() -> None:
    assistant = made(setup=replace(SETUP, recording=False))["assistant"]
    assert assistant["artifactPlan"]["recordingEnabled"] is False
    assert assistant["monitorPlan"]["listenEnabled"] is False


def test_voicemail__is_whole_or_an_error() -> None:
    assistant = made()["assistant"]
    assert assistant["voicemailDetection"] == {"provider": "vapi"}
    assert assistant["voicemailMessage"] == SAID.voicemail
    with pytest.raises(ConfigurationError, match="1,000"):
        made(replace(SAID, voicemail="word " * 500 + SAID.voicemail))


def test_do_not_call__ends_the_call_whether_or_not_we_answer() -> None:
    tools = {tool["function"]["name"]: tool for tool in made()["assistant"]["model"]["tools"][:3]}
    assert set(tools) == {"do_not_call", "book", "call_back"}
    ends = {m["type"] for m in tools["do_not_call"]["messages"] if m.get("endCallAfterSpokenEnabled")}
    assert ends == {"request-complete", "request-failed"}
    for tool in tools.values():
        assert tool["server"]["url"] == "https://app.example.com/hooks/vapi"
        assert tool["server"]["credentialId"] == "cred-1"
        assert tool["server"]["timeoutSeconds"] <= 5


def test_webhooks__are_the_ones_we_read_and_are_repeated() -> None:
    assistant = made()["assistant"]
    assert set(assistant["serverMessages"]) == {
        "status-update", "end-of-call-report", "tool-calls", "hang", 'transcript[transcriptType="final"]',
    }  # fmt: skip
    assert assistant["server"]["backoffPlan"]["maxRetries"] == 10


def test_analysis__asks_for_the_coded_result() -> None:
    plan = made()["assistant"]["analysisPlan"]["structuredDataPlan"]
    assert plan["enabled"] is True
    assert set(plan["schema"]["properties"]) == {
        "disposition", "decision_maker", "callback_at", "meeting_at", "opt_out",
    }  # fmt: skip
    assert set(HUMAN_DISPOSITIONS) < set(plan["schema"]["properties"]["disposition"]["enum"])
