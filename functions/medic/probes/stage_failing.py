"""A stage's newest run failed."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene
from shared.state.stages import StageRun

TICK = "outreach_tick"


def look(scene: Scene) -> list[Finding]:
    """Stages whose last word is a failure: one finding each, with the failure's code and place.

    A tick that failed because a channel did is left to the finding about that channel: the owner is told of
    one cause once, not at every try.
    """
    told = {struck.code for struck in scene.signs.struck}
    failed = (run for run in scene.runs.values() if run.state == "failed")
    return [
        _finding(run)
        for run in sorted(failed, key=lambda run: run.stage)
        if not (run.stage == TICK and (run.error or {}).get("code") in told)
    ]


def _finding(run: StageRun) -> Finding:
    error = run.error or {}
    return Finding(
        run.stage,
        "critical" if error.get("system_wide") else "warning",
        run.started_at,
        {
            "code": error.get("code", "unexplained"),
            "where": error.get("where"),
            "retryable": bool(error.get("retryable")),
            "slot": run.slot.isoformat(),
        },
    )


PROBE = Probe("stage_failing", "a stage whose newest run failed", look)
