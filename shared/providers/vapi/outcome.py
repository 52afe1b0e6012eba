"""From a finished call to its coded result.

A call is judged by what happened (`endedReason`, who spoke, how long) and, where a person spoke, by the
analysis that was ordered with the call. A request to stop counts from wherever it comes: the analysis,
the tool, or the person's own words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from shared.inbound import is_opt_out
from shared.providers.event import Milestone
from shared.providers.signing import as_dict, as_list, as_text, moment
from shared.providers.vapi.reasons import phone_never_rang, reason_class, untalked_disposition

HUMAN_DISPOSITIONS = (
    "meeting",
    "callback",
    "send_email",
    "not_interested",
    "gatekeeper",
    "conversation",
    "early_hangup",
    "dnc",
    "wrong_number",
)
"""What a call with a person can come to."""

ANALYSED = (*HUMAN_DISPOSITIONS, "voicemail")
"""What the analysis may answer: it also recognises a machine that voicemail detection took for a person."""

CONVERSATION_S = 30
EARLY_HANGUP_S = 10
# Vapi writes pressed keys into the conversation; the opening promises that this one means "stop".
_STOP_KEY = re.compile(r"keypad entry:\s*9+[#*\s]*$", re.IGNORECASE)
_ENDED_BY_TALK = ("completed", "completed_transfer_failed")


@dataclass(frozen=True)
class Outcome:
    """The coded result of one call; the fields are those of `ProviderEvent`."""

    disposition: str
    milestones: tuple[Milestone, ...] = ()
    suppress: str | None = None
    bad_address: bool = False
    details: dict[str, Any] = field(default_factory=dict)


def outcome_of(report: Mapping[str, Any], duration_s: float | None) -> Outcome:
    """Judge an end-of-call report. An unknown reason is a failed call, never a reason to dial again."""
    reason = as_text(report.get("endedReason")) or "unknown"
    said = as_dict(as_dict(report.get("analysis")).get("structuredData"))
    turns = user_turns(report)
    opted_out = reason != "voicemail" and _opted_out(said, turns, report)
    result = "dnc" if opted_out else _disposition(reason, said, bool(turns), duration_s)
    return Outcome(
        disposition=result,
        milestones=_milestones(result, said, duration_s),
        suppress={"dnc": "dnc", "wrong_number": "wrong_number"}.get(result),
        bad_address=result == "invalid_number",
        details=_details(report, reason, said),
    )


def user_turns(report: Mapping[str, Any]) -> list[str]:
    """What the other side said, in order."""
    artifact = as_dict(report.get("artifact"))
    messages = as_list(artifact.get("messages")) or as_list(report.get("messages"))
    turns = [as_text(m.get("message")) for m in messages if isinstance(m, dict) and m.get("role") == "user"]
    if not messages:
        transcript = as_text(artifact.get("transcript")) or as_text(report.get("transcript")) or ""
        lines = [line.strip() for line in transcript.split("\n")]
        turns = [line.removeprefix("User:").strip() for line in lines if line.startswith("User:")]
    return [turn for turn in turns if turn]


def says_stop(turn: str) -> bool:
    """Whether the callee asked, by word or by key, not to be called again."""
    return is_opt_out(turn) or bool(_STOP_KEY.search(turn))


def tools_called(report: Mapping[str, Any]) -> set[str]:
    """The names of the tools that the assistant used."""
    messages = as_list(as_dict(report.get("artifact")).get("messages"))
    calls = [call for m in messages for call in as_list(as_dict(m).get("toolCalls"))]
    return {str(as_dict(as_dict(call).get("function")).get("name")) for call in calls}


def _opted_out(said: Mapping[str, Any], turns: list[str], report: Mapping[str, Any]) -> bool:
    return (
        said.get("opt_out") is True
        or said.get("disposition") == "dnc"
        or "do_not_call" in tools_called(report)
        or any(says_stop(turn) for turn in turns)
    )


def _disposition(reason: str, said: Mapping[str, Any], talked: bool, duration_s: float | None) -> str:
    analysed = said.get("disposition")
    if reason == "voicemail":
        return "voicemail"
    if talked and analysed in ANALYSED:
        return str(analysed)
    if reason_class(reason) not in _ENDED_BY_TALK:
        return untalked_disposition(reason)
    short = duration_s is not None and duration_s < EARLY_HANGUP_S
    return "early_hangup" if short or not talked else "conversation"


def _milestones(result: str, said: Mapping[str, Any], duration_s: float | None) -> tuple[Milestone, ...]:
    if result not in HUMAN_DISPOSITIONS:
        return ()
    reached: list[Milestone] = ["answered"]
    if said.get("decision_maker") is True or result == "meeting":
        reached.append("dm_contact")
        if (duration_s or 0) >= CONVERSATION_S:
            reached.append("conversation")
    if result == "meeting":
        reached.append("booked")
    if result == "dnc":
        reached.append("opted_out")
    return tuple(reached)


def _details(report: Mapping[str, Any], reason: str, said: Mapping[str, Any]) -> dict[str, Any]:
    group = reason_class(reason)
    times = {name: said[name] for name in ("callback_at", "meeting_at") if moment(said.get(name))}
    artifact = as_dict(report.get("artifact"))
    return {
        "ended_reason": reason,
        "reason_class": group,
        "system_wide": group.startswith("system_"),
        "phone_never_rang": phone_never_rang(reason),
        "summary": as_text(as_dict(report.get("analysis")).get("summary")),
        "recording_url": as_text(artifact.get("recordingUrl")),
        **times,
    }
