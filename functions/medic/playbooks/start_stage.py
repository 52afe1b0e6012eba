"""Start a stage that was missed or died."""

from __future__ import annotations

from functions.medic.playbooks import Playbook
from functions.medic.probes import Scene
from shared.loop import Loop
from shared.state.incidents import Incident


def applies(_: Incident, scene: Scene) -> bool:
    """While live; before that a missed preview costs nothing."""
    return scene.signs.live


def act(loop: Loop, incident: Incident) -> str:
    """Start it; its own slot decides whether it still runs."""
    loop.start(incident.target)
    return f"started {incident.target}"


PLAYBOOK = Playbook(
    name="start_stage",
    triggers=("stage_missed",),
    does="starts the stage again",
    touches="one run of one stage; a slot is run once, however often it is started",
    undo="nothing to undo",
    applies=applies,
    act=act,
)
