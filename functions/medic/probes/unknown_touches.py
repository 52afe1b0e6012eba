"""Touches of which nobody knows whether they went out."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """By provider. A notice while the tick asks it, a warning when that takes longer than it needs."""
    patience = timedelta(minutes=scene.limits.unsettled.unknown_minutes)
    return [
        Finding(
            provider,
            "warning" if scene.now - unsettled.since >= patience else "notice",
            unsettled.since,
            {"unknown": unsettled.n},
        )
        for provider, unsettled in sorted(scene.signs.unknown.items())
    ]


PROBE = Probe("unknown_touches", "touches that may or may not have gone out", look)
