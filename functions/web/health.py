"""What outside eyes may see: whether the database answers and how old the newest tick is."""

from __future__ import annotations

from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from shared.errors import StateError
from shared.loop import Loop


class Health:
    """`/health`: 200 while the database answers, 503 when not. It names no person, sender or secret."""

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
        return JSONResponse(
            {
                "ok": True,
                "live": status.may_send,
                "kill_switch": status.kill_switch,
                "last_tick_age_s": round((now - tick.started_at).total_seconds()) if tick else None,
                "failed": sorted(name for name, run in runs.items() if run.state == "failed"),
            }
        )
