"""Touches whose worker is gone and that no tick has tidied up."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """Leases that lapsed more than two ticks ago: the tick, which tidies them, is not doing its work."""
    lapsed = scene.signs.lapsed
    return [Finding("touches", "warning", scene.now, {"touches": list(lapsed)})] if lapsed else []


PROBE = Probe("lease_lapsed", "touches left lying by a worker that died", look)
