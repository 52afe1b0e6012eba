"""The database answers slowly."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """Slow by the time it took to give this look its figures."""
    slow = scene.answer_ms >= scene.limits.database.slow_ms
    return [Finding("database", "warning", scene.now, {"answer_ms": round(scene.answer_ms)})] if slow else []


PROBE = Probe("database_slow", "a database that answers slowly", look)
