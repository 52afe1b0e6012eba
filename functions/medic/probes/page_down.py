"""Our own web endpoint, or the owner's website, does not answer."""

from __future__ import annotations

from functions.medic.probes import Finding, Probe, Scene

OURS = "web endpoint"


def look(scene: Scene) -> list[Finding] | None:
    """Pages without an answer or with a server's error."""
    pages = scene.outlook.pages
    if not pages:
        return None
    return [
        Finding(name, "critical" if name == OURS else "warning", scene.now, {"status": status})
        for name, status in sorted(pages.items())
        if _is_down(name, status)
    ]


def _is_down(name: str, status: int) -> bool:
    """Our own endpoint answers 503 for trouble that other probes name."""
    return status == 0 or (status >= 500 and (name, status) != (OURS, 503))


PROBE = Probe("page_down", "a page that does not answer", look)
