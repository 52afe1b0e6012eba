"""A provider says on its own status page that it is in trouble."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding] | None:
    """A notice: whether it concerns us shows in our own failures."""
    pages = scene.outlook.providers
    if not pages:
        return None
    return [
        Finding(provider, "notice", scene.now, {"says": word})
        for provider, word in sorted(pages.items())
        if word
    ]


PROBE = Probe("provider_trouble", "a provider that admits trouble", look, tier="medic")
