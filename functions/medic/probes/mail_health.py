"""Bounces and complaints on their way to what makes the sending service shut an account."""

from __future__ import annotations

from datetime import timedelta

from functions.medic.probes import Finding, Probe, Scene
from shared.state.incidents import Severity


def look(scene: Scene) -> list[Finding]:
    """Half of the service's own limits in seven days; complaints by count, since volumes are small."""
    limits, week = scene.limits.mail, scene.signs.mail_7d
    evidence = {"sent": week.sent, "bounced": week.bounced, "complained": week.complained}
    bounces = week.sent >= limits.minimum_sent and week.bounced >= limits.bounce_share * week.sent
    complaints = week.complained >= limits.complaints
    if not (bounces or complaints):
        return []
    severity: Severity = "critical" if bounces and complaints else "warning"
    return [Finding("email", severity, scene.now - timedelta(days=7), evidence)]


PROBE = Probe("mail_health", "bounces or complaints near the service's limit", look, tier="medic")
