"""Touches that are due and that nothing holds back, but that do not go out."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """A backlog while sending is on. Touches with a refusal's code wait for a reason and do not count."""
    signs, limits = scene.signs, scene.limits.backlog
    if not signs.live or signs.kill_switch or signs.oldest_due_at is None:
        return []
    late = scene.now - signs.oldest_due_at
    if late < timedelta(minutes=limits.late_minutes) or signs.overdue < limits.touches:
        return []
    return [Finding("touches", "warning", signs.oldest_due_at, {"overdue": signs.overdue})]


PROBE = Probe("backlog", "touches that are due and do not go out", look)
