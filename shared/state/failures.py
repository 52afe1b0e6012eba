"""What a database error means to the caller, by its code: the same on both transports."""

from __future__ import annotations

from shared.errors import SchemaOutdated, StateError, StateOutcomeUnknown, StateUnavailable

_NOTHING_EXECUTED = frozenset({"PGRST000", "PGRST002", "PGRST003"})
_IN_MID_CALL = frozenset({"57014", "57P01", "57P02", "57P03", "57P05", "PGRST001"})
_REPEAT_AT_ONCE = frozenset({"40001", "40P01", "55P03"})
_SETUP = frozenset({"42501", "PGRST300", "PGRST301", "PGRST302", "PGRST303", "401", "403"})


def state_error(code: str | None, message: str | None, function: str) -> StateError | SchemaOutdated:
    """The exception for an answer of the database or of PostgREST.

    A time-out and a lost connection count as "outcome unknown", whatever the server says it undid.
    `PGRST001` too: PostgREST gives it for a connection lost before the query and during it. The message
    of data exceptions (class 22) is left out, because it quotes the value.
    """
    code = code or "unknown"
    text = f"{function}: {code}"
    if message and not code.startswith("22"):
        text += f" {message.partition(chr(10))[0]}"
    if code == "PGRST202":
        return SchemaOutdated(f"The database has no function {function} that fits this code.")
    if code in _NOTHING_EXECUTED or (code.startswith("53") and code != "53400") or code == "429":
        return StateUnavailable(text, code=code)
    if code in _IN_MID_CALL or code.startswith("08") or (len(code) == 3 and code.startswith("5")):
        return StateOutcomeUnknown(text, code=code)
    error = StateError(text, code=code)
    error.retryable = code in _REPEAT_AT_ONCE
    error.system_wide = code in _SETUP
    return error
