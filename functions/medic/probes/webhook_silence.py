"""A provider that owes reports and sends none."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """Providers that accepted touches, owe their outcome, and have not been heard of for hours."""
    limits, signs = scene.limits.webhooks, scene.signs
    silent = timedelta(hours=limits.silent_hours)
    found = []
    for provider, owed in sorted(signs.awaiting.items()):
        last = signs.last_event_at.get(provider)
        if owed >= limits.awaiting and (last is None or scene.now - last >= silent):
            found.append(Finding(provider, "warning", last or scene.now - silent, {"awaiting": owed}))
    return found


PROBE = Probe("webhook_silence", "a provider that sends no reports", look)
