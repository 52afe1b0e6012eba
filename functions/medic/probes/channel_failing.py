"""A channel on which sends fail."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene
from shared.providers.channel import PROVIDERS
from shared.state.incidents import Struck


def look(scene: Scene) -> list[Finding]:
    """Channels whose last send failed: a notice, since it may be chance; from two in a row on a warning.

    The remedy is the channel's own rest, and one touch that tries it.
    """
    return [_finding(each) for each in scene.signs.struck]


def _finding(struck: Struck) -> Finding:
    evidence = {"channel": struck.channel, "failures": struck.strikes, "code": struck.code or "once"}
    return Finding(
        PROVIDERS[struck.channel], "warning" if struck.strikes > 1 else "notice", struck.since, evidence
    )


PROBE = Probe("channel_failing", "a channel on which sends fail", look)
