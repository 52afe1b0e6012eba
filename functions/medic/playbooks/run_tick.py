"""Let the tick do its work: tidy lapsed leases, settle unknown touches, end calls, work off a backlog."""

from __future__ import annotations

from functions.medic.playbooks import Playbook
from functions.medic.probes import Scene
from shared.loop import Loop
from shared.state.incidents import Incident

TICK = "outreach_tick"


def applies(incident: Incident, scene: Scene) -> bool:
    """While live and not stopped by the owner, for what the next tick of its own would not settle."""
    return incident.severity != "notice" and scene.signs.live and not scene.signs.kill_switch


def act(loop: Loop, _: Incident) -> str:
    """Start a tick; one that already runs keeps the second out."""
    loop.start(TICK)
    return f"started {TICK}"


PLAYBOOK = Playbook(
    name="run_tick",
    triggers=("backlog", "lease_lapsed", "unknown_touches", "endless_call"),
    does="starts a tick",
    touches="what a tick touches: each send passes the gate and begin_send as always",
    undo="nothing to undo",
    applies=applies,
    act=act,
)
