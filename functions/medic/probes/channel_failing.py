"""A channel on which one send after another fails."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """Channels whose breaker is open. The rest, and one touch that tries it, are the remedy."""
    return [
        Finding(each.channel, "warning", each.since, {"code": each.code, "failures": each.strikes})
        for each in scene.signs.struck
    ]


PROBE = Probe("channel_failing", "a channel on which sends keep failing", look)
