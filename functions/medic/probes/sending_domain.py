"""A sending domain whose records are not in order: what goes out from it lands in spam, or nowhere."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding] | None:
    """Domains that Resend has not verified or that publish no DMARC policy."""
    domains = scene.outlook.domains
    if not domains:
        return None
    return [
        Finding(domain, "warning", scene.now, {"trouble": trouble})
        for domain, trouble in sorted(domains.items())
        if trouble
    ]


PROBE = Probe("sending_domain", "a sending domain whose records are not in order", look, tier="medic")
