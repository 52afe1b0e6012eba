"""What of a Vapi webhook may be kept.

Vapi's events can carry the Twilio credentials of the phone number, the addresses that control a running
call, and our whole prompt with its server settings. None of it is needed again.
"""

from __future__ import annotations

import re
from typing import Any

from shared.providers.wire import Json

_SECRET = re.compile(
    r"token|secret|password|api_?key|credential|authorization|presigned|^monitor$|^headers$|^server$"
    r"|^toolwithtoolcalllist$|^phonecalltransportdetails$",
    re.IGNORECASE,
)
_TOKENS = re.compile(r"tokens$", re.IGNORECASE)
_COPIES = ("summary", "transcript", "messages", "recordingUrl", "stereoRecordingUrl")
_ASSISTANT = ("name", "metadata")


def redact(body: dict[str, Any]) -> dict[str, Any]:
    """A copy without secrets, prompts and the duplicates that Vapi puts beside `artifact`."""
    kept: dict[str, Any] = _clean(body)
    message = kept.get("message")
    if isinstance(message, dict) and isinstance(message.get("artifact"), dict):
        for name in _COPIES:
            message.pop(name, None)
    return kept


def _clean(value: Json) -> Json:
    if isinstance(value, dict):
        return {name: _field(name, part) for name, part in value.items() if not _hidden(name)}
    if isinstance(value, list):
        return [_clean(part) for part in value if not _is_prompt(part)]
    return value


def _field(name: str, value: Json) -> Json:
    if name in ("assistant", "assistantOverrides", "squad", "workflow") and isinstance(value, dict):
        return {kept: _clean(value[kept]) for kept in _ASSISTANT if kept in value}
    return _clean(value)


def _hidden(name: str) -> bool:
    """Counts of model tokens are no secrets."""
    return bool(_SECRET.search(name)) and not _TOKENS.search(name)


def _is_prompt(part: object) -> bool:
    return isinstance(part, dict) and part.get("role") == "system"
