"""What every call promises, whatever its script says: looked for in the payload before it is sent.

A script version is text that people and the loop write; these promises are not theirs to change. Each check
names the line of a caller that would find it broken. What a model then says in its own words cannot be shown
from a payload: that is why a "stop" is also found by rules in the transcript, and why the goodbye after it is
Vapi's to speak and not the model's.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from shared.providers.vapi.assistant import LONGEST_VOICEMAIL

ROBOT_ANSWER = "Yes, I am an AI assistant."
STOP_KEY_RULE = "User's Keypad Entry: 9"
ENDS_WITHIN_S = 10  # after a request not to be called
KEY_WITHIN_S = 2  # 47 CFR 64.1200(b)(3)
LONGEST_SILENCE_S = 30
LONGEST_CALL_S = 3600
WORDS_PER_S = 2.5  # a calm voice


@dataclass(frozen=True)
class Facts:
    """Who calls. `recording` is whether the callee's state lets one side consent to it."""

    persona: str
    business_name: str
    opt_out_number: str
    recording: bool


def broken_promises(call: Mapping[str, Any], facts: Facts) -> list[str]:
    """The promises that a CreateCallDTO does not keep, each with the line that would show it."""
    assistant = call["assistant"]
    return [f"{line}: {wrong}" for line, check in CHECKS.items() for wrong in check(assistant, facts)]


def _opening(a: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    needed = (facts.persona, facts.business_name, "AI assistant", "recorded", "stop", "press 9")
    yield from _missing(a.get("firstMessage", ""), needed)
    if a.get("firstMessageMode") != "assistant-speaks-first":
        yield "the assistant does not speak first"
    if a.get("backgroundSound") != "off":
        yield "plays a background that hints at a person"


def _robot(a: Mapping[str, Any], _: Facts) -> Iterator[str]:
    yield from _missing(_rules(a), (ROBOT_ANSWER,))


def _who(a: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    yield from _missing(_rules(a), (facts.persona, facts.business_name, facts.opt_out_number))


def _stop(a: Mapping[str, Any], _: Facts) -> Iterator[str]:
    """Two ways that do not need each other: our rules over the transcript, and the model's tool."""
    if not any(str(kind).startswith("transcript") for kind in a.get("serverMessages", ())):
        yield "our server does not hear it"
    if not a.get("monitorPlan", {}).get("controlEnabled"):
        yield "our server cannot end the call"
    if a.get("firstMessageInterruptionsEnabled") is not True:
        yield "cannot interrupt the opening"
    yield from _missing(_rules(a), ("do_not_call",))
    tool = _tool(a, "do_not_call")
    endings = {m["type"]: m for m in tool.get("messages", ()) if m.get("endCallAfterSpokenEnabled")}
    for kind in ("request-complete", "request-failed"):
        if kind not in endings:
            yield f"do_not_call does not end the call on {kind}"
    spoken = max((len(m["content"].split()) / WORDS_PER_S for m in endings.values()), default=0)
    if tool.get("server", {}).get("timeoutSeconds", 20) + spoken > ENDS_WITHIN_S:
        yield f"do_not_call may take longer than {ENDS_WITHIN_S} s"


def _key(a: Mapping[str, Any], _: Facts) -> Iterator[str]:
    plan = a.get("keypadInputPlan", {})
    if plan.get("enabled") is not True:
        yield "keys are not heard"
    if not 0 < plan.get("timeoutSeconds", 0) <= KEY_WITHIN_S:
        yield f"a key may take longer than {KEY_WITHIN_S} s"
    yield from _missing(_rules(a), (STOP_KEY_RULE,))


def _call_back(a: Mapping[str, Any], _: Facts) -> Iterator[str]:
    yield from _takes(a, "call_back", "callback_at")
    if not re.search(r"offset [+-]\d\d:\d\d", _prompt(a)):
        yield "the assistant does not know what day it is there"


def _book(a: Mapping[str, Any], _: Facts) -> Iterator[str]:
    yield from _takes(a, "book", "meeting_at")


def _silence(a: Mapping[str, Any], _: Facts) -> Iterator[str]:
    if not 0 < a.get("silenceTimeoutSeconds", 0) <= LONGEST_SILENCE_S:
        yield "a silent call does not end"
    if not 0 < a.get("maxDurationSeconds", 0) <= LONGEST_CALL_S:
        yield "a call may go on for hours"


def _voicemail(a: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    words = a.get("voicemailMessage", "")
    yield from _missing(words, (facts.persona, facts.business_name, "AI assistant", facts.opt_out_number))
    if len(words) > LONGEST_VOICEMAIL:
        yield "is cut before its end"
    if not a.get("voicemailDetection"):
        yield "is taken for a person"


def _recording(a: Mapping[str, Any], facts: Facts) -> Iterator[str]:
    plan = a.get("artifactPlan", {})
    if plan.get("recordingEnabled", True) and not facts.recording:
        yield "is recorded where all sides must consent"
    if plan.get("videoRecordingEnabled", True) or a.get("monitorPlan", {}).get("listenEnabled", True):
        yield "can be listened to by others"


CHECKS: Mapping[str, Callable[[Mapping[str, Any], Facts], Iterator[str]]] = {
    "(picks up)": _opening,
    "Are you a robot?": _robot,
    "Who is this?": _who,
    "Stop calling me.": _stop,
    "(presses 9)": _key,
    "Call me tomorrow at three.": _call_back,
    "Let us meet.": _book,
    "(says nothing)": _silence,
    "(voicemail)": _voicemail,
    "(in a two-party state)": _recording,
}
"""A caller's lines, and what must be fixed in the payload for each of them."""


def _prompt(a: Mapping[str, Any]) -> str:
    return "\n\n".join(m["content"] for m in a["model"]["messages"])


def _rules(a: Mapping[str, Any]) -> str:
    """The fixed rules, which must be the last word: what stands after the script's own sections."""
    return _prompt(a).rpartition("## ")[2]


def _tool(a: Mapping[str, Any], name: str) -> dict[str, Any]:
    tools = a["model"].get("tools", ())
    return next((tool for tool in tools if tool.get("function", {}).get("name") == name), {})


def _takes(a: Mapping[str, Any], name: str, argument: str) -> Iterator[str]:
    function = _tool(a, name).get("function", {})
    if argument not in function.get("parameters", {}).get("properties", {}):
        yield f"there is no tool {name} that takes {argument}"


def _missing(text: str, needed: tuple[str, ...]) -> Iterator[str]:
    said = " ".join(text.split())
    yield from (f"does not say {each!r}" for each in needed if each not in said)
