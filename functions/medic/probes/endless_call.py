"""A call that began and of which no end was heard."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """One finding for all such calls, since one cause usually lies behind them."""
    calls = scene.signs.endless_calls
    began = scene.now - timedelta(minutes=scene.limits.calls.endless_minutes)
    return [Finding("calls", "warning", began, {"touches": list(calls)})] if calls else []


PROBE = Probe("endless_call", "calls without an end", look)
