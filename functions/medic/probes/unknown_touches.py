"""Touches of which nobody knows for too long whether they went out."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """Unknown touches older than reconciliation needs."""
    oldest = scene.signs.oldest_unknown_at
    if oldest is None or scene.now - oldest < timedelta(minutes=scene.limits.unsettled.unknown_minutes):
        return []
    return [Finding("touches", "warning", oldest, {"unknown": scene.signs.unknown})]


PROBE = Probe("unknown_touches", "touches that may or may not have gone out", look)
