"""What the watch and the medic look for: one file, one kind of trouble.

A probe's file holds its `PROBE`. Adding one is adding a file; `all_probes` finds it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from importlib import import_module
from pkgutil import iter_modules
from typing import Any, Literal
from zoneinfo import ZoneInfo

from functions.medic.outlook import Outlook
from shared.directives.medic import Medic
from shared.state.incidents import Severity, VitalSigns
from shared.state.stages import StageRun

Tier = Literal["watch", "medic"]


@dataclass(frozen=True)
class Finding:
    """Something wrong, seen in one look. `evidence` holds counts, codes and ids, never a person."""

    target: str
    severity: Severity
    began_at: datetime
    evidence: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Scene:
    """All that one look goes by: the database's figures, the ledger of stages, the owner's limits.

    `answer_ms` is how long the database took to give the figures, `outlook` what was found outside.
    """

    signs: VitalSigns
    runs: Mapping[str, StageRun]
    limits: Medic
    budgets: Mapping[str, float]
    zone: ZoneInfo
    worker_clock: datetime
    answer_ms: float
    outlook: Outlook

    @property
    def now(self) -> datetime:
        """The database's time."""
        return self.signs.now


@dataclass(frozen=True)
class Probe:
    """One kind of trouble and how it shows. `does` names the trouble for the owner, as a noun phrase.

    `tier` is who looks: the watch's probes are the medic's too.

    `look` is pure. A probe whose figures are missing in a scene answers None: it did not look, so an
    incident of its kind stays as it is.
    """

    kind: str
    does: str
    look: Callable[[Scene], Sequence[Finding] | None]
    tier: Tier = "watch"


@cache
def all_probes() -> tuple[Probe, ...]:
    """Every probe of this folder, by kind."""
    found = (import_module(f"{__name__}.{module.name}").PROBE for module in iter_modules(__path__))
    return tuple(sorted(found, key=lambda probe: probe.kind))


def probes_of(tier: Tier) -> Iterator[Probe]:
    """The probes a tier looks with."""
    return (probe for probe in all_probes() if tier == "medic" or probe.tier == "watch")
