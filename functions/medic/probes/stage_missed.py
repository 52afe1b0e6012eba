"""A stage did not run its newest slot, or began it and died."""

from __future__ import annotations

from datetime import timedelta

from functions import slots, stages
from functions.medic.probes import Finding, Probe, Scene
from functions.medic.probes.database_slow import is_slow
from functions.stages import Stage

GRACE = timedelta(seconds=100)
"""What a container takes to start and claim its slot; one that is merely slow is not missed."""

CANNOT_SEE_ITSELF = "watch"


def look(scene: Scene) -> list[Finding]:
    """Stages whose newest slot is past its grace with no run, or whose run's lease lapsed.

    A slot too old to be caught up is not named: its chance is gone, and nothing could repair it. One from
    before the loop went live was none. Optional ones wait while the database is slow, and are missed then.
    """
    if not scene.signs.live or scene.signs.live_since is None:
        return []
    table = (stage for stage in stages.built() if stage.name != CANNOT_SEE_ITSELF)
    if is_slow(scene):
        table = (stage for stage in table if not stage.optional)
    return [finding for stage in table if (finding := _missed(stage, scene)) is not None]


def _missed(stage: Stage, scene: Scene) -> Finding | None:
    slot, last = slots.slot_for(stage, scene.now, scene.zone), scene.runs.get(stage.name)
    if last is not None and last.state == "running" and last.lease_until <= scene.now:
        return Finding(stage.name, "warning", last.lease_until, {"slot": last.slot.isoformat(), "died": True})
    done = last is not None and (last.slot >= slot or last.state == "running")
    live_since = scene.signs.live_since or scene.now
    if done or slot < live_since or not slot + GRACE <= scene.now <= slot + stage.catch_up:
        return None
    return Finding(stage.name, "warning", slot, {"slot": slot.isoformat(), "died": False})


PROBE = Probe("stage_missed", "a stage that did not run, or died in the middle", look)
