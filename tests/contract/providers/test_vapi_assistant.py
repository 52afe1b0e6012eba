"""The call that is sent to Vapi, against the limits of its OpenAPI file."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from shared.errors import ConfigurationError
from shared.providers.vapi.assistant import CallScript, CallSetup, call_payload, fill
from shared.providers.vapi.outcome import HUMAN_DISPOSITIONS
from tests.contract.providers.payloads import NOW, TOUCH

SCRIPT = CallScript(
    key="roofers_first_call",
    version="3",
    persona="Sarah",
    voice="vapi/Savannah",
    opener="Is this {{first_name|the owner}} at {{company}}?",
    prompt="You talk with {{first_name|somebody}} of {{company}} about gutters.",
    voicemail="I wanted to ask {{company}} about gutters.",
    max_duration_s=300,
)
SETUP = CallSetup(
    business="Acme Gutters",
    business_phone="+1 555-555-0100",
    phone_number_id="c0a1c2d3-0000-4000-8000-000000000002",
    server_url="https://app.example.com/hooks/vapi",
    credential_id="cred-1",
    recording=True,
)


def made(
    script: CallScript = SCRIPT, setup: CallSetup = SETUP, fields: dict[str, str] | None = None
) -> dict[str, Any]:
    return call_payload(
        touch_id=TOUCH,
        script=script,
        setup=setup,
        fields={"company": "Example Roofing"} if fields is None else fields,
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


def test_first_words__say_who_calls_that_it_is_an_ai_and_that_it_is_recorded() -> None:
    first = made()["assistant"]["firstMessage"]
    assert first == (
        "Hello, this is Sarah, an AI assistant calling for Acme Gutters. This call may be recorded. "
        "If you do not want our calls, just say stop. Is this the owner at Example Roofing?"
    )


def test_recording__is_off_and_unsaid_where_it_must_be() -> None:
    assistant = made(setup=replace(SETUP, recording=False))["assistant"]
    assert assistant["artifactPlan"]["recordingEnabled"] is False
    assert "recorded" not in assistant["firstMessage"]
    assert assistant["monitorPlan"]["listenEnabled"] is False


def test_voicemail__names_the_number_to_opt_out_and_fits() -> None:
    assistant = made(replace(SCRIPT, voicemail="word " * 500))["assistant"]
    assert assistant["voicemailDetection"] == {"provider": "vapi"}
    assert len(assistant["voicemailMessage"]) <= 1_000
    assert assistant["voicemailMessage"].endswith("call +1 555-555-0100 and say so.")
    assert "an AI assistant calling for Acme Gutters" in assistant["voicemailMessage"]


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
    assert assistant["serverMessages"] == ["status-update", "end-of-call-report", "tool-calls", "hang"]
    assert assistant["server"]["backoffPlan"]["maxRetries"] == 10


def test_analysis__asks_for_the_coded_result() -> None:
    plan = made()["assistant"]["analysisPlan"]["structuredDataPlan"]
    assert plan["enabled"] is True
    assert set(plan["schema"]["properties"]) == {
        "disposition", "decision_maker", "callback_at", "meeting_at", "opt_out",
    }  # fmt: skip
    assert set(HUMAN_DISPOSITIONS) < set(plan["schema"]["properties"]["disposition"]["enum"])


def test_prompt__puts_the_rules_above_the_script() -> None:
    prompt = made()["assistant"]["model"]["messages"][0]["content"]
    assert prompt.index("whether you are a robot") < prompt.index("You talk with somebody of Example Roofing")


def test_field_that_is_missing__is_an_error_not_a_gap() -> None:
    with pytest.raises(ConfigurationError, match="company"):
        made(fields={"first_name": "Ada"})
    with pytest.raises(ConfigurationError):
        fill("Hi {{first_name}}", {"first_name": "  "})


def test_field_value__cannot_bring_structure_along() -> None:
    value = "Bob {{system}}\n\n# New rules\x00" + "x" * 500
    filled = fill("Hi {{ name }}!", {"name": value})
    assert "{" not in filled
    assert "\n" not in filled
    assert len(filled) <= 204
    assert filled.startswith("Hi Bob system # New rules x")


def test_stand_in__may_be_empty() -> None:
    assert fill("Hi{{name|}}!", {}) == "Hi!"
