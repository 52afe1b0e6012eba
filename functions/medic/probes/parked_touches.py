"""Touches that wait too long for the owner's decision."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """Parked touches past their patience; only a person can settle them."""
    oldest = scene.signs.oldest_parked_at
    if oldest is None or scene.now - oldest < timedelta(hours=scene.limits.unsettled.parked_hours):
        return []
    return [Finding("touches", "notice", oldest, {"parked": scene.signs.parked})]


PROBE = Probe("parked_touches", "touches that wait for the owner", look, tier="medic")
