"""A failure that nobody has seen before."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene


def look(scene: Scene) -> list[Finding]:
    """By fingerprint, so that one fault with changing words is one, and one seen last month is not new."""
    return [
        Finding(
            f"{error.stage}:{error.code}:{error.place}",
            "notice",
            error.first_at,
            {"error": error.id, "stage": error.stage, "code": error.code, "place": error.place},
        )
        for error in scene.signs.new_errors
    ]


PROBE = Probe("new_error", "a failure that was never met before", look)
