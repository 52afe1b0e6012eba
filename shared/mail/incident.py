"""What the owner reads of one incident: what is wrong, since when, what was tried, what to do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from shared.mail.safe import plain
from shared.state.incidents import Incident

ONE_TEXT = 160
RUNBOOK = "docs/operations.md#incidents"


@dataclass(frozen=True)
class IncidentMail:
    """One incident and the words around it: the owner's zone, and whether a person must act."""

    business_name: str
    zone: str
    incident: Incident
    beyond_repair: bool


def incident_view(mail: IncidentMail) -> dict[str, Any]:
    """The template's values; all from our own codes and ids."""
    incident, zone = mail.incident, ZoneInfo(mail.zone)
    return {
        "subject": f"{_headline(mail)} [{incident.kind}]",
        "business": plain(mail.business_name),
        "headline": _headline(mail),
        "critical": incident.severity == "critical",
        "since": incident.opened_at.astimezone(zone).strftime("%A, %B %-d, %-I:%M %p"),
        "facts": [(name, plain(str(value))) for name, value in sorted(incident.evidence.items())],
        "tries": [
            (repair.playbook, repair.outcome, repair.tried_at.astimezone(zone).strftime("%-I:%M %p"))
            for repair in incident.repairs
        ],
        "beyond_repair": mail.beyond_repair,
        "number": incident.id,
        "kind": incident.kind,
        "zone": mail.zone,
        "runbook": RUNBOOK,
    }


def incident_text(mail: IncidentMail) -> str:
    """The same in one text message."""
    need = "It needs you." if mail.beyond_repair else "The loop is still trying."
    return f"Growth Loop: {_headline(mail)}. {need} Incident {mail.incident.id}."[:ONE_TEXT]


def _headline(mail: IncidentMail) -> str:
    words = mail.incident.words
    return f"{words[:1].upper()}{words[1:]}: {plain(mail.incident.target)}"
