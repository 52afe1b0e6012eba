"""Start what the table says is due, and never wait for it.

In `dispatcher` mode two crons stand for all: `dispatcher` starts what is due, `watch` (in either mode) what
was missed. Neither needs to know of the other, because both read the ledger and a slot can be taken once:
starting a stage twice costs a container, never a second run.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

from functions import slots, stages
from functions.failures import describe
from functions.runner import StageFailed, standing_of
from functions.stages import Stage

if TYPE_CHECKING:
    from shared.loop import Loop
    from shared.state.stages import StageRun

DISPATCHER_CRON: Final = "*/3 * * * *"
"""As often as the shortest stage, on the same minutes, so that each of its slots is met."""

OWN_CRON: Final = "watch"
"""The one stage with a schedule of its own in dispatcher mode."""

OVERDUE: Final = timedelta(seconds=100)
"""Less than the tick's three minutes, more than a container takes to start and claim its slot."""

_ROUND: Final = timedelta(minutes=3) - timedelta(seconds=1)

MODES: Final = ("stages", "dispatcher")


def due(
    table: Iterable[Stage],
    now: datetime,
    last_runs: Sequence[StageRun],
    tz: ZoneInfo,
    grace: timedelta = timedelta(0),
) -> list[str]:
    """The stages to start now, in the table's order.

    One is due when its newest slot is at least `grace` old, is not too old to be caught up, and no run
    of it is recorded, except one whose lease lapsed: that worker is gone. A slot that failed is not
    started again, as a schedule of its own would not either.
    """
    newest = {run.stage: run for run in last_runs}
    return [
        stage.name
        for stage in table
        if stage.built and _is_due(stage, now, newest.get(stage.name), tz, grace)
    ]


def _is_due(stage: Stage, now: datetime, last: StageRun | None, tz: ZoneInfo, grace: timedelta) -> bool:
    slot = slots.slot_for(stage, now + slots.EARLY, tz)
    if not slot + grace <= now + slots.EARLY or now > slot + stage.catch_up:
        return False
    if last is None:
        return True
    if last.state == "running":
        return last.lease_until <= now
    return last.slot < slot


def dispatch(loop: Loop, spawn: Callable[[str], object]) -> list[str]:
    """Start every due stage, `watch` only when its own cron missed it. Returns the names started."""
    scene = _look(loop)
    if scene is None:
        return []
    now, last, tz, table = scene
    names = due([stage for stage in table if stage.name != OWN_CRON], now, last, tz)
    names += due([stage for stage in table if stage.name == OWN_CRON], now, last, tz, grace=OVERDUE)
    return start(names, spawn)


def start(names: Iterable[str], spawn: Callable[[str], object]) -> list[str]:
    """Spawn each; one that cannot be spawned keeps no other from starting. Raises `StageFailed` after."""
    started, failed = [], []
    for name in names:
        try:
            spawn(name)
            started.append(name)
        except Exception as error:  # noqa: BLE001 - per-stage isolation; all failures are raised below
            failed.append(f"{name} ({describe(error)['kind']})")
    if failed:
        raise StageFailed(f"Could not start {', '.join(failed)}.", code="dispatch_failed")
    return started


def previews_only(table: Iterable[Stage]) -> list[Stage]:
    """The table before go-live: previews fill no slot, so each is started at its slot only, not caught up."""
    return [dataclasses.replace(stage, catch_up=min(stage.catch_up, _ROUND)) for stage in table]


def _look(loop: Loop) -> tuple[datetime, list[StageRun], ZoneInfo, Sequence[Stage]] | None:
    """Time, ledger, zone and table; nothing where another installation, app or database went live."""
    status = loop.state.live.status()
    standing = standing_of(loop, status)
    if standing.began and not standing.ours:
        return None
    table = stages.STAGES if standing.began else previews_only(stages.STAGES)
    return status.now, loop.state.stages.last_runs(), loop.zone, table
