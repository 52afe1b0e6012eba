"""What the ledger keeps of an exception: enough to act on, and nothing personal."""

from __future__ import annotations

import traceback
from pathlib import Path
from typing import Any

from shared.errors import GrowthLoopError

_ROOT = Path(__file__).resolve().parent.parent


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as the ledger's `error`.

    Only this project's own errors keep their message, because only those promise to hold no personal
    data; any other keeps its type and where it was raised, and has the code `unexpected`.
    """
    described: dict[str, Any] = {"kind": type(error).__name__, "where": _where(error)}
    if not isinstance(error, GrowthLoopError):
        return described | {"code": "unexpected", "message": "", "retryable": False, "system_wide": False}
    return described | {
        "code": error.code,
        "message": str(error),
        "retryable": error.retryable,
        "system_wide": error.system_wide,
        "outcome_unknown": error.outcome_unknown,
        "retry_after_s": error.retry_after.total_seconds() if error.retry_after else None,
    }


def _where(error: BaseException) -> str | None:
    """The innermost frame in this project's code, as `file:line`."""
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(_ROOT) and "site-packages" not in path.parts:
            return f"{path.relative_to(_ROOT).as_posix()}:{frame.lineno}"
    return None


def frames(error: BaseException) -> str:
    """The traceback without the exception's own text, which may hold a value."""
    return "".join(traceback.format_tb(error.__traceback__))
