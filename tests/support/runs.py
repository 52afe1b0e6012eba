"""A stage for the runner to run, in every way a stage can end."""

from __future__ import annotations

import dataclasses
import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

from functions.runner import run_stage
from functions.stages import Stage
from shared.config import Settings
from shared.errors import Unreachable
from shared.loop import Loop
from shared.period import Period
from shared.providers.registry import Providers
from shared.report import StageReport
from shared.state import State
from shared.state.postgres import PostgresTransport

MORNING = datetime(2026, 11, 23, 13, 1, tzinfo=UTC)  # 08:01 in New York
SLOT = datetime(2026, 11, 23, 13, 0, tzinfo=UTC)
INSTALLATION = uuid.UUID("6f1f0a3e-1b0e-4a53-9a0c-0d7a5a3c2b11")

seen: list[dict[str, Any]] = []
"""What the stage below was given, newest last."""


def works(loop: Loop, period: Period, **options: Any) -> StageReport:
    """A stage that counts."""
    seen.append(options | {"may_send": loop.may_send, "left": loop.lease.left(), "day": period.day})
    return StageReport("stage", None, "ok", counts={"planned": 3}, notes=("Three are planned.",))


def breaks(loop: Loop, period: Period, **options: Any) -> StageReport:
    """A stage that trips over something unforeseen."""
    raise ValueError("@".join(["ada", "example.com"]))


def meets_an_outage(loop: Loop, period: Period, **options: Any) -> StageReport:
    """A stage whose provider is away."""
    raise Unreachable("Resend did not answer.")


def is_interrupted(loop: Loop, period: Period, **options: Any) -> StageReport:
    """A stage whose container is taken away."""
    raise KeyboardInterrupt


def is_overtaken(loop: Loop, period: Period, **options: Any) -> StageReport:
    """A stage that takes so long that another worker took its run over."""
    loop.state.transport.call("take_over")
    return works(loop, period, **options)


def claims_again(loop: Loop, period: Period, **options: Any) -> StageReport:
    """A stage during which its schedule fires once more."""
    inner = run_stage(loop, stage("works"))
    return StageReport("stage", None, "ok", notes=(inner.status,))


def stage(function: str = "works", **changes: Any) -> Stage:
    """A day stage at 08:00 that does what that function does."""
    made = Stage(
        name="stage",
        cron="0 8 * * *",
        period="day",
        timeout_s=100,
        lease_s=120,
        catch_up=timedelta(hours=12),
        does="is tested",
        entry=f"{__name__}:{function}",
    )
    return dataclasses.replace(made, **changes)


def loop_over(transport: PostgresTransport, app: str = "growthloop") -> Loop:
    """The loop of one installation."""
    settings = Settings(installation_id=INSTALLATION, app=app)
    return Loop(settings, State(transport, INSTALLATION), Providers(settings))
