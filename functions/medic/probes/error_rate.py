"""More failed runs in an hour than can be an accident."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for the whole system, with the commonest failure named."""
    errors = scene.signs.errors_1h
    total = sum(error.n for error in errors)
    if total <= scene.limits.errors.per_hour:
        return []
    worst = errors[0]
    first = min(error.first_at for error in errors)
    return [Finding("all", "critical", first, {"failed": total, "stage": worst.stage, "code": worst.code})]


PROBE = Probe("error_rate", "too many failed runs in an hour", look)
