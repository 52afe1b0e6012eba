"""The database answers slowly."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def is_slow(scene: Scene) -> bool:
    """By the time it took to give this look its figures."""
    return scene.answer_ms >= scene.limits.database.slow_ms


def look(scene: Scene) -> list[Finding]:
    """While this is open, stages that are optional wait."""
    evidence = {"answer_ms": round(scene.answer_ms)}
    return [Finding("database", "warning", scene.now, evidence)] if is_slow(scene) else []


PROBE = Probe("database_slow", "a database that answers slowly", look)
