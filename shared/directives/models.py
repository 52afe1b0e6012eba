"""What each kind of directive may hold. A field that is not here is a mistake in the file, never ignored."""

from __future__ import annotations

from typing import Literal

from shared.directives.compliance import Compliance
from shared.directives.ideas import Ideas
from shared.directives.medic import Medic
from shared.directives.outreach import Outreach
from shared.directives.prompts import ModelPrompt
from shared.directives.reports import Report
from shared.directives.scripts import CallScript, EmailScript, Playbook, Script, SmsScript, Step, Voice

Kind = Literal["outreach", "playbook", "script", "compliance", "medic", "report", "rules", "prompt", "ideas"]

# What the loop may change by itself, through an experiment. Limits, law and compliance texts are no levers.
LEVERS: frozenset[Kind] = frozenset({"playbook", "script"})

__all__ = [
    "LEVERS",
    "CallScript",
    "Compliance",
    "EmailScript",
    "Ideas",
    "Kind",
    "Medic",
    "ModelPrompt",
    "Outreach",
    "Playbook",
    "Report",
    "Script",
    "SmsScript",
    "Step",
    "Voice",
]
