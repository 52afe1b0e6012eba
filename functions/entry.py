"""Where a process of the loop begins and ends: build the loop, run, say what happened, close.

What the scheduler calls. A failed run is printed like any other and then raised, so that Modal counts
and reports it as a failure.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from contextlib import closing
from datetime import date
from typing import TYPE_CHECKING, Any

from functions import dispatcher, stages
from functions.runner import StageFailed, run_stage
from shared.config import Settings
from shared.errors import ConfigurationError, NotBuilt
from shared.spool import Kept, Spool

if TYPE_CHECKING:
    from shared.report import StageReport

Spawn = Callable[[str], object]

WEB_APP = "functions.web.app:build"


def fire(
    name: str, spawn: Spawn, *, settings: Settings | None = None, kept: Kept | None = None, **options: Any
) -> dict[str, Any]:
    """Run one stage and return its report as JSON values.

    `spawn` starts another one, where a run has to; `kept` is where the spool keeps what it keeps.

    Without options this is a firing of the schedule; `modal run` names every option, so with them it is
    by hand. Raises `StageFailed` after a failed run, `NotBuilt`, and `ConfigurationError`.
    """
    if not stages.get(name).built:
        raise NotBuilt(f"{name} is not built yet.")
    from shared import loop as loops

    asked = _asked(options)
    with closing(loops.build(settings or Settings.from_env(), spawn, _spool(kept))) as loop:
        return _answer(run_stage(loop, name, **asked))


def dispatch(spawn: Spawn, *, settings: Settings | None = None) -> list[str]:
    """Start what is due. Raises `StageFailed` when something could not be started."""
    from shared import loop as loops

    with closing(loops.build(settings or Settings.from_env())) as loop:
        started = dispatcher.dispatch(loop, spawn)
    _say({"started": started})
    return started


def web(*, settings: Settings | None = None, kept: Kept | None = None) -> Any:
    """The ASGI application over one loop, which lives as long as its container."""
    from shared import loop as loops

    make: Callable[..., Any] = stages.resolve(WEB_APP)
    return make(loops.build(settings or Settings.from_env(), spool=_spool(kept)))


def _spool(kept: Kept | None) -> Spool | None:
    return Spool(kept) if kept is not None else None


def _asked(options: dict[str, Any]) -> dict[str, Any]:
    """Options of `modal run` as those of `run_stage`; none at all means the schedule fired."""
    if not options:
        return {}
    day = options.get("date") or ""
    try:
        return options | {"by_hand": True, "date": date.fromisoformat(day) if day else None}
    except ValueError:
        raise ConfigurationError("--date takes a day like 2026-11-21.", code="usage") from None


def _answer(report: StageReport) -> dict[str, Any]:
    answer = report.to_json()
    _say(answer)
    if report.failed:
        code = str((report.error or {}).get("code", "unexplained"))
        raise StageFailed(f"{report.stage} failed: {code}.", code=code)
    return answer


def _say(answer: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
