"""Push the deploy hook of a website that does not answer: for a static host, a new deploy is the restart."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.playbooks import Playbook
from functions.medic.probes import Scene
from shared.errors import Unreachable
from shared.loop import Loop
from shared.state.incidents import Incident


def applies(incident: Incident, _: Scene) -> bool:
    """The owner's website only; our own endpoint is Modal's to start."""
    return incident.target == "website"


def act(loop: Loop, _: Incident) -> str:
    """Push once. Raises `Unreachable` where no hook is set or it refuses."""
    hook = loop.settings.deploy_hook_url
    status = loop.outside.push(hook.get_secret_value()) if hook else 0
    if not 200 <= status < 300:
        raise Unreachable(
            "The deploy hook is not set or did not take the push.", code=f"deploy_hook.{status}"
        )
    return f"pushed, {status}"


PLAYBOOK = Playbook(
    name="redeploy_website",
    triggers=("page_down",),
    does="pushes the website's deploy hook",
    touches="the owner's website, which is built anew from its own source",
    undo="the host's list of earlier deploys",
    applies=applies,
    act=act,
    most_tries=2,
    rest=timedelta(minutes=30),
)
