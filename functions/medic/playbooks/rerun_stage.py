"""Run a stage again whose failure will pass by itself."""

from __future__ import annotations

from datetime import timedelta

from functions import slots, stages
from functions.medic.playbooks import Playbook
from functions.medic.probes import Scene
from shared.loop import Loop
from shared.state.incidents import Incident

OWN_NEXT_SLOT = timedelta(minutes=5)
"""A stage that comes round as soon as this tries again by itself."""


def applies(incident: Incident, scene: Scene) -> bool:
    """Only what is said to pass, within the stage's catch-up rule, and where the next slot is far."""
    stage = stages.BY_NAME.get(incident.target)
    if stage is None or not incident.evidence.get("retryable"):
        return False
    slot = slots.slot_for(stage, scene.now, scene.zone)
    next_one = slots.next_slot(stage, scene.now, scene.zone)
    return scene.now <= slot + stage.catch_up and next_one - slot > OWN_NEXT_SLOT


def act(loop: Loop, incident: Incident) -> str:
    """Start it; the ledger takes a failed slot over with a new fence."""
    loop.start(incident.target)
    return f"started {incident.target}"


PLAYBOOK = Playbook(
    name="rerun_stage",
    triggers=("stage_failing",),
    does="runs the stage again",
    touches="one run of one stage; what it had done keeps its natural keys and is not done twice",
    undo="nothing to undo",
    applies=applies,
    act=act,
)
