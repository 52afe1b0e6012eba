"""A number or mailbox that was taken out of use."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene

IN_USE = ("healthy", "watched")


def look(scene: Scene) -> list[Finding]:
    """Senders that rest. A notice: the evening email names them, and their rest is the remedy."""
    return [
        Finding(sender.id, "notice", scene.now, {"health": sender.health})
        for sender in scene.signs.senders
        if sender.health not in IN_USE
    ]


PROBE = Probe("sender_health", "a number or mailbox out of use", look, tier="medic")
