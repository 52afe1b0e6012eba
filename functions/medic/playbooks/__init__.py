"""What the watch and the medic do about trouble: one file, one remedy.

A playbook's file holds its `PLAYBOOK`. Adding one is adding a file; `all_playbooks` finds it. None of them
sends anything to a lead, raises a limit or changes a rule: a remedy that would is the owner's.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from importlib import import_module
from pkgutil import iter_modules

from functions.medic.probes import Scene, Tier
from shared.loop import Loop
from shared.state.incidents import Incident


@dataclass(frozen=True)
class Playbook:
    """A remedy for kinds of incidents.

    `triggers` are the kinds, `applies` the precondition (pure). `act` does it and answers in codes and ids
    what it did; it must be safe to do twice. The post-check is the next look of the incident's own probe, and
    nothing else. `touches` is the blast radius and `undo` the way back, both in words for the owner. After
    `most_tries` tries, each `rest` after the one before, the incident is left to a person.
    """

    name: str
    triggers: tuple[str, ...]
    does: str
    touches: str
    undo: str
    applies: Callable[[Incident, Scene], bool]
    act: Callable[[Loop, Incident], str]
    tier: Tier = "watch"
    most_tries: int = 3
    rest: timedelta = timedelta(minutes=10)


@cache
def all_playbooks() -> tuple[Playbook, ...]:
    """Every playbook of this folder, by name."""
    found = (import_module(f"{__name__}.{module.name}").PLAYBOOK for module in iter_modules(__path__))
    return tuple(sorted(found, key=lambda playbook: playbook.name))


def remedy_for(incident: Incident, scene: Scene, tier: Tier) -> Playbook | None:
    """The first playbook that may be tried now; None where none fits, all rest or all were tried enough."""
    return next(
        (each for each in _fitting(incident, scene, tier) if _may_try(each, incident, scene.now)), None
    )


def is_beyond_repair(incident: Incident, scene: Scene, tier: Tier) -> bool:
    """Whether no playbook is left that could still help: then a person must."""
    return all(_tries(each, incident) >= each.most_tries for each in _fitting(incident, scene, tier))


def _fitting(incident: Incident, scene: Scene, tier: Tier) -> list[Playbook]:
    return [
        each
        for each in all_playbooks()
        if incident.kind in each.triggers and tier in (each.tier, "medic") and each.applies(incident, scene)
    ]


def _may_try(playbook: Playbook, incident: Incident, now: datetime) -> bool:
    own = [repair for repair in incident.repairs if repair.playbook == playbook.name]
    return len(own) < playbook.most_tries and all(repair.retry_at <= now for repair in own)


def _tries(playbook: Playbook, incident: Incident) -> int:
    return sum(repair.playbook == playbook.name for repair in incident.repairs)
