"""One round: look, record what is wrong, try a remedy for each, look again, tell whom it concerns.

The watch and the medic are the same round with more or fewer probes. A probe or playbook that breaks is
itself reported, and keeps no other from its work.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from functions.failures import describe, frames
from functions.medic.outlook import look_out
from functions.medic.playbooks import Playbook, remedy_for
from functions.medic.probes import Finding, Scene, Tier, all_probes, probes_of
from functions.medic.telling import tell
from functions.slots import local_date
from shared.loop import Loop
from shared.report import Noticed
from shared.state.incidents import Incident, Outcome, Sighting

CHANNELS = ("call", "email", "sms")
BROKEN = "probe_broken"
UNPROBED = {
    BROKEN: "a look of the watch that broke",
    "outage": "a time in which nothing ran, because the database or the scheduler was away",
    "report_missed": "reports that no webhook brought and that were read back",
}
"""Trouble that shows in no figure: who meets it puts it on record, and the next look closes it."""
LOOKS_AGAIN, BETWEEN_LOOKS_S = 4, 20
"""After a remedy: at once, and three times more for what takes a container's start to show."""


@dataclass
class Account:
    """What one round did, for its report."""

    opened: int = 0
    closed: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    repairs: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)

    def note(self, sighting: Sighting) -> None:
        """What one look changed, and what is open after it."""
        self.opened += len(sighting.opened)
        self.closed += [_name(each) for each in sighting.closed]
        self.open = [_name(each) for each in sighting.open]


def look_round(loop: Loop, tier: Tier) -> Account:
    """The whole round; answers what was done and what is still open.

    Domains and status pages are asked once: no playbook mends them, and a probe that was not told looks away.
    """
    account = Account()
    scene = behold(loop, tier)
    sighting = sight(loop, scene, tier)
    account.note(sighting)
    tried = [each for incident in sighting.open if (each := repair(loop, incident, scene, tier)) is not None]
    account.repairs += tried
    for look in range(LOOKS_AGAIN if tried else 0):
        if look:
            loop.pause(BETWEEN_LOOKS_S)
        scene = behold(loop, "watch")
        sighting = sight(loop, scene, tier)
        account.note(sighting)
        if not any(incident.repairs for incident in sighting.open):
            break
    account.told += tell(loop, sighting.open, scene, tier)
    return account


def preview_round(scene: Scene, tier: Tier) -> Account:
    """What a round would find; nothing is recorded and nothing repaired."""
    found = [(probe.kind, finding) for probe in probes_of(tier) for finding in probe.look(scene) or ()]
    return Account(open=[f"{kind}:{finding.target}" for kind, finding in found])


def behold(loop: Loop, tier: Tier) -> Scene:
    """Read everything the probes go by, timing the database's answer on the way."""
    limits, budget = loop.book.medic, loop.book.outreach.daily_usd
    before = loop.stopwatch()
    signs = loop.state.incidents.vital_signs(
        local_date(loop.opened(), loop.zone),
        late_minutes=limits.backlog.late_minutes,
        endless_minutes=limits.calls.endless_minutes,
    )
    answer_ms = (loop.stopwatch() - before) * 1000
    return Scene(
        signs=signs,
        runs={run.stage: run for run in loop.state.stages.last_runs()},
        limits=limits,
        budgets={channel: float(getattr(budget, channel)) for channel in CHANNELS},
        zone=loop.zone,
        worker_clock=loop.worker_clock(),
        answer_ms=answer_ms,
        outlook=look_out(loop, tier),
    )


def sight(loop: Loop, scene: Scene, tier: Tier, noticed: Sequence[Noticed] = ()) -> Sighting:
    """Let every probe look, and record the look, and what else was noticed, as one step."""
    findings = list(_met(noticed, scene))
    kinds: list[str] = [*UNPROBED]
    for probe in probes_of(tier):
        try:
            found = probe.look(scene)
        except Exception as error:  # noqa: BLE001 - a broken probe is reported and keeps no other from looking
            loop.log.error("probe %s broke\n%s", probe.kind, frames(error))
            broken = Finding(probe.kind, "warning", scene.now, describe(error))
            findings.append(_row(BROKEN, UNPROBED[BROKEN], broken))
            continue
        if found is not None:
            kinds.append(probe.kind)
            findings += [_row(probe.kind, probe.does, each) for each in found]
    return loop.state.incidents.sight(findings, kinds)


def _met(noticed: Sequence[Noticed], scene: Scene) -> Iterator[dict[str, Any]]:
    """What a run met, in the form of a finding; what was before the loop went live is none."""
    words = {probe.kind: probe.does for probe in all_probes()} | UNPROBED
    since = scene.signs.live_since
    for each in noticed:
        if since is not None and each.began_at >= since:
            yield _row(
                each.kind, words[each.kind], Finding(each.target, "notice", each.began_at, each.evidence)
            )


def repair(loop: Loop, incident: Incident, scene: Scene, tier: Tier) -> str | None:
    """Try the first playbook that may be tried; None when there is none."""
    playbook = remedy_for(incident, scene, tier)
    if playbook is None:
        return None
    outcome, detail = _tried(loop, playbook, incident)
    loop.state.incidents.note_repair(incident.id, playbook.name, outcome, detail, scene.now + playbook.rest)
    return f"{playbook.name} on {incident.kind} of {incident.target}: {outcome}"


def _tried(loop: Loop, playbook: Playbook, incident: Incident) -> tuple[Outcome, str]:
    try:
        return "done", playbook.act(loop, incident)
    except Exception as error:  # noqa: BLE001 - a remedy that fails is written down; the next one still comes
        loop.log.error("playbook %s failed\n%s", playbook.name, frames(error))
        return "failed", str(describe(error)["code"])


def _row(kind: str, words: str, finding: Finding) -> dict[str, Any]:
    return {
        "kind": kind,
        "words": words,
        "target": finding.target,
        "severity": finding.severity,
        "evidence": dict(finding.evidence),
        "began_at": finding.began_at.isoformat(),
    }


def _name(incident: Any) -> str:
    return f"{incident.kind}:{incident.target}"
