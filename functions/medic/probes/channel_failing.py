"""A channel on which sends fail."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene
from shared.providers.channel import PROVIDERS
from shared.state.incidents import Severity, Struck


def look(scene: Scene) -> list[Finding]:
    """Channels whose last send failed: a notice, since it may be chance; from two in a row on a warning.

    What only the owner can end is critical at once. The remedy of the rest is the channel's own rest, and
    one touch that tries it.
    """
    return [
        Finding(PROVIDERS[each.channel], _severity(each), each.since, _evidence(each))
        for each in scene.signs.struck
    ]


def _severity(struck: Struck) -> Severity:
    if struck.needs_owner:
        return "critical"
    return "warning" if struck.strikes > 1 else "notice"


def _evidence(struck: Struck) -> dict[str, object]:
    return {"channel": struck.channel, "failures": struck.strikes, "code": struck.code}


PROBE = Probe("channel_failing", "a channel on which sends fail", look)
