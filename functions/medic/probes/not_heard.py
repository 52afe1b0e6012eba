"""A channel that cannot be listened to."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene
from shared.providers.channel import PROVIDERS

PATIENCE = timedelta(minutes=15)
"""A list that failed once is asked again by the next tick."""


def look(scene: Scene) -> list[Finding]:
    """Nothing goes out on it meanwhile, since somebody may have said "stop". A warning when it lasts."""
    return [
        Finding(
            PROVIDERS[each.channel],
            "warning" if scene.now - each.since >= PATIENCE else "notice",
            each.since,
            {"channel": each.channel, "code": each.code},
        )
        for each in scene.signs.deaf
    ]


PROBE = Probe("not_heard", "a channel that cannot be listened to", look)
