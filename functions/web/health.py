"""What outside eyes may see: whether the database answers, and whether the loop is at work."""

from __future__ import annotations

from datetime import timedelta

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.errors import StateError
from shared.loop import Loop

STALE = timedelta(minutes=12)
"""Four ticks: what the watch has not mended by then it does not mend."""


class Health:
    """`/health`: 200 while all is fine, 503 without a database or when a live loop has not ticked for long.

    It names no person, sender or secret.
    """

    def __init__(self, loop: Loop) -> None:
        self._loop = loop

    async def show(self, _: Request) -> Response:
        """The state in a few words."""
        return await run_in_threadpool(self._show)

    def _show(self) -> Response:
        try:
            now = self._loop.clock.now()
            status = self._loop.state.live.status()
            runs = {run.stage: run for run in self._loop.state.stages.last_runs()}
        except StateError as error:
            return JSONResponse({"ok": False, "code": error.code}, status_code=503)
        tick = runs.get("outreach_tick")
        age = now - tick.started_at if tick else None
        stale = status.may_send and (age is None or age > STALE)
        return JSONResponse(
            {
                "ok": not stale,
                "stale": stale,
                "live": status.may_send,
                "kill_switch": status.kill_switch,
                "last_tick_age_s": round(age.total_seconds()) if age is not None else None,
                "failed": sorted(name for name, run in runs.items() if run.state == "failed"),
            },
            status_code=503 if stale else 200,
        )
