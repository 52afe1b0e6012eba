"""Who hears of an incident, when and how often. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from shared.directives.medic import Escalation
from shared.state.incidents import Incident

Medium = Literal["email", "sms"]


@dataclass(frozen=True)
class Alert:
    """One message about one incident. `turn` counts how often it was told before."""

    incident: Incident
    medium: Medium
    turn: int

    @property
    def natural_key(self) -> str:
        """The same alert is one delivery, however often a watch comes to it."""
        return f"incident:{self.incident.id}:{self.medium}:{self.turn}"


def alerts(found: Iterable[Incident], now: datetime, limits: Escalation) -> list[Alert]:
    """What the owner must hear now.

    Of a critical incident at once, by mail and text; of any other by mail when it is still there after a
    while; of a mere notice never. Several incidents of one cause are told once, for the oldest of them; and
    again only after `repeat_hours`.
    """
    told: list[Alert] = []
    causes: set[tuple[str, str]] = set()
    for incident in sorted(found, key=lambda each: each.id):
        media = _media(incident, now, limits)
        if not media or cause(incident) in causes:
            continue
        causes.add(cause(incident))
        turn = int((now - incident.opened_at) / timedelta(hours=limits.repeat_hours))
        told += [Alert(incident, medium, turn) for medium in media]
    return told


def cause(incident: Incident) -> tuple[str, str]:
    """What lies behind it: stages that fail with one code fail for one reason."""
    code = incident.evidence.get("code")
    return (incident.kind, str(code) if code else incident.target)


def _media(incident: Incident, now: datetime, limits: Escalation) -> tuple[Medium, ...]:
    if incident.severity == "critical":
        return ("email", "sms")
    patience = timedelta(minutes=limits.email_after_minutes)
    return ("email",) if incident.severity == "warning" and now - incident.opened_at >= patience else ()
