"""A worker's clock that is off. Nothing decides by it, but webhook signatures and logs are read by it."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene

TOLERATED = timedelta(seconds=60)
"""A fifth of the tolerance of webhook signatures."""


def look(scene: Scene) -> list[Finding]:
    """This worker's clock against the database's."""
    skew = scene.worker_clock - scene.now
    if abs(skew) < TOLERATED:
        return []
    return [Finding("worker", "notice", scene.now, {"seconds": round(skew.total_seconds())})]


PROBE = Probe("clock_skew", "a worker's clock that is off", look)
